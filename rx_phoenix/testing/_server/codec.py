"""The wire formats as a Phoenix server speaks them, written apart from the client's.

Protocol 1 is objects of text, protocol 2 arrays of text and binary frames. The
layouts are those of `Phoenix.Socket.V1.JSONSerializer` and
`Phoenix.Socket.V2.JSONSerializer`; maps go out with their keys sorted, as the BEAM
keeps small ones.
"""

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
]

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


class FrameError(ValueError):
    """A client sent a frame that is none of this protocol's."""


class Opcode(IntEnum):
    """What kind of WebSocket frame carries the bytes."""

    TEXT = 1
    BINARY = 2
    PONG = 10


class Frame(NamedTuple):
    """What goes over the wire to a client.

    Attributes:
        data: The payload of the WebSocket frame; UTF-8 for a text.
        opcode: The kind of frame.
    """

    data: bytes
    opcode: Opcode = Opcode.TEXT


class Message(NamedTuple):
    """What a client sent, or a channel pushes.

    The server believes nothing: refs, topic and event are whatever JSON the client
    wrote, and refs are echoed with their type.

    Attributes:
        join_ref: The ref of the join that the message belongs to, or None.
        ref: The ref to answer to, or None.
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
    """What answers one message.

    Attributes:
        join_ref: The join_ref of the message's channel, or None.
        ref: The ref of the message.
        topic: The topic of the message.
        status: ``ok``, ``error`` or a word of the channel's own.
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
        name: The Elixir module that speaks it.
    """

    name: str

    def decode(self, data: str | bytes) -> Message:
        """Read what a client sent: a text, or the bytes of a binary frame.

        Raises:
            FrameError: It is not of this protocol.
        """
        ...

    def encode(self, message: Message) -> Frame:
        """Write a message of a channel.

        Raises:
            TypeError: The payload is not one that the protocol can carry.
            ValueError: A name is too long for a binary frame.
        """
        ...

    def encode_reply(self, reply: Reply) -> Frame:
        """Write the answer to one message; raises what `encode` raises."""
        ...

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Write what every subscriber of a topic gets; raises what `encode` raises."""
        ...


class V1Serializer:
    """Protocol 1: objects of text, whose answers carry no join_ref."""

    name = "Phoenix.Socket.V1.JSONSerializer"

    def decode(self, data: str | bytes) -> Message:
        """Read an object; all its keys but ``join_ref`` have to be there."""
        if isinstance(data, bytes):
            raise FrameError("protocol 1 has no binary frames")
        match _parse(data):
            case {"topic": topic, "event": event, "payload": payload, "ref": ref} as it:
                return Message(it.get("join_ref"), ref, topic, event, payload)
            case _:
                raise FrameError("a message of protocol 1 is an object of four keys")

    def encode(self, message: Message) -> Frame:
        """Write an object of topic, event, payload and ref."""
        _, ref, topic, event, payload = message
        if _is_binary(payload):
            raise TypeError("protocol 1 cannot carry a binary payload")
        keys = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        return Frame(_encode(keys))

    def encode_reply(self, reply: Reply) -> Frame:
        """Write an answer as a message whose event is ``phx_reply``."""
        if _is_binary(reply.response):
            raise TypeError("protocol 1 cannot carry a binary response")
        return self.encode(_as_message(reply))

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Write a broadcast, which here looks like any push."""
        return self.encode(Message(None, None, topic, event, payload))


class V2Serializer:
    """Protocol 2: arrays of text, and binary frames for payloads of bytes."""

    name = "Phoenix.Socket.V2.JSONSerializer"

    def decode(self, data: str | bytes) -> Message:
        """Read the first five items of an array, or a binary push."""
        if isinstance(data, bytes):
            return _decode_push(data)
        match _parse(data):
            case [join_ref, ref, topic, event, payload, *_]:
                return Message(join_ref, ref, topic, event, payload)
            case _:
                raise FrameError("a message of protocol 2 is an array of five items")

    def encode(self, message: Message) -> Frame:
        """Write an array, or a binary push, which has no room for a ref."""
        join_ref, _, topic, event, payload = message
        if _is_binary(payload):
            return _binary(0, (join_ref, topic, event), payload)
        return Frame(_encode(message))

    def encode_reply(self, reply: Reply) -> Frame:
        """Write an answer, in binary if its response is."""
        if _is_binary(reply.response):
            *names, response = reply
            return _binary(1, names, response)
        return Frame(_encode(_as_message(reply)))

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Write a broadcast, whose binary frame has no refs at all."""
        if _is_binary(payload):
            return _binary(2, (topic, event), payload)
        return Frame(_encode((None, None, topic, event, payload)))


def _parse(text: str) -> Any:
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FrameError(f"not JSON: {error}") from error


def _as_message(reply: Reply) -> Message:
    join_ref, ref, topic, status, response = reply
    payload = {"status": status, "response": response}
    return Message(join_ref, ref, topic, "phx_reply", payload)


def _is_binary(payload: object) -> bool:
    return isinstance(payload, (bytes, bytearray, memoryview))


def _decode_push(data: bytes) -> Message:
    """Read a binary push of a client: kind, four sizes, four names, the payload."""
    if len(data) < 5 or data[0] != 0:  # noqa: PLR2004 - the length of its header
        raise FrameError("a binary frame of a client is a push")
    names: list[str] = []
    start = 5
    for size in data[1:5]:
        name = data[start : start + size]
        if len(name) < size:
            raise FrameError("a binary push is shorter than it says")
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
    """Write a binary frame: kind, the size of each name in a byte, names, payload."""
    encoded = [b"" if name is None else str(name).encode() for name in names]
    for name in encoded:
        if len(name) > 255:  # noqa: PLR2004 - what a byte can say
            raise ValueError(f"{name!r} is over the 255 bytes of a binary frame")
    head = bytes([kind, *map(len, encoded)])
    return Frame(b"".join([head, *encoded, payload]), Opcode.BINARY)
