"""The presences of a channel for programs that do not await."""

import builtins
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import rx_phoenix
from rx_phoenix import PresenceStatus
from rx_phoenix.blocking._channel import Channel, parts_of
from rx_phoenix.blocking._items import Items, Overflow
from rx_phoenix.blocking._portal import Portal
from rx_phoenix.policy import Duration

__all__ = ["Presence"]

T = TypeVar("T")

Snapshot = Mapping[str, Mapping[str, Any]]
"""The presences by key."""


class Presence:
    """The presences of a channel's topic; its methods may be called from any thread.

    Create it before the join, as a `rx_phoenix.Presence`. Its callbacks run on the
    socket's worker thread, one at a time, and may block.

    Args:
        channel: The channel.
        state_event: The event with the whole state.
        diff_event: The event with its changes.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        state_event: str = "presence_state",
        diff_event: str = "presence_diff",
    ) -> None:
        inner, portal = parts_of(channel)

        def make() -> rx_phoenix.Presence:
            return rx_phoenix.Presence(
                inner, state_event=state_event, diff_event=diff_event
            )

        self._follow(portal.call(make), portal)

    def _follow(self, presence: rx_phoenix.Presence, portal: Portal) -> None:
        self._presence = presence
        self._portal = portal

    @property
    def state(self) -> Snapshot:
        """The last known presences by key, immutable."""
        return self._portal.call(lambda: self._presence.state)

    @property
    def status(self) -> PresenceStatus:
        """``awaiting``, ``synced`` or ``stale``."""
        return self._presence.status

    def list(
        self, by: Callable[[str, Mapping[str, Any]], T] | None = None
    ) -> builtins.list[T]:
        """Return the presences in order, or the results of ``by(key, presence)``."""
        state = self.state
        if by is None:
            return cast("list[T]", [*state.values()])
        return [by(key, presence) for key, presence in state.items()]

    def changes(
        self,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]:
        """Iterate the changes: `Joined`, `Left` and `Updated`.

        Args:
            timeout: Seconds to wait for each change; None for no limit.
            maxsize: The maximum number of changes that wait for the loop.
            overflow: The policy for one more, as of `rx_phoenix.operators.values`.
            on_loss: Called with the number of lost changes, on the loop's thread.
        """
        return self._portal.iterate(
            lambda: self._presence.changes,
            timeout=timeout,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    def states(self, *, timeout: Duration | None = None) -> Items[Snapshot]:
        """Iterate the state, the latest one first; states that wait are skipped.

        Args:
            timeout: As of `changes`.
        """
        return self._portal.iterate(
            lambda: self._presence.states, timeout=timeout, overflow="latest"
        )

    def on_join(
        self,
        callback: Callable[[str, Mapping[str, Any] | None, Mapping[str, Any]], object],
    ) -> int:
        """Call a function when a key joins, or another connection tracks it.

        Args:
            callback: Gets the key, the presence before, and the one that joined.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._presence.on_join(work))

    def on_leave(
        self,
        callback: Callable[[str, Mapping[str, Any], Mapping[str, Any]], object],
    ) -> int:
        """Call a function when a key leaves, or a connection stops tracking it.

        Args:
            callback: Gets the key, the rest of the presence, and the one that left.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._presence.on_leave(work))

    def on_sync(self, callback: Callable[[], object]) -> int:
        """Call a function after each change of the state.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._presence.on_sync(work))

    def off(self, *refs: int) -> None:
        """Remove callbacks by their refs."""
        self._portal.call(lambda: self._presence.off(*refs))

    def dispose(self) -> None:
        """Stop listening: loops end, and callbacks are removed."""
        self._portal.call(self._presence.dispose)
