"""Serializers: messages to frames and back."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from rx_phoenix._protocol.binary import decode_binary, encode_binary, is_binary
from rx_phoenix._protocol.checks import check
from rx_phoenix._protocol.encoding import FAILURES, EncodeHook, PayloadEncoder
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CLOSE, ERROR
from rx_phoenix.errors import EncodeError, ProtocolError

__all__ = [
    "DEFAULT_SERIALIZER",
    "Frame",
    "RawMessage",
    "Serializer",
    "SerializerV1",
    "SerializerV2",
    "raw_decoder",
]

Frame = str | bytes
"""The unit of a transport: ``str`` is a text frame, ``bytes`` a binary one.

A transport may pass a text frame undecoded, as bytes. That is never ambiguous: a
binary frame begins with its kind, 0 to 2, and JSON never does.
"""

Binary = bytes, bytearray, memoryview


class Serializer(Protocol):
    """An encoder of messages into frames, and decoder of frames into messages."""

    vsn: str
    """The version in the endpoint's query."""

    has_join_refs: bool
    """True if the server's messages carry the ref of their join."""

    def encode(self, message: Message) -> Frame:
        """Encode a message as a frame.

        Raises:
            EncodeError: The payload cannot be encoded in this format.
        """
        ...

    def decode(self, frame: Frame) -> Message:
        """Decode a frame.

        Raises:
            ProtocolError: The frame is not a message.
        """
        ...


class SerializerV2:
    """Version 2 of the protocol: JSON arrays of five, and binary frames.

    Args:
        enc_hook: Called with a value of a payload that msgspec cannot encode; returns
            one that it can, or raises `NotImplementedError` to leave it to the default:
            pydantic models, paths, numpy's scalars and arrays, and subclasses of str,
            int and float. msgspec itself encodes dataclasses, attrs classes, Structs,
            sets, dates, UUIDs, decimals and enums.

    >>> serializer = SerializerV2()
    >>> frame = serializer.encode(Message("1", "2", "room:1", "echo", {"n": 1}))
    >>> frame
    '["1","2","room:1","echo",{"n":1}]'
    >>> serializer.decode(frame).payload
    {'n': 1}
    """

    vsn = "2.0.0"
    has_join_refs = True

    def __init__(self, *, enc_hook: EncodeHook | None = None) -> None:
        _check_hook(enc_hook)
        self._encoder = PayloadEncoder(enc_hook)
        self._decode = msgspec.json.Decoder(Message).decode

    def encode(self, message: Message) -> Frame:
        """Encode a message as a frame: binary if its payload is bytes, else JSON.

        `msgspec` encodes the payload: it supports dataclasses, Structs, dates and more,
        and encodes bytes *inside* a payload as base64.
        """
        if isinstance(message.payload, Binary):
            return encode_binary(message)
        return _to_json(message, message, self._encoder)

    def decode(self, frame: Frame) -> Message:
        """Decode a text or a binary frame."""
        # Most frames are text, and a binary one is never JSON: trying is cheapest.
        decode = self._decode
        try:
            return decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            if not is_binary(frame):
                raise _decode_error(frame, error) from error
        return decode_binary(frame)


class RawMessage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message of version 2 whose payload is not decoded yet."""

    join_ref: str | None
    ref: str | None
    topic: str
    event: str
    payload: msgspec.Raw


DECODE_RAW = msgspec.json.Decoder(RawMessage).decode


def raw_decoder(serializer: Serializer) -> Callable[[Frame], RawMessage] | None:
    """Return a decoder that leaves out the payload; None if there is none.

    It raises for a binary frame, too: `Serializer.decode` decides on what it rejects.
    """
    return DECODE_RAW if type(serializer) is SerializerV2 else None


class WireMessageV1(msgspec.Struct, omit_defaults=True):
    """A message of version 1 on the wire.

    The server's messages never have a join_ref, not even ``phx_close`` and
    ``phx_error``; a client's may.
    """

    topic: str
    event: str
    payload: Any
    ref: str | None
    join_ref: str | None = None


class SerializerV1:
    """Version 1 of the protocol: JSON objects, and no binary payloads.

    Args:
        enc_hook: As of `SerializerV2`.

    The server's events do not name their join, so that one from an older join cannot
    be distinguished from one of the current join; only replies, ``phx_close`` and
    ``phx_error`` do, by their ref. Prefer version 2 where the server supports it.

    >>> serializer = SerializerV1()
    >>> frame = serializer.encode(Message("1", "2", "room:1", "echo", {"n": 1}))
    >>> frame
    '{"topic":"room:1","event":"echo","payload":{"n":1},"ref":"2","join_ref":"1"}'
    >>> serializer.decode(frame).payload
    {'n': 1}
    """

    vsn = "1.0.0"
    has_join_refs = False

    def __init__(self, *, enc_hook: EncodeHook | None = None) -> None:
        _check_hook(enc_hook)
        self._encoder = PayloadEncoder(enc_hook)
        self._decode = msgspec.json.Decoder(WireMessageV1).decode

    def encode(self, message: Message) -> Frame:
        """Encode a message as a text frame."""
        if isinstance(message.payload, Binary):
            raise EncodeError(
                f"cannot encode the payload of {message.event!r} to {message.topic!r}: "
                "version 1 of the protocol does not support bytes; use SerializerV2"
            )
        wire_message = WireMessageV1(
            message.topic,
            message.event,
            message.payload,
            message.ref,
            message.join_ref,
        )
        return _to_json(message, wire_message, self._encoder)

    def decode(self, frame: Frame) -> Message:
        """Decode a text frame."""
        try:
            wire = self._decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise _decode_error(frame, error) from error
        join_ref = wire.join_ref
        if join_ref is None and wire.event in ENDS_OF_JOIN:
            # A join that replaces another one is accepted first, then that one closed.
            join_ref = wire.ref
        return Message(join_ref, wire.ref, wire.topic, wire.event, wire.payload)


ENDS_OF_JOIN = frozenset({CLOSE, ERROR})
"""The events whose ref is that of the join, where there is no other place for it."""


def _check_hook(hook: object) -> None:
    is_hook = hook is None or callable(hook)
    check(is_hook, "enc_hook", "a function of a value, or None", repr(hook))


def _to_json(
    message: Message, shape: Message | WireMessageV1, encoder: PayloadEncoder
) -> str:
    """Encode a message as JSON, in the shape of its version."""
    try:
        data = encoder.encode(shape)
        # Looked for only where there may be one.
        problem = encoder.problem(message.payload) if b"null" in data else ""
    except FAILURES as error:
        cause = error.__cause__ or error
        raise _encode_error(message, str(error), encoder) from cause
    if problem:
        raise _encode_error(message, problem, encoder)
    return data.decode()


def _encode_error(
    message: Message, reason: str, encoder: PayloadEncoder
) -> EncodeError:
    place = encoder.place(message.payload)
    return EncodeError(
        f"cannot encode the payload of {message.event!r} to {message.topic!r} as JSON: "
        f"{reason}{place and f' - at `{place}`'}"
    )


def _decode_error(frame: Frame, error: Exception) -> ProtocolError:
    start = frame[:80]
    excerpt = start.encode(errors="replace") if isinstance(start, str) else start
    return ProtocolError(
        f"cannot decode a frame of {len(frame)} characters: {error}", excerpt
    )


DEFAULT_SERIALIZER = SerializerV2()
"""That of all sockets that were given none: it keeps nothing of a message."""
