import dataclasses
import json
from contextlib import suppress
from datetime import date
from enum import Enum
from inspect import signature

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._protocol.binary import decode_binary, encode_binary
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Serializer, SerializerV1, SerializerV2
from rx_phoenix.errors import EncodeError, ProtocolError
from tests import strategies

V1 = SerializerV1()
V2 = SerializerV2()

SERIALIZERS = pytest.mark.parametrize("serializer", [V1, V2], ids=["v1", "v2"])


def push(payload):
    return Message("1", "2", "room:1", "new_msg", payload)


@SERIALIZERS
def test_a_serializer_is_what_the_contract_asks_for(serializer):
    for name in ("encode", "decode"):
        expected = signature(getattr(Serializer, name)).parameters
        assert signature(getattr(type(serializer), name)).parameters == expected


def test_each_names_its_version_and_what_it_can_say():
    assert (V1.vsn, V1.has_join_refs) == ("1.0.0", False)
    assert (V2.vsn, V2.has_join_refs) == ("2.0.0", True)


# Version 2.


@pytest.mark.case(198)
@pytest.mark.case(197)
@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (Message("0", "1", "t", "e", {"foo": 1}), '["0","1","t","e",{"foo":1}]'),
        (
            Message("3", "3", "room:1", "phx_join", {}),
            '["3","3","room:1","phx_join",{}]',
        ),
        (
            Message(None, "6", "phoenix", "heartbeat", {}),
            '[null,"6","phoenix","heartbeat",{}]',
        ),
        (Message(None, None, "t", "e", [1, None]), '[null,null,"t","e",[1,null]]'),
        (Message("1", "2", "t", "e", None), '["1","2","t","e",null]'),
        (Message("1", "2", "tü", "é", "✓"), '["1","2","tü","é","✓"]'),
    ],
)
def test_version_2_says_a_message_as_an_array_of_five(message, frame):
    assert V2.encode(message) == frame
    assert V2.decode(frame) == message
    assert V2.decode(frame.encode()) == message


@given(strategies.messages)
def test_version_2_reads_what_it_said(message):
    frame = V2.encode(message)

    assert isinstance(frame, str)
    assert V2.decode(frame) == message
    assert V2.decode(frame.encode()) == message


@given(strategies.messages)
def test_what_version_2_says_is_json(message):
    fields = [message.join_ref, message.ref, message.topic, message.event]

    assert json.loads(V2.encode(message)) == [*fields, message.payload]


@given(strategies.binary_messages)
def test_version_2_says_bytes_in_a_binary_frame(message):
    assert V2.encode(message) == encode_binary(message)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_version_2_says_any_bytes_in_a_binary_frame(kind):
    assert V2.encode(push(kind(b"\x01"))) == encode_binary(push(b"\x01"))


@given(strategies.binary_frames())
def test_version_2_reads_binary_frames(case):
    frame, message = case

    assert V2.decode(frame) == message


def test_version_2_reads_what_a_real_server_sends(v2_frames):
    messages = [Message(*json.loads(frame)) for frame in v2_frames]

    assert len(messages) > 100
    assert [V2.decode(frame) for frame in v2_frames] == messages
    assert [V2.decode(frame.encode()) for frame in v2_frames] == messages


def test_version_2_reads_a_real_servers_binary_frames(binary_frames):
    assert [V2.decode(frame) for frame in binary_frames] == [
        decode_binary(frame) for frame in binary_frames
    ]


@pytest.mark.case(198)
def test_version_2_takes_no_notice_of_what_follows_the_payload():
    assert V2.decode('["1","2","t","e",{},"extra"]') == Message("1", "2", "t", "e", {})


# Version 1.


def test_version_1_says_a_message_as_an_object():
    assert json.loads(V1.encode(push({"n": 1}))) == {
        "topic": "room:1",
        "event": "new_msg",
        "payload": {"n": 1},
        "ref": "2",
        "join_ref": "1",
    }


def test_version_1_leaves_out_a_join_ref_that_is_none_but_never_a_ref():
    message = Message(None, None, "phoenix", "heartbeat", {})

    assert json.loads(V1.encode(message)) == {
        "topic": "phoenix",
        "event": "heartbeat",
        "payload": {},
        "ref": None,
    }


@given(strategies.messages)
def test_version_1_reads_what_it_said(message):
    frame = V1.encode(message)
    if message.event in {"phx_close", "phx_error"} and message.join_ref is None:
        message = msgspec.structs.replace(message, join_ref=message.ref)

    assert V1.decode(frame) == message
    assert V1.decode(frame.encode()) == message


def test_version_1_reads_what_a_real_server_sends(v1_frames):
    objects = [json.loads(frame) for frame in v1_frames]

    assert len(objects) > 10
    assert [V1.decode(frame) for frame in v1_frames] == [
        Message(None, said["ref"], said["topic"], said["event"], said["payload"])
        for said in objects
    ]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_version_1_cannot_say_bytes(kind):
    with pytest.raises(EncodeError, match=r"'new_msg' to 'room:1'.*SerializerV2"):
        V1.encode(push(kind(b"\x01")))


# What cannot be said.


class Opaque:
    def __repr__(self):
        return "a secret"


CIRCULAR = []
CIRCULAR.append(CIRCULAR)

UNSPEAKABLE = {
    "object": Opaque(),
    "object inside": {"a": [Opaque()]},
    "class": Opaque,
    "function": print,
    "generator": (value for value in "ab"),
    "complex": 1j,
    "lone surrogate": "\ud800",
    "lone surrogate inside": {"a": ["\udfff"]},
    "lone surrogate as key": {"\ud800": 1},
    "None as key": {None: 1},
    "tuple as key": {(1, 2): 1},
    "bool as key": {True: 1},
    "circular": CIRCULAR,
    "circular inside": {"a": CIRCULAR},
}


@SERIALIZERS
@pytest.mark.parametrize("payload", UNSPEAKABLE.values(), ids=UNSPEAKABLE.keys())
def test_what_json_cannot_say_is_refused_with_event_and_topic(serializer, payload):
    with pytest.raises(EncodeError, match="'new_msg' to 'room:1'") as raised:
        serializer.encode(push(payload))

    assert "secret" not in str(raised.value)


@dataclasses.dataclass
class Point:
    x: float


class Struct(msgspec.Struct):
    x: float


class Amount(Enum):
    ENDLESS = float("inf")


@SERIALIZERS
@pytest.mark.parametrize(
    "wrap",
    [
        lambda number: number,
        lambda number: [1.0, number],
        lambda number: (number,),
        lambda number: {number},
        lambda number: {"a": {"b": [None, {"c": number}]}},
        lambda number: {"a": None, "b": "null", "c": number},
        Point,
        Struct,
        lambda _: {"a": Amount.ENDLESS},
    ],
    ids=[
        "bare",
        "list",
        "tuple",
        "set",
        "deep",
        "beside null",
        "dataclass",
        "struct",
        "enum",
    ],
)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_have_is_no_null(serializer, wrap, number):
    with pytest.raises(EncodeError, match=r"'new_msg' to 'room:1'.*a NaN or an inf"):
        serializer.encode(push(wrap(number)))


@given(strategies.json, strategies.not_finite, st.randoms())
def test_a_number_that_json_does_not_have_is_found_anywhere(payload, number, random):
    hidden = number
    for _ in range(random.randrange(4)):
        hidden = random.choice([[payload, hidden], {"a": hidden, "b": payload}])

    with pytest.raises(EncodeError, match="a NaN or an infinity"):
        V2.encode(push(hidden))


@SERIALIZERS
@pytest.mark.parametrize(
    "payload",
    [
        None,
        [None, {"a": None}, "null"],
        {"a": None, "b": 1e308},
        Point(None),
        {"made beforehand": msgspec.Raw(b"[null]")},
    ],
    ids=["None", "nested", "large", "dataclass", "raw"],
)
def test_null_can_be_said(serializer, payload):
    serializer.encode(push(payload))


def test_a_deep_payload_without_null_can_be_said():
    deep = []
    for _ in range(500):
        deep = [deep]

    V2.encode(push([None, deep]))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (Point(1.5), {"x": 1.5}),
        (Struct(2.0), {"x": 2.0}),
        (date(2026, 1, 2), "2026-01-02"),
        ({"file": b"ab"}, {"file": "YWI="}),
        ({1: "one"}, {"1": "one"}),
        ((1, 2), [1, 2]),
        (12345678901234567890123, 12345678901234567890123),
    ],
    ids=["dataclass", "struct", "date", "bytes", "number as key", "tuple", "large"],
)
def test_what_msgspec_knows_can_be_said(payload, said):
    assert V2.decode(V2.encode(push(payload))).payload == said


# What is no message.

NO_MESSAGES = [
    "",
    " ",
    "null",
    "7",
    '"text"',
    "[]",
    "{}",
    "[1,2",
    '["1","2","t","e"]',
    '["1","2",null,"e",{}]',
    '["1","2","t",7,{}]',
    '[1,"2","t","e",{}]',
    '["1","2","t","e",NaN]',
    '["1","2","t","e","\\ud800"]',
    '["1","2","t","e",1e999]',
    '{"topic":"t","event":"e","payload":{}}',
    '{"topic":7,"event":"e","payload":{},"ref":null}',
    "\ud800",
    '"\x00"',
    "[" * 100_000,
    b"",
    b"\x09\x01\x02",
    b'["1","2","t","e","\xff"]',
    b"\xef\xbb\xbf[]",
    b"\x00\x01\x01",
]


@SERIALIZERS
@pytest.mark.parametrize("frame", NO_MESSAGES, ids=range(len(NO_MESSAGES)))
def test_what_is_no_message_is_a_protocol_error(serializer, frame):
    with pytest.raises(ProtocolError) as raised:
        serializer.decode(frame)

    assert len(raised.value.frame) <= 320
    assert len(str(raised.value)) < 300


@SERIALIZERS
def test_a_protocol_error_keeps_the_beginning_of_the_frame(serializer):
    with pytest.raises(ProtocolError) as raised:
        serializer.decode("x" * 1000)

    assert raised.value.frame == b"x" * 80


@pytest.mark.parametrize("frame", ['["1",7,"t","e",{}]', '[7,null,"t","e",{}]'])
def test_a_ref_that_is_a_number_is_none_of_ours(frame):
    with pytest.raises(ProtocolError, match="Expected `str"):
        V2.decode(frame)


@SERIALIZERS
@given(frame=st.binary() | st.text() | st.text(st.characters()) | st.binary(min_size=9))
def test_anything_is_a_message_or_a_protocol_error(serializer, frame):
    with suppress(ProtocolError):
        assert isinstance(serializer.decode(frame), Message)


@SERIALIZERS
@given(data=st.data())
def test_a_damaged_frame_is_a_message_or_a_protocol_error(serializer, data):
    frame = bytearray(serializer.encode(data.draw(strategies.messages)).encode())
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(frame)))

    with suppress(ProtocolError):
        assert isinstance(serializer.decode(bytes(frame[:end])), Message)


@pytest.mark.parametrize("kind", [3, 4, 8, 31])
def test_a_binary_frame_of_another_dialect_is_named_by_its_kind(kind):
    with pytest.raises(ProtocolError, match=f"a binary frame of unknown kind {kind}$"):
        SerializerV2().decode(bytes([kind]) + b"\x01\x01ab{}")
