"""Frames, byte by byte."""

import pytest

from rx_phoenix import EncodeError, Message, SerializerV2
from tests.conformance.harness import TOPIC, hook_calls


@pytest.fixture
def serializer():
    return SerializerV2()


@pytest.mark.case(197)
def test_a_message_is_an_array_of_five(serializer):
    message = Message("0", "1", "t", "e", {"foo": 1})

    assert serializer.encode(message) == '["0","1","t","e",{"foo":1}]'


@pytest.mark.case(198)
def test_an_array_of_five_is_a_message(serializer):
    message = serializer.decode('["0","1","t","e",{"foo":1}]')

    assert message == Message("0", "1", "t", "e", {"foo": 1})


@pytest.mark.case(198)
def test_what_follows_the_five_is_ignored(serializer):
    message = serializer.decode('[null,"1","t","e",{"foo":1},"more"]')

    assert message == Message(None, "1", "t", "e", {"foo": 1})


@pytest.mark.case(201)
def test_a_binary_push_of_the_servers_has_no_ref(serializer):
    message = serializer.decode(b"\x00\x03\x03\x0a123topsome-event\x01\x01")

    assert message == Message("123", None, "top", "some-event", b"\x01\x01")


@pytest.mark.case(202)
def test_a_binary_reply_has_a_status(serializer):
    message = serializer.decode(b"\x01\x03\x02\x03\x0210012topok\x01\x01")

    answer = {"status": "ok", "response": b"\x01\x01"}
    assert message == Message("100", "12", "top", "phx_reply", answer)


@pytest.mark.case(203)
def test_a_binary_broadcast_has_no_refs(serializer):
    message = serializer.decode(b"\x02\x03\x0atopsome-event\x01\x01")

    assert message == Message(None, None, "top", "some-event", b"\x01\x01")


@pytest.mark.case(199)
def test_a_binary_push_has_five_lengths_in_its_head(serializer):
    frame = serializer.encode(Message("0", "1", "t", "e", b"\x01"))

    assert frame == b"\x00\x01\x01\x01\x0101te\x01"


@pytest.mark.case(205)
@pytest.mark.parametrize("field", ["join_ref", "ref", "topic", "event"])
def test_a_field_of_a_binary_frame_has_255_bytes_at_most(serializer, field):
    fields = {"join_ref": "1", "ref": "2", "topic": "t", "event": "e", "payload": b""}

    assert serializer.encode(Message(**fields | {field: "x" * 255}))
    with pytest.raises(EncodeError, match=f"the {field} .* got 256"):
        serializer.encode(Message(**fields | {field: "x" * 256}))


@pytest.mark.case(205)
def test_the_bytes_of_a_field_are_counted_not_its_characters(serializer):
    with pytest.raises(EncodeError, match=r"the topic .* got 256"):
        serializer.encode(Message("1", "2", "é" * 128, "e", b""))


@pytest.mark.case(206)
def test_a_binary_reply_answers_a_push_with_bytes(stage):
    calls = hook_calls(stage.joined().push("note"))

    stage.transport.connection.receive(b"\x01\x01\x01\x06\x0212room:1ok\xff\x00")

    assert calls == [("ok", b"\xff\x00")]


@pytest.mark.case(206)
@pytest.mark.parametrize(
    ("frame", "payloads"),
    [
        (b"\x02\x06\x05room:1event\xff", [b"\xff"]),
        (b"\x00\x01\x06\x051room:1event\xff", [b"\xff"]),
        (b"\x00\x01\x06\x057room:1event\xff", []),
        (b"\x00\x00\x06\x05room:1event\xff", [b"\xff"]),
    ],
    ids=["broadcast", "push", "push of another join", "push of no join"],
)
def test_binary_messages_are_routed_as_others_are(stage, frame, payloads):
    channel, heard_payloads = stage.joined(TOPIC), []
    channel.on("event", heard_payloads.append)

    stage.transport.connection.receive(frame)

    assert heard_payloads == payloads


@pytest.mark.case(207)
def test_a_binary_push_may_lack_join_ref_and_payload(serializer):
    frame = serializer.encode(Message(None, "1", "phoenix", "h", b""))

    assert frame == b"\x00\x00\x01\x07\x011phoenixh"


@pytest.mark.case(209)
def test_a_serializer_of_ones_own_writes_and_reads_every_frame(make_stage):
    class Mirrored(SerializerV2):
        """Says everything backwards."""

        def encode(self, message):
            return super().encode(message)[::-1]

        def decode(self, frame):
            return super().decode(frame[::-1])

    stage = make_stage(serializer=Mirrored())
    connection = stage.connect()
    channel = stage.channel()
    channel.join()
    assert connection.sent == ['["1","1","room:1","phx_join",{}]'[::-1]]

    answer = '["1","1","room:1","phx_reply",{"status":"ok","response":{}}]'
    connection.receive(answer[::-1])

    assert channel.state == "joined"
    stage.socket.disconnect()
