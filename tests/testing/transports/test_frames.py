"""Frames as the server encodes and decodes them."""

import pytest

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import SerializerV2
from rx_phoenix.testing._transports.frames import frame_to_client, message_from_client

SERIALIZER = SerializerV2()


@pytest.mark.parametrize(
    "message",
    [
        Message("1", "2", "room:1", "echo", {"n": 1}),
        Message(None, "2", "phoenix", "heartbeat", {}),
        Message("1", "2", "röom", "echo", b"\x00\x01"),
        Message(None, None, "room:1", "echo", b""),
    ],
)
def test_a_frame_of_the_client_is_read(message):
    frame = SERIALIZER.encode(message)

    assert message_from_client(frame, SERIALIZER) == message


@pytest.mark.parametrize(
    "message",
    [
        Message("1", None, "room:1", "news", {"n": 1}),
        Message("1", None, "room:1", "news", b"\x00\x01"),
        Message(None, None, "room:1", "news", b"\x00\x01"),
        Message("1", "2", "r", "phx_reply", {"status": "ok", "response": {}}),
        Message("1", "2", "r", "phx_reply", {"status": "ok", "response": b"\x07"}),
        Message("1", "2", "r", "phx_reply", "malformed"),
    ],
)
def test_the_client_reads_a_frame_of_the_server(message):
    frame = frame_to_client(message, SERIALIZER)

    assert SERIALIZER.decode(frame) == message
