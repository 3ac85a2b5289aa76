from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._protocol.binary import decode_binary, encode_binary, is_binary
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import EncodeError, ProtocolError
from tests import strategies


@pytest.mark.case(199)
def test_a_push_has_four_lengths_and_fields():
    frame = encode_binary(Message("0", "1", "t", "e", b"\x01"))

    assert frame == b"\x00\x01\x01\x01\x0101te\x01"


@pytest.mark.case(207)
def test_what_is_absent_has_length_zero():
    frame = encode_binary(Message(None, "1", "phoenix", "h", b""))

    assert frame == b"\x00\x00\x01\x07\x011phoenixh"


def test_lengths_count_bytes():
    assert (
        encode_binary(Message(None, None, "ü✓", "é", b""))[:5]
        == b"\x00\x00\x00\x05\x02"
    )


@pytest.mark.parametrize(
    "payload",
    [
        bytearray(b"abc"),
        memoryview(b"abc"),
        memoryview(b"a-b-c")[::2],
        memoryview(b"abc").cast("b"),
    ],
    ids=["bytearray", "memoryview", "not contiguous", "signed"],
)
def test_any_bytes_can_be_sent(payload):
    assert encode_binary(Message("0", "1", "t", "e", payload)).endswith(b"teabc")


def test_a_released_memory_cannot_be_sent():
    view = memoryview(b"abc")
    view.release()

    with pytest.raises(EncodeError, match=r"'e' to 't'"):
        encode_binary(Message("0", "1", "t", "e", view))


LONG = {"join_ref": "0", "ref": "1", "topic": "t", "event": "e", "payload": b""}


@pytest.mark.case(205)
@pytest.mark.parametrize("field", ["join_ref", "ref", "topic", "event"])
def test_a_field_of_255_bytes_can_be_said(field):
    encode_binary(Message(**{**LONG, field: "x" * 255}))


@pytest.mark.case(205)
@pytest.mark.parametrize("field", ["join_ref", "ref", "topic", "event"])
@pytest.mark.parametrize("text", ["x" * 256, "é" * 128], ids=["ascii", "not ascii"])
def test_a_field_of_256_bytes_is_refused_by_its_name(field, text):
    with pytest.raises(EncodeError, match=f"the {field} of .* got 256"):
        encode_binary(Message(**{**LONG, field: text}))


@pytest.mark.parametrize("field", ["join_ref", "ref", "topic", "event"])
def test_a_field_with_half_a_character_is_refused_by_its_name(field):
    with pytest.raises(EncodeError, match=f"the {field} of .* to .* as UTF-8"):
        encode_binary(Message(**{**LONG, field: "\ud800"}))


@pytest.mark.case(201)
def test_a_push_of_the_server_has_no_ref():
    message = decode_binary(b"\x00\x03\x03\x0a123topsome-event\x01\x01")

    assert message == Message("123", None, "top", "some-event", b"\x01\x01")


@pytest.mark.case(202)
def test_a_reply_has_a_status_for_an_event():
    message = decode_binary(b"\x01\x03\x02\x03\x0210012topok\x01\x01")

    answer = {"status": "ok", "response": b"\x01\x01"}
    assert message == Message("100", "12", "top", "phx_reply", answer)


@pytest.mark.case(203)
def test_a_broadcast_has_no_refs():
    message = decode_binary(b"\x02\x03\x0atopsome-event\x01\x01")

    assert message == Message(None, None, "top", "some-event", b"\x01\x01")


def test_an_empty_ref_is_none():
    assert decode_binary(b"\x00\x00\x01\x01te").join_ref is None
    assert decode_binary(b"\x01\x00\x00\x01\x02tok").ref is None


@given(strategies.binary_frames())
def test_a_servers_frame_is_read_as_it_was_meant(case):
    frame, message = case

    assert is_binary(frame)
    assert decode_binary(frame) == message


def test_what_a_real_server_sends_is_read(binary_frames):
    messages = [decode_binary(frame) for frame in binary_frames]

    assert all(message.topic.startswith("room:") for message in messages)
    assert {message.event for message in messages} == {"bin", "bbin", "phx_reply"}


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"", "a binary frame of unknown kind None"),
        (b"\x09\x01\x02", "a binary frame of unknown kind 9"),
        (b"\x00\x01\x01", "truncated at 3"),
        (b"\x00\x01\x01\x0a4", "truncated at 5"),
        (b"\x01\x00\x00\x00", "truncated at 4"),
        (b"\x02\x01\x01t", "truncated at 4"),
        (b"\x02\x01\x01\xffe", "not valid UTF-8"),
    ],
)
def test_a_frame_that_is_none_is_a_protocol_error(frame, why):
    with pytest.raises(ProtocolError, match=why) as raised:
        decode_binary(frame)

    assert raised.value.frame == frame


@given(st.binary() | st.binary(max_size=20).map(lambda rest: b"\x01" + rest))
def test_bytes_are_a_message_or_a_protocol_error(frame):
    with suppress(ProtocolError):
        assert isinstance(decode_binary(frame), Message)


@pytest.mark.parametrize("kind", [b"\x00", b"\x01", b"\x02"])
def test_a_frame_is_binary_by_its_kind(kind):
    assert is_binary(kind + b"rest")


OTHERS = ["", b"", "\x00", "[]", b"[]", b" []", b"{}", b"\x09"]


@pytest.mark.parametrize("frame", OTHERS, ids=repr)
def test_other_frames_are_not_binary(frame):
    assert not is_binary(frame)
