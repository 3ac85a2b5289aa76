"""A server of the dialect that writes down what its clients send."""

import json
from typing import Any

from rx_phoenix.testing import ServerSocket
from rx_phoenix.testing.supabase import SupabaseServer, Table

__all__ = ["Recorder", "in_order"]

MESSAGES = Table("messages", {"id": "int8", "body": "text"})

NAMES = ("join_ref", "ref", "topic", "event", "metadata")

Frame = list[Any]
"""A message: join_ref, ref, topic, event, payload, and how it was sent."""


class Recorder(SupabaseServer):
    """The server; `frames` are those of its clients, but for heartbeats."""

    def __init__(self) -> None:
        super().__init__([MESSAGES])
        self.frames: list[Frame] = []

    def _connect(self, socket: ServerSocket) -> None:
        super()._connect(socket)
        # Each socket has its own, or shares a stateless one: wrap, do not change it.
        socket.serializer = Recording(socket.serializer, self.frames)


class Recording:
    """A serializer that writes down what it decodes."""

    def __init__(self, serializer: Any, frames: list[Frame]) -> None:
        self._serializer = serializer
        self._frames = frames

    def decode(self, data: str | bytes) -> Any:
        """Decode a frame of a client."""
        frame = read(data)
        if frame[3] != "heartbeat":
            self._frames.append(frame)
        return self._serializer.decode(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._serializer, name)


def read(data: str | bytes) -> Frame:
    """Read a frame of a client, independently of all serializers."""
    if isinstance(data, str):
        message = json.loads(data)
        if isinstance(message, list):
            return [*message, "array"]
        keys = "join_ref", "ref", "topic", "event", "payload"
        return [*[message.get(key) for key in keys], "object"]
    kind, *lengths, encoding = data[:7]
    fields, rest = {}, data[7:]
    for name, length in zip(NAMES, lengths, strict=True):
        fields[name], rest = rest[:length].decode(), rest[length:]
    payload = json.loads(rest) if encoding else {"bytes": rest.hex()}
    content = {"event": fields["event"], "metadata": fields["metadata"]}
    refs = fields["join_ref"], fields["ref"], fields["topic"]
    return [*refs, "broadcast", {**content, "payload": payload}, f"kind {kind}"]


def in_order(frames: list[Frame]) -> list[Frame]:
    """Frames whose refs are numbers in the order of their appearance."""
    numbers: dict[str, str] = {}

    def number(ref: Any) -> Any:
        return ref if ref is None else numbers.setdefault(str(ref), str(len(numbers)))

    return [[number(join_ref), number(ref), *rest] for join_ref, ref, *rest in frames]
