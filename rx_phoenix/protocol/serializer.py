"""Messages to frames and back."""

from typing import Protocol

import msgspec

from rx_phoenix.errors import EncodeError, ProtocolError
from rx_phoenix.protocol.binary import decode_binary, encode_binary, is_binary
from rx_phoenix.protocol.message import Message

__all__ = ["Frame", "Serializer", "SerializerV2"]

Frame = str | bytes
"""What a transport carries: ``str`` is a text frame, ``bytes`` a binary one.

A transport may hand over a text frame undecoded, as bytes. That is never
ambiguous: a binary frame begins with its kind, 0 to 2, and no JSON does.
"""


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
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Message).decode

    def encode(self, message: Message) -> Frame:
        """Put a message into a frame: binary if its payload is bytes, else JSON."""
        if isinstance(message.payload, bytes | bytearray | memoryview):
            return encode_binary(message)
        try:
            return self._encode(message).decode()
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise EncodeError(
                f"the payload of {message.event!r} to {message.topic!r} cannot be "
                f"said in JSON: {error}"
            ) from error

    def decode(self, frame: Frame) -> Message:
        """Read a text or a binary frame."""
        try:
            if is_binary(frame):
                return decode_binary(frame)
            return self._decode(frame)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ProtocolError(
                f"a frame of {len(frame)} characters is no message: {error}",
                excerpt(frame),
            ) from error


def excerpt(frame: Frame) -> bytes:
    """The beginning of a frame, for an error or a log line."""
    start = frame[:80]
    return start.encode(errors="replace") if isinstance(start, str) else bytes(start)
