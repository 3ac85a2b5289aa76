"""Supabase's binary broadcasts."""

from pathlib import PurePosixPath

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix import EncodeError, Message, ProtocolError, UsageError
from rx_phoenix.supabase import RealtimeSerializer

TOPIC = "realtime:a"


def broadcast(payload, event="say", **more):
    content = {"type": "broadcast", "event": event, "payload": payload, **more}
    return Message("1", "2", TOPIC, "broadcast", content)


def received(payload, event="say", meta=b"", encoding=1):
    fields = [TOPIC.encode(), event.encode(), meta]
    return b"".join([bytes([4, *map(len, fields), encoding]), *fields, payload])


@pytest.mark.parametrize(
    ("payload", "tail"),
    [
        ({"n": 1}, b"\x01" + b'12realtime:asay{"n":1}'),
        ({}, b"\x01" + b"12realtime:asay{}"),
        (None, b"\x01" + b"12realtime:asay{}"),
        ([1, None], b"\x01" + b"12realtime:asay[1,null]"),
        (b"\x00\xff", b"\x00" + b"12realtime:asay\x00\xff"),
        (bytearray(b"ab"), b"\x00" + b"12realtime:asayab"),
    ],
)
def test_a_broadcast_is_sent_as_kind_3(payload, tail):
    frame = RealtimeSerializer().encode(broadcast(payload))

    assert frame == b"\x03\x01\x01\x0a\x03\x00" + tail


class Order(pydantic.BaseModel):
    """A type that msgspec does not know."""

    id: int


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"order": Order(id=1)}, b'{"order":{"id":1}}'),
        ([Order(id=1), None], b'[{"id":1},null]'),
        ({"file": PurePosixPath("/a")}, b'{"file":"/a"}'),
    ],
    ids=["a model", "a list", "a path"],
)
def test_it_says_what_version_2_says(payload, said):
    assert RealtimeSerializer().encode(broadcast(payload)).endswith(b"say" + said)


def test_a_hook_of_ones_own_is_taken():
    serializer = RealtimeSerializer(enc_hook=repr)

    assert serializer.encode(broadcast({"z": 1j})).endswith(b'{"z":"1j"}')


@pytest.mark.parametrize("metadata", [None, "id", [1], 5])
def test_metadata_are_a_list_of_keys(metadata):
    with pytest.raises(UsageError, match="metadata must be a list of keys"):
        RealtimeSerializer(metadata)


def test_the_lengths_are_those_of_utf_8():
    frame = RealtimeSerializer().encode(broadcast({}, event="grüß"))

    assert frame[4] == 6


def test_chosen_keys_are_sent_as_metadata():
    serializer = RealtimeSerializer(["id"])
    frame = serializer.encode(broadcast({}, id="7", other="x"))

    assert frame[5] == 10
    assert frame.endswith(b'say{"id":"7"}{}')


@pytest.mark.parametrize(
    "message",
    [
        Message("1", "2", TOPIC, "presence", {"event": "track"}),
        Message("1", "2", TOPIC, "broadcast", {"payload": {}}),
        Message("1", "2", TOPIC, "broadcast", [1]),
    ],
)
def test_other_messages_are_text(message):
    serializer = RealtimeSerializer()
    text = serializer.encode(message)

    assert isinstance(text, str)
    assert serializer.decode(text) == message


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (broadcast(float("nan")), "NaN"),
        (broadcast(object()), "as JSON"),
        (broadcast({}, event="e" * 256), "the event of a broadcast"),
        (broadcast({}, event="\ud800"), "as UTF-8"),
    ],
)
def test_what_cannot_be_sent_is_refused(message, why):
    with pytest.raises(EncodeError, match=why):
        RealtimeSerializer().encode(message)


@pytest.mark.parametrize(
    ("frame", "payload"),
    [
        (received(b'{"n":1}'), {"event": "say", "payload": {"n": 1}}),
        (received(b"\x00\x01", encoding=0), {"event": "say", "payload": b"\x00\x01"}),
        (
            received(b"{}", meta=b'{"id":"7"}'),
            {"event": "say", "payload": {}, "meta": {"id": "7"}},
        ),
        (received(b"null", event="grüß"), {"event": "grüß", "payload": None}),
    ],
)
def test_a_received_broadcast_is_read(frame, payload):
    message = RealtimeSerializer().decode(frame)

    expected = {"type": "broadcast", **payload}
    assert message == Message(None, None, TOPIC, "broadcast", expected)


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (b"\x04", "truncated at 1"),
        (b"\x04\x0a\x03\x00\x01abc", "truncated at 8"),
        (received(b"{"), "cannot decode a broadcast"),
        (received(b"", encoding=1), "cannot decode a broadcast"),
        (received(b"{}", encoding=2), "unknown encoding 2"),
        (received(b"{}", meta=b"["), "cannot decode a broadcast"),
        (b"\x04\x01\x00\x00\x00\xff", "cannot decode a broadcast"),
        (b"\x05\x00", "a binary frame of unknown kind 5"),
    ],
)
def test_a_frame_that_is_not_a_message_is_a_protocol_error(frame, why):
    with pytest.raises(ProtocolError, match=why):
        RealtimeSerializer().decode(frame)


@given(st.binary())
def test_no_frame_raises_anything_else(data):
    for frame in data, b"\x04" + data:
        try:
            message = RealtimeSerializer().decode(frame)
        except ProtocolError:
            continue
        assert isinstance(message, Message)


def test_phoenix_own_binary_frames_are_read():
    serializer = RealtimeSerializer()

    assert serializer.decode(b"\x02\x01\x01tb\x01").payload == b"\x01"
    assert serializer.encode(Message("1", "2", "t", "e", b"x"))[0] == 0
