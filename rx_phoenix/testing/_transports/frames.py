"""Frames as the server encodes and decodes them, for fakes.

Text frames have one layout in both directions; binary layouts differ by direction
(phoenix ``v2_json_serializer.ex``).
"""

from collections.abc import Mapping
from typing import Any, cast

from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import REPLY
from rx_phoenix._protocol.serializer import Frame, Serializer

__all__ = ["check_serializer", "frame_to_client", "message_from_client"]

PUSH, REPLY_KIND, BROADCAST = range(3)
"""The kinds of binary frames."""

HEAD = 5
"""The size of a binary push's kind and four lengths."""


def check_serializer(serializer: object) -> None:
    """Check the serializer of a fake.

    Raises:
        UsageError: It is neither None nor a serializer.
    """
    if serializer is not None:
        takes = "a serializer, not its class, or None"
        check_methods("serializer", serializer, "encode decode", takes)


def message_from_client(frame: Frame, serializer: Serializer) -> Message:
    r"""Decode a frame of the client.

    >>> from rx_phoenix._protocol.serializer import SerializerV2
    >>> serializer, message = SerializerV2(), Message("0", "1", "t", "e", b"\x01")
    >>> message_from_client(serializer.encode(message), serializer) == message
    True
    """
    if isinstance(frame, str) or frame[0] != PUSH:
        return serializer.decode(frame)
    fields: list[str] = []
    start = HEAD
    for length in frame[1:HEAD]:
        fields.append(frame[start : start + length].decode())
        start += length
    join_ref, ref, topic, event = fields
    return Message(join_ref or None, ref or None, topic, event, frame[start:])


def frame_to_client(message: Message, serializer: Serializer) -> Frame:
    """Encode a message of the server; bytes make a binary frame."""
    join_ref, payload = message.join_ref or "", message.payload
    if isinstance(payload, bytes):
        if message.join_ref is None:
            return _binary(BROADCAST, [message.topic, message.event], payload)
        return _binary(PUSH, [join_ref, message.topic, message.event], payload)
    if message.event == REPLY and isinstance(payload, Mapping):
        reply = cast("Mapping[str, Any]", payload)
        response, ref = reply.get("response"), message.ref or ""
        if isinstance(response, bytes):
            names = [join_ref, ref, message.topic, str(reply["status"])]
            return _binary(REPLY_KIND, names, response)
    return serializer.encode(message)


def _binary(kind: int, names: list[str], payload: bytes) -> bytes:
    encoded = [name.encode() for name in names]
    return b"".join([bytes([kind, *map(len, encoded)]), *encoded, payload])
