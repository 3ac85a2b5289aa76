"""Frames, byte by byte."""

import pytest

from rx_phoenix import SerializerV2
from tests.conformance.harness import TOPIC, hook_calls


@pytest.fixture
def serializer():
    return SerializerV2()


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
