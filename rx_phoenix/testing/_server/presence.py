"""Who is present on a topic, as `Phoenix.Presence` tells it."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from itertools import count
from time import time_ns
from typing import Any, Protocol

from rx_phoenix.testing._server.topics import Topics

__all__ = ["Presences", "Present", "ServerPresence"]

Meta = dict[str, Any]
Presences = dict[str, dict[str, list[Meta]]]
"""``{key: {"metas": [meta, …]}}``, as ``presence_state`` and diffs carry it."""


class Present(Protocol):
    """What can be tracked: a joined channel."""

    @property
    def topic(self) -> str:
        """The topic that it is present on."""
        ...


class ServerPresence:
    """The presences of a server.

    Each change is broadcast as ``presence_diff`` before the method returns. So a
    channel that tracks itself and then pushes ``presence_state`` sends its own diff
    first, as one written after Phoenix's documentation does.
    """

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._tracked: dict[str, dict[str, dict[Present, Meta]]] = {}
        self._refs = count(time_ns())

    def track(self, channel: Present, key: str, meta: Mapping[str, Any]) -> None:
        """Let a channel be present under a key, until it ends or is untracked.

        Args:
            channel: The channel, with its topic.
            key: Whom it stands for, often a user's id. Several channels may share it.
            meta: What to tell about this presence.

        Raises:
            ValueError: The channel is present under this key already.
        """
        tracked = self._tracked.setdefault(channel.topic, {}).setdefault(key, {})
        if channel in tracked:
            raise ValueError(f"{key!r} is tracked already; update() changes its meta")
        tracked[channel] = {**meta, "phx_ref": self._next_ref()}
        self._tell(channel.topic, joins=_presence(key, tracked[channel]))

    def update(
        self,
        channel: Present,
        key: str,
        meta: Mapping[str, Any] | Callable[[Meta], Mapping[str, Any]],
    ) -> None:
        """Change the meta of a presence: one diff with a leave and a join.

        Args:
            channel: The channel that was tracked.
            key: The key that it was tracked under.
            meta: The new meta, or a function that makes it of the old one.

        Raises:
            LookupError: The channel is not present under this key.
        """
        tracked = self._tracked.get(channel.topic, {}).get(key, {})
        if channel not in tracked:
            raise LookupError(f"{key!r} is not tracked here; track() comes first")
        old = tracked[channel]
        new = meta(old) if callable(meta) else meta
        refs = {"phx_ref": self._next_ref(), "phx_ref_prev": old["phx_ref"]}
        tracked[channel] = {**new, **refs}
        self._tell(
            channel.topic,
            joins=_presence(key, tracked[channel]),
            leaves=_presence(key, old),
        )

    def untrack(self, channel: Present, key: str | None = None) -> None:
        """End a presence of a channel, or all of them in one diff.

        Args:
            channel: The channel; one that is not tracked is left alone.
            key: The key; None for every key of the channel.
        """
        keys = self._tracked.get(channel.topic, {})
        leaves: Presences = {}
        for name in [key] if key is not None else list(keys):
            tracked = keys.get(name, {})
            meta = tracked.pop(channel, None)
            if meta is not None:
                leaves |= _presence(name, meta)
            if not tracked:
                keys.pop(name, None)
        if not keys:
            self._tracked.pop(channel.topic, None)
        if leaves:
            self._tell(channel.topic, leaves=leaves)

    def list(self, topic: str) -> Presences:
        """Tell who is present on a topic, by key; what ``presence_state`` carries."""
        keys = self._tracked.get(topic, {})
        return {key: {"metas": [*tracked.values()]} for key, tracked in keys.items()}

    def _tell(
        self,
        topic: str,
        *,
        joins: Presences | None = None,
        leaves: Presences | None = None,
    ) -> None:
        diff = {"joins": joins or {}, "leaves": leaves or {}}
        self._topics.broadcast(topic, "presence_diff", diff)

    def _next_ref(self) -> str:
        """Make a ref of sixteen characters that no other presence has."""
        return b64encode(next(self._refs).to_bytes(12, "big")).decode()


def _presence(key: str, meta: Meta) -> Presences:
    return {key: {"metas": [meta]}}
