"""The frame formats of a Phoenix server, implemented apart from the client's.

Protocol 1 uses JSON objects, protocol 2 JSON arrays and binary frames. The layouts are
those of `Phoenix.Socket.V1.JSONSerializer` and `Phoenix.Socket.V2.JSONSerializer`; keys
of maps are sorted, as the BEAM sorts those of small maps.
"""

import json
import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import msgspec

__all__ = [
    "Frame",
    "FrameError",
    "Message",
    "Opcode",
    "Reply",
    "Serializer",
    "V1Serializer",
    "V2Serializer",
    "require_map",
]

KEY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:')
"""A key of an object, or what looks like one in a text."""

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


class FrameError(ValueError):
    """A client sent a frame that is invalid in its protocol."""


class Opcode(IntEnum):
    """The kind of a WebSocket frame."""

    TEXT = 1
    BINARY = 2
    PONG = 10


class Frame(NamedTuple):
    """A frame to a client.

    Attributes:
        data: The payload of the WebSocket frame; UTF-8 for a text.
        opcode: The kind of frame.
    """

    data: bytes
    opcode: Opcode = Opcode.TEXT


class Message(NamedTuple):
    """A message of a client or a push of a channel.

    Nothing is validated: refs, topic and event may be any JSON, and refs are echoed
    with their type.

    Attributes:
        join_ref: The ref of the join that the message belongs to, or None.
        ref: The ref of the message, or None.
        topic: The topic.
        event: The event.
        payload: JSON, or bytes for a binary frame.
    """

    join_ref: Any
    ref: Any
    topic: Any
    event: Any
    payload: Any


class Reply(NamedTuple):
    """The reply to a message.

    Attributes:
        join_ref: The join_ref of the message's channel, or None.
        ref: The ref of the message.
        topic: The topic of the message.
        status: ``ok``, ``error`` or a custom status.
        response: JSON, or bytes for a binary frame.
    """

    join_ref: Any
    ref: Any
    topic: Any
    status: str
    response: Any


class Serializer(Protocol):
    """One version of the protocol.

    Attributes:
        name: The Elixir module that implements it.
    """

    name: str

    def decode(self, data: str | bytes) -> Message:
        """Decode a text or binary frame of a client.

        Raises:
            FrameError: The frame is invalid in this protocol.
        """
        ...

    def encode(self, message: Message) -> Frame:
        """Encode a message of a channel.

        Raises:
            TypeError: The protocol cannot carry the payload.
            ValueError: A name is too long for a binary frame.
        """
        ...

    def encode_reply(self, reply: Reply) -> Frame:
        """Encode a reply; raises as `encode` does."""
        ...

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Encode a broadcast; raises as `encode` does."""
        ...


class V1Serializer:
    """Protocol 1: JSON objects, whose replies carry no join_ref."""

    name = "Phoenix.Socket.V1.JSONSerializer"

    def decode(self, data: str | bytes) -> Message:
        """Decode an object; all keys but ``join_ref`` are required."""
        if isinstance(data, bytes):
            raise FrameError("protocol 1 has no binary frames")
        match _parse(data):
            case {"topic": topic, "event": event, "payload": payload, "ref": ref} as it:
                return Message(it.get("join_ref"), ref, topic, event, payload)
            case _:
                raise FrameError("a message of protocol 1 is an object of four keys")

    def encode(self, message: Message) -> Frame:
        """Encode an object of topic, event, payload and ref."""
        _, ref, topic, event, payload = message
        if _is_binary(payload):
            raise TypeError("protocol 1 cannot carry a binary payload")
        keys = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        return Frame(_encode(keys))

    def encode_reply(self, reply: Reply) -> Frame:
        """Encode a reply as a message with the event ``phx_reply``."""
        if _is_binary(reply.response):
            raise TypeError("protocol 1 cannot carry a binary response")
        return self.encode(_as_message(reply))

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Encode a broadcast, which has the layout of a push."""
        return self.encode(Message(None, None, topic, event, payload))


class V2Serializer:
    """Protocol 2: JSON arrays, and binary frames for payloads of bytes."""

    name = "Phoenix.Socket.V2.JSONSerializer"

    def decode(self, data: str | bytes) -> Message:
        """Decode the first five items of an array, or a binary push."""
        if isinstance(data, bytes):
            return _decode_push(data)
        match _parse(data):
            case [join_ref, ref, topic, event, payload, *_]:
                return Message(join_ref, ref, topic, event, payload)
            case _:
                raise FrameError("a message of protocol 2 is an array of five items")

    def encode(self, message: Message) -> Frame:
        """Encode an array, or a binary push, which has no field for a ref."""
        join_ref, _, topic, event, payload = message
        if _is_binary(payload):
            return _binary(0, (join_ref, topic, event), payload)
        return Frame(_encode(message))

    def encode_reply(self, reply: Reply) -> Frame:
        """Encode a reply; a response of bytes makes it binary."""
        if _is_binary(reply.response):
            *names, response = reply
            return _binary(1, names, response)
        return Frame(_encode(_as_message(reply)))

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Encode a broadcast, whose binary frame has no refs."""
        if _is_binary(payload):
            return _binary(2, (topic, event), payload)
        return Frame(_encode((None, None, topic, event, payload)))


def require_map(payload: object) -> None:
    """Check the payload of a push or a broadcast; a reply may be any JSON.

    Raises:
        TypeError: It is neither a map nor binary.
    """
    if not (isinstance(payload, Mapping) or _is_binary(payload)):
        raise TypeError(f"expected payload to be a map, got: {payload!r}")


def _parse(text: str) -> Any:
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FrameError(f"not JSON: {error}") from error
    keys = KEY.findall(text)
    # The decoder keeps the last of equal keys, Jason the first. One with a backslash
    # may equal any other.
    if len(keys) != len(set(keys)) or any("\\" in key for key in keys):
        value = json.loads(text, object_pairs_hook=_first_wins)
    return value


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _as_message(reply: Reply) -> Message:
    join_ref, ref, topic, status, response = reply
    payload = {"status": status, "response": response}
    return Message(join_ref, ref, topic, "phx_reply", payload)


def _is_binary(payload: object) -> bool:
    return isinstance(payload, (bytes, bytearray, memoryview))


def _decode_push(data: bytes) -> Message:
    """Decode a client's binary push: kind, four sizes, four names, payload."""
    if len(data) < 5 or data[0] != 0:  # noqa: PLR2004 - the length of its header
        raise FrameError("a binary frame of a client must be a push")
    names: list[str] = []
    start = 5
    for size in data[1:5]:
        name = data[start : start + size]
        if len(name) < size:
            raise FrameError("a binary push is shorter than its sizes")
        names.append(_text(name))
        start += size
    join_ref, ref, topic, event = names
    return Message(join_ref, ref, topic, event, data[start:])


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"a name of a binary push is not UTF-8: {name!r}") from error


def _binary(kind: int, names: Any, payload: Any) -> Frame:
    """Encode a binary frame: kind, one byte per name for its size, names, payload."""
    encoded = [b"" if name is None else str(name).encode() for name in names]
    for name in encoded:
        if len(name) > 255:  # noqa: PLR2004 - the largest byte
            raise ValueError(f"a name exceeds 255 bytes in a binary frame: {name!r}")
    head = bytes([kind, *map(len, encoded)])
    return Frame(b"".join([head, *encoded, payload]), Opcode.BINARY)
