import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix.testing._server.codec import (
    Frame,
    FrameError,
    Message,
    Opcode,
    Reply,
    V1Serializer,
    V2Serializer,
)

V1 = V1Serializer()
V2 = V2Serializer()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
REFS = st.none() | st.text(max_size=5) | st.integers(0, 99)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["1","2","t","e",{}]', Message("1", "2", "t", "e", {})),
        ('[null,7,"t","e",null]', Message(None, 7, "t", "e", None)),
        ('["1","2","t","e",[],"more"]', Message("1", "2", "t", "e", [])),
        ('["1","2",3,4,{}]', Message("1", "2", 3, 4, {})),
    ],
)
def test_protocol_2_reads_the_first_five_items_of_an_array(text, message):
    assert V2.decode(text) == message


@pytest.mark.parametrize(
    "text",
    ["", "{not json", "[1,2,3,4]", "{}", "7", '[1,2,3,4,"\\ud800"]', "[1,2,3,4,NaN]"],
)
def test_protocol_2_rejects_an_invalid_message(text):
    with pytest.raises(FrameError):
        V2.decode(text)


def test_text_that_is_not_utf_8_is_rejected():
    with pytest.raises(FrameError):
        V2.decode(b'["1","2","t","e","\xff"]'.decode(errors="surrogateescape"))


def test_protocol_1_reads_an_object_with_or_without_a_join_ref():
    bare = '{"topic":"t","event":"e","payload":{},"ref":"2"}'
    full = '{"topic":"t","event":"e","payload":{},"ref":"2","join_ref":"1"}'

    assert V1.decode(bare) == Message(None, "2", "t", "e", {})
    assert V1.decode(full) == Message("1", "2", "t", "e", {})


@pytest.mark.parametrize("data", ['["1","2","t","e",{}]', '{"topic":"t"}', b"\0"])
def test_protocol_1_rejects_an_invalid_message(data):
    with pytest.raises(FrameError):
        V1.decode(data)


def test_a_binary_push_has_the_sizes_of_its_names_before_them():
    data = b"\0\1\2\3\4" + b"1" + b"10" + b"t:1" + b"echo" + b"\xff\0"

    assert V2.decode(data) == Message("1", "10", "t:1", "echo", b"\xff\0")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x09\1\2", b"\0\1\1\x0a\4" + b"1", b"\1\0\0\0\0", b"\0\1\0\0\0\xff"],
)
def test_an_invalid_binary_frame_of_a_client_is_rejected(data):
    with pytest.raises(FrameError):
        V2.decode(data)


@given(st.binary(max_size=40))
def test_any_binary_frame_is_a_message_or_an_error(data):
    try:
        message = V2.decode(b"\0" + data)
    except FrameError:
        return
    names = "".join(message[:4]).encode()

    assert data[4:] == names + message.payload


@given(REFS, REFS, st.text(), st.text(), JSON)
def test_protocol_2_decodes_what_it_encodes(join_ref, ref, topic, event, payload):
    message = Message(join_ref, ref, topic, event, payload)

    assert V2.decode(V2.encode(message).data.decode()) == message


@given(REFS, st.text(), st.text(), JSON)
def test_protocol_1_decodes_what_it_encodes_without_the_join_ref(
    ref, topic, event, payload
):
    message = Message("1", ref, topic, event, payload)

    assert V1.decode(V1.encode(message).data.decode()) == message._replace(
        join_ref=None
    )


def test_a_reply_has_its_keys_sorted():
    reply = Reply("1", "2", "t", "ok", {"b": 1, "a": 2})

    assert V2.encode_reply(reply) == Frame(
        b'["1","2","t","phx_reply",{"response":{"a":2,"b":1},"status":"ok"}]'
    )
    assert V1.encode_reply(reply) == Frame(
        b'{"event":"phx_reply","payload":{"response":{"a":2,"b":1},"status":"ok"},'
        b'"ref":"2","topic":"t"}'
    )


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_payload_of_bytes_makes_a_binary_frame(kind):
    data = kind(b"\xde\xad")

    assert V2.encode(Message("1", None, "t", "bin", data)) == Frame(
        b"\0\1\1\3" + b"1" + b"t" + b"bin" + b"\xde\xad", Opcode.BINARY
    )
    assert V2.encode_reply(Reply("1", 2, "t", "ok", data)) == Frame(
        b"\1\1\1\1\2" + b"1" + b"2" + b"t" + b"ok" + b"\xde\xad", Opcode.BINARY
    )
    assert V2.encode_broadcast("t", "bin", data) == Frame(
        b"\2\1\3" + b"t" + b"bin" + b"\xde\xad", Opcode.BINARY
    )


def test_a_missing_ref_is_empty_in_a_binary_frame():
    frame = V2.encode_reply(Reply(None, None, "t", "ok", b""))

    assert frame.data == b"\1\0\0\1\2" + b"t" + b"ok"


def test_a_name_over_255_bytes_does_not_fit_a_binary_frame():
    with pytest.raises(ValueError, match="255 bytes"):
        V2.encode_broadcast("ü" * 128, "bin", b"")


def test_protocol_1_carries_no_bytes():
    with pytest.raises(TypeError, match="payload"):
        V1.encode_broadcast("t", "bin", b"")
    with pytest.raises(TypeError, match="response"):
        V1.encode_reply(Reply(None, "1", "t", "ok", b""))


def test_a_broadcast_has_no_refs():
    assert V2.encode_broadcast("t", "e", {}).data == b'[null,null,"t","e",{}]'
    assert V1.encode_broadcast("t", "e", {}).data == (
        b'{"event":"e","payload":{},"ref":null,"topic":"t"}'
    )


def test_a_payload_that_json_cannot_encode_is_an_error():
    with pytest.raises(TypeError):
        V2.encode(Message("1", None, "t", "e", object()))


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ('{"a":1,"a":2}', {"a": 1}),
        ('{"b":{"a":1,"a":2},"a":3}', {"a": 3, "b": {"a": 1}}),
        ('[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        ('{"\\u0061":1,"a":2}', {"a": 1}),
        ('{"a":"\\"a\\": 1"}', {"a": '"a": 1'}),
    ],
)
def test_the_first_of_duplicate_keys_wins(payload, value):
    message = V2Serializer().decode(f'["1","2","t","e",{payload}]')

    assert message.payload == value
