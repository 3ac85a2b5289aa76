"""Binary frames of version 2, with payloads of bytes.

All lengths are single bytes that count UTF-8 bytes; the payload is the rest
(phoenix ``v2_json_serializer.ex``). The layout of a push depends on the direction:
the server's has no ref.
"""

from typing import TypeGuard

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import REPLY
from rx_phoenix.errors import EncodeError, ProtocolError

__all__ = ["decode_binary", "encode_binary", "is_binary"]

PUSH_KIND, REPLY_KIND, BROADCAST_KIND = range(3)

MAX_FIELD_SIZE = 255
"""The maximum size of a field, because its length is a single byte."""


NEVER_JSON = frozenset(range(0x20)) - {*b"\t\n\r"}
"""First bytes that a text frame never has: a binary frame begins with its kind."""


def is_binary(frame: str | bytes) -> TypeGuard[bytes]:
    """Return True if a frame begins with a binary kind, which JSON never does."""
    return isinstance(frame, bytes) and bool(frame) and frame[0] in NEVER_JSON


def encode_binary(message: Message) -> bytes:
    r"""Encode a message with a payload of bytes as a binary push.

    Raises:
        EncodeError: A field is longer than 255 bytes, or not valid Unicode, or the
            payload's memory was released.

    >>> encode_binary(Message("0", "1", "t", "e", b"\x01")).hex(" ")
    '00 01 01 01 01 30 31 74 65 01'
    """
    fields = {
        "join_ref": message.join_ref or "",
        "ref": message.ref or "",
        "topic": message.topic,
        "event": message.event,
    }
    encoded = [_encode_field(name, text, message) for name, text in fields.items()]
    lengths = bytes([PUSH_KIND, *map(len, encoded)])
    return b"".join([lengths, *encoded, _payload(message)])


def decode_binary(frame: bytes) -> Message:
    r"""Decode a binary push, reply or broadcast of the server.

    Raises:
        ProtocolError: The frame is truncated, of an unknown kind, or not UTF-8.

    >>> decode_binary(b"\x02\x03\x0atopsome-event\x01\x01").payload
    b'\x01\x01'
    """
    kind = frame[0] if frame else None
    if kind == PUSH_KIND:
        (join_ref, topic, event), payload = _split(frame, 3)
        return Message(join_ref or None, None, topic, event, payload)
    if kind == REPLY_KIND:
        (join_ref, ref, topic, status), payload = _split(frame, 4)
        answer = {"status": status, "response": payload}
        return Message(join_ref or None, ref or None, topic, REPLY, answer)
    if kind == BROADCAST_KIND:
        (topic, event), payload = _split(frame, 2)
        return Message(None, None, topic, event, payload)
    raise ProtocolError(f"a binary frame of unknown kind {kind}", frame[:80])


def _encode_field(name: str, text: str, message: Message) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError(
            f"cannot encode the {name} of {message.event!r} to {message.topic!r} as "
            f"UTF-8: {error}"
        ) from error
    if len(data) > MAX_FIELD_SIZE:
        raise EncodeError(
            f"the {name} of {message.event!r} to {message.topic!r} must be at most "
            f"{MAX_FIELD_SIZE} bytes in a binary frame, got {len(data)}: send JSON, or "
            f"choose a shorter {name}"
        )
    return data


def _payload(message: Message) -> bytes:
    try:
        return bytes(message.payload)
    except ValueError as error:
        raise EncodeError(
            f"cannot read the payload of {message.event!r} to {message.topic!r}: "
            f"{error}"
        ) from error


def _split(frame: bytes, count: int) -> tuple[list[str], bytes]:
    """Return the fields of a frame, by the lengths in its header, and its payload."""
    start = 1 + count
    lengths = frame[1:start]
    end = start + sum(lengths)
    if len(lengths) < count or len(frame) < end:
        raise ProtocolError(f"binary frame truncated at {len(frame)}", frame[:80])
    fields: list[str] = []
    for length in lengths:
        fields.append(_text(frame, start, start + length))
        start += length
    return fields, frame[end:]


def _text(frame: bytes, start: int, end: int) -> str:
    try:
        return frame[start:end].decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"binary frame is not valid UTF-8: {error}", frame[:80]
        ) from error
