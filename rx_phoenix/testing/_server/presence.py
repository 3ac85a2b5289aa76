"""Presences on topics, modelled on `Phoenix.Presence`."""

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
    """A joined channel that can be tracked."""

    @property
    def topic(self) -> str:
        """The topic that it is present on."""
        ...


class ServerPresence:
    """The presences of a server.

    Each change is broadcast as ``presence_diff`` before the method returns. A channel
    that tracks itself and then pushes ``presence_state`` therefore sends its own diff
    first, as one that follows Phoenix's documentation does.
    """

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._tracked: dict[str, dict[str, dict[Present, Meta]]] = {}
        self._refs = count(time_ns())

    def track(self, channel: Present, key: str, meta: Mapping[str, Any]) -> None:
        """Track a channel under a key until it ends or is untracked.

        Args:
            channel: The channel.
            key: The key, often a user's id. Several channels may share it.
            meta: The metadata of this presence.

        Raises:
            ValueError: The channel is already tracked under this key.
        """
        tracked = self._tracked.setdefault(channel.topic, {}).setdefault(key, {})
        if channel in tracked:
            raise ValueError(f"{key!r} is already tracked: use update()")
        tracked[channel] = {**meta, "phx_ref": self._next_ref()}
        self._broadcast_diff(channel.topic, joins=_presence(key, tracked[channel]))

    def update(
        self,
        channel: Present,
        key: str,
        meta: Mapping[str, Any] | Callable[[Meta], Mapping[str, Any]],
    ) -> None:
        """Change the meta of a presence: one diff with a leave and a join.

        Args:
            channel: The tracked channel.
            key: Its key.
            meta: The new meta, or a function from the old meta to the new.

        Raises:
            LookupError: The channel is not tracked under this key.
        """
        tracked = self._tracked.get(channel.topic, {}).get(key, {})
        if channel not in tracked:
            raise LookupError(f"{key!r} is not tracked: call track() first")
        old = tracked[channel]
        new = meta(old) if callable(meta) else meta
        refs = {"phx_ref": self._next_ref(), "phx_ref_prev": old["phx_ref"]}
        tracked[channel] = {**new, **refs}
        self._broadcast_diff(
            channel.topic,
            joins=_presence(key, tracked[channel]),
            leaves=_presence(key, old),
        )

    def untrack(self, channel: Present, key: str | None = None) -> None:
        """End a presence of a channel, or all of them in one diff.

        Args:
            channel: The channel; one that is not tracked is ignored.
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
            self._broadcast_diff(channel.topic, leaves=leaves)

    def list(self, topic: str) -> Presences:
        """Return the presences of a topic by key, as in ``presence_state``."""
        keys = self._tracked.get(topic, {})
        return {key: {"metas": [*tracked.values()]} for key, tracked in keys.items()}

    def _broadcast_diff(
        self,
        topic: str,
        *,
        joins: Presences | None = None,
        leaves: Presences | None = None,
    ) -> None:
        diff = {"joins": joins or {}, "leaves": leaves or {}}
        self._topics.broadcast(topic, "presence_diff", diff)

    def _next_ref(self) -> str:
        """Make a unique ref of sixteen characters."""
        return b64encode(next(self._refs).to_bytes(12, "big")).decode()


def _presence(key: str, meta: Meta) -> Presences:
    return {key: {"metas": [meta]}}
