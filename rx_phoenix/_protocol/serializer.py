"""Messages to frames and back."""

from math import isfinite
from typing import Any, Protocol, cast

import msgspec

from rx_phoenix._protocol.binary import decode_binary, encode_binary, is_binary
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import EncodeError, ProtocolError

__all__ = ["Frame", "Serializer", "SerializerV1", "SerializerV2"]

Frame = str | bytes
"""What a transport carries: ``str`` is a text frame, ``bytes`` a binary one.

A transport may hand over a text frame undecoded, as bytes. That is never
ambiguous: a binary frame begins with its kind, 0 to 2, and no JSON does.
"""

Binary = bytes, bytearray, memoryview


class Serializer(Protocol):
    """Turns messages into frames, and frames into messages."""

    vsn: str
    """The version that the endpoint's query names."""

    has_join_refs: bool
    """Whether what the server says names the join that it belongs to."""

    def encode(self, message: Message) -> Frame:
        """Put a message into a frame.

        Raises:
            EncodeError: The payload cannot be said in this format.
        """
        ...

    def decode(self, frame: Frame) -> Message:
        """Read a frame.

        Raises:
            ProtocolError: The frame is not a message.
        """
        ...


class SerializerV2:
    """Version 2 of the protocol: JSON arrays of five, and binary frames.

    >>> serializer = SerializerV2()
    >>> frame = serializer.encode(Message("1", "2", "room:1", "echo", {"n": 1}))
    >>> frame
    '["1","2","room:1","echo",{"n":1}]'
    >>> serializer.decode(frame).payload
    {'n': 1}
    """

    vsn = "2.0.0"
    has_join_refs = True

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Message).decode

    def encode(self, message: Message) -> Frame:
        """Put a message into a frame: binary if its payload is bytes, else JSON.

        JSON is what `msgspec` makes of the payload: it knows dataclasses, Structs,
        dates and more, and says bytes *inside* a payload in base64.
        """
        if isinstance(message.payload, Binary):
            return encode_binary(message)
        return _to_json(message, message)

    def decode(self, frame: Frame) -> Message:
        """Read a text or a binary frame."""
        # Most frames are text, and a binary one is never JSON: it is cheapest to try.
        decode = self._decode
        try:
            return decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            if not is_binary(frame):
                raise _no_message(frame, error) from error
        return decode_binary(frame)


class WireMessageV1(msgspec.Struct, omit_defaults=True):
    """A message of version 1 on the wire.

    The server's have no join_ref, not even ``phx_close`` and ``phx_error``; a
    client's may.
    """

    topic: str
    event: str
    payload: Any
    ref: str | None
    join_ref: str | None = None


class SerializerV1:
    """Version 1 of the protocol: JSON objects, and no binary payloads.

    The server does not say to which join a message belongs, so that one from an older
    join cannot be told from the present one's. Version 2 is better wherever it is to
    be had.

    >>> serializer = SerializerV1()
    >>> frame = serializer.encode(Message("1", "2", "room:1", "echo", {"n": 1}))
    >>> frame
    '{"topic":"room:1","event":"echo","payload":{"n":1},"ref":"2","join_ref":"1"}'
    >>> serializer.decode(frame).payload
    {'n': 1}
    """

    vsn = "1.0.0"
    has_join_refs = False

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(WireMessageV1).decode

    def encode(self, message: Message) -> Frame:
        """Put a message into a text frame."""
        if isinstance(message.payload, Binary):
            raise EncodeError(
                f"the payload of {message.event!r} to {message.topic!r} is bytes, "
                "which version 1 of the protocol cannot carry: use SerializerV2"
            )
        spoken = WireMessageV1(
            message.topic,
            message.event,
            message.payload,
            message.ref,
            message.join_ref,
        )
        return _to_json(message, spoken)

    def decode(self, frame: Frame) -> Message:
        """Read a text frame."""
        try:
            spoken = self._decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise _no_message(frame, error) from error
        return Message(
            spoken.join_ref, spoken.ref, spoken.topic, spoken.event, spoken.payload
        )


ENCODE = msgspec.json.Encoder().encode


def _to_json(message: Message, shape: Message | WireMessageV1) -> str:
    """A message in JSON, in the shape of its version."""
    try:
        data = ENCODE(shape)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise _encode_error(message, str(error)) from error
    # msgspec says null for a number that JSON does not have, without a word.
    if b"null" in data and not _is_finite(message.payload):
        raise _encode_error(message, "it holds a NaN or an infinity")
    return data.decode()


def _is_finite(payload: object) -> bool:
    waiting = [msgspec.to_builtins(payload, enc_hook=_opaque)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float):
            if not isfinite(value):
                return False
        elif isinstance(value, dict):
            waiting.extend(cast("dict[Any, Any]", value).values())
        elif isinstance(value, list | tuple):
            waiting.extend(cast("list[Any]", value))
    return True


def _opaque(_: object) -> None:
    """What only the encoder can look into: JSON that was made beforehand."""


def _encode_error(message: Message, why: str) -> EncodeError:
    return EncodeError(
        f"the payload of {message.event!r} to {message.topic!r} cannot be said in "
        f"JSON: {why}"
    )


def _no_message(frame: Frame, error: Exception) -> ProtocolError:
    start = frame[:80]
    excerpt = start.encode(errors="replace") if isinstance(start, str) else start
    return ProtocolError(
        f"a frame of {len(frame)} characters is no message: {error}", excerpt
    )
