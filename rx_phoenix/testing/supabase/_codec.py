"""Version 2 with Supabase's binary broadcasts, implemented apart from the client's."""

from typing import Any

import msgspec

from rx_phoenix.testing._server.codec import (
    Frame,
    FrameError,
    Message,
    Opcode,
    V2Serializer,
)

__all__ = ["RealtimeCodec", "UserBroadcast"]

HEADER = 7
"""The size of the header of a client's broadcast."""


class UserBroadcast(dict[str, Any]):
    """The payload of a broadcast that came in a binary frame, and leaves in one."""


class RealtimeCodec(V2Serializer):
    """Version 2 that reads frames of kind 3 and writes those of kind 4."""

    name = "Realtime.V2"

    def decode(self, data: str | bytes) -> Message:
        """Decode a frame of a client."""
        if isinstance(data, str) or data[:1] != b"\x03":
            return super().decode(data)
        if len(data) < HEADER or len(data) < HEADER + sum(data[1:6]):
            raise FrameError("a broadcast is shorter than its sizes")
        names: list[str] = []
        start = HEADER
        for size in data[1:6]:
            names.append(data[start : start + size].decode())
            start += size
        join_ref, ref, topic, event, meta = names
        content = data[start:]
        payload = UserBroadcast(
            type="broadcast",
            event=event,
            payload=msgspec.json.decode(content) if data[6] else content,
        )
        if meta:
            payload["meta"] = msgspec.json.decode(meta)
        return Message(join_ref, ref, topic, "broadcast", payload)

    def encode_broadcast(self, topic: str, event: str, payload: object) -> Frame:
        """Encode a broadcast: one that came in a binary frame as kind 4."""
        if not isinstance(payload, UserBroadcast):
            return super().encode_broadcast(topic, event, payload)
        content = payload["payload"]
        is_json = not isinstance(content, bytes)
        meta = payload.get("meta")
        fields = [
            topic.encode(),
            str(payload["event"]).encode(),
            msgspec.json.encode(meta) if meta else b"",
        ]
        header = bytes([4, *map(len, fields), is_json])
        body = msgspec.json.encode(content) if is_json else content
        return Frame(b"".join([header, *fields, body]), Opcode.BINARY)
