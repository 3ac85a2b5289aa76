"""Version 2 of the protocol with Supabase's binary broadcasts.

Kind 3 is a broadcast that a client sends, kind 4 one that the server sends. Both carry
the name of the user's event, optional metadata in JSON, and a payload that is JSON or
bytes. All lengths are single bytes that count UTF-8 bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from rx_phoenix import (
    EncodeError,
    Message,
    ProtocolError,
    SerializerV2,
    UsageError,
)

__all__ = ["BINARY", "BROADCAST", "RealtimeSerializer"]

BROADCAST = "broadcast"
"""The event of all broadcasts."""

SENT_KIND, RECEIVED_KIND = 3, 4

BYTES, JSON = 0, 1
"""The encodings of a payload."""

MAX_FIELD_SIZE = 255
"""The maximum size of a field, because its length is a single byte."""

RECEIVED_HEADER = 5
"""The size of the header of a received broadcast."""

BINARY = bytes, bytearray, memoryview
"""The types of payloads that are sent as they are."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_read_raw = msgspec.json.Decoder(tuple[Any, Any, Any, Any, msgspec.Raw]).decode


class RealtimeSerializer(SerializerV2):
    r"""A `SerializerV2` that sends and reads broadcasts as Supabase's binary frames.

    Args:
        metadata: The keys of a broadcast's payload that are sent as its metadata.
        enc_hook: As of `SerializerV2`.

    Raises:
        UsageError: The keys are not a list of text, or the hook is not a function.

    >>> serializer = RealtimeSerializer()
    >>> say = {"type": "broadcast", "event": "say", "payload": {"n": 1}}
    >>> serializer.encode(Message("1", "2", "realtime:a", "broadcast", say))
    b'\x03\x01\x01\n\x03\x00\x0112realtime:asay{"n":1}'
    >>> serializer.decode(b'\x04\x0a\x03\x00\x01realtime:asay{"n":1}').payload
    {'type': 'broadcast', 'event': 'say', 'payload': {'n': 1}}
    """

    def __init__(
        self,
        metadata: Sequence[str] = (),
        *,
        enc_hook: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(enc_hook=enc_hook)
        given: object = metadata
        keys = (
            cast("Sequence[object]", given) if isinstance(given, list | tuple) else None
        )
        if keys is None or not all(isinstance(key, str) for key in keys):
            raise UsageError(f"metadata must be a list of keys, got {metadata!r}")
        self._metadata = tuple(metadata)

    def encode(self, message: Message) -> str | bytes:
        """Encode a message: a broadcast as a frame of kind 3, others as version 2."""
        payload = message.payload
        if message.event == BROADCAST and isinstance(payload, Mapping):
            broadcast = cast("Mapping[str, Any]", payload)
            if isinstance(broadcast.get("event"), str):
                return self._encode_broadcast(message, broadcast)
        return super().encode(message)

    def decode(self, frame: str | bytes) -> Message:
        """Decode a frame: of kind 4 as a ``broadcast``, others as version 2."""
        if isinstance(frame, bytes) and frame[:1] == b"\x04":
            return _decode_broadcast(frame)
        return super().decode(frame)

    def _encode_broadcast(
        self, message: Message, broadcast: Mapping[str, Any]
    ) -> bytes:
        content = broadcast.get("payload")
        meta = {key: broadcast[key] for key in self._metadata if key in broadcast}
        fields = {
            "join_ref": (message.join_ref or "").encode(),
            "ref": (message.ref or "").encode(),
            "topic": _utf_8(message, message.topic),
            "event": _utf_8(message, broadcast["event"]),
            "metadata": self._to_json(message, meta) if meta else b"",
        }
        for name, field in fields.items():
            if len(field) > MAX_FIELD_SIZE:
                raise EncodeError(
                    f"the {name} of a broadcast to {message.topic!r} must be at most "
                    f"{MAX_FIELD_SIZE} bytes, got {len(field)}: choose a shorter {name}"
                )
        is_bytes = isinstance(content, BINARY)
        data = (
            bytes(cast("bytes", content))
            if is_bytes
            else self._to_json(message, {} if content is None else content)
        )
        encoding = BYTES if is_bytes else JSON
        header = bytes([SENT_KIND, *map(len, fields.values()), encoding])
        return b"".join([header, *fields.values(), data])

    def _to_json(self, message: Message, value: Any) -> bytes:
        """Encode a value as version 2 does, with the same errors."""
        try:
            data = _encode(value)
        except (TypeError, ValueError, RecursionError, OverflowError):
            data = b""
        if data and b"null" not in data:
            return data
        # Version 2 knows further types, rejects what it cannot encode, and NaN, which
        # msgspec makes null.
        name = str(cast("Mapping[str, Any]", message.payload)["event"])
        frame = super().encode(Message(None, None, message.topic, name, value))
        return bytes(_read_raw(frame)[-1])


def _utf_8(message: Message, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EncodeError(
            f"cannot encode a broadcast to {message.topic!r} as UTF-8: {error}"
        ) from error


def _decode_broadcast(frame: bytes) -> Message:
    if len(frame) < RECEIVED_HEADER or len(frame) < RECEIVED_HEADER + sum(frame[1:4]):
        raise ProtocolError(f"binary frame truncated at {len(frame)}", frame[:80])
    fields: list[bytes] = []
    start = RECEIVED_HEADER
    for length in frame[1:4]:
        fields.append(frame[start : start + length])
        start += length
    topic, event, meta = fields
    encoding, content = frame[4], frame[start:]
    if encoding not in {BYTES, JSON}:
        raise ProtocolError(f"a broadcast of unknown encoding {encoding}", frame[:80])
    try:
        payload: dict[str, Any] = {
            "type": BROADCAST,
            "event": event.decode(),
            "payload": _decode(content) if encoding == JSON else content,
        }
        if meta:
            payload["meta"] = _decode(meta)
        return Message(None, None, topic.decode(), BROADCAST, payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(
            f"cannot decode a broadcast of {len(frame)} bytes: {error}", frame[:80]
        ) from error
