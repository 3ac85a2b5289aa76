"""Who is on a topic: phoenix.js's Presence, and the same as streams."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.changes import (
    Change,
    Joined,
    Left,
    Updated,
    changes,
    resync_changes,
)
from rx_phoenix._protocol.frozen import FrozenDict
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix._protocol.presence import Snapshot, sync_diff, sync_state, with_metas
from rx_phoenix._streams.callbacks import Callback
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.state import Latest, State
from rx_phoenix.channel import Channel
from rx_phoenix.errors import CallbackOverrun, PayloadError

__all__ = ["Presence", "PresenceStatus"]

T = TypeVar("T")

MALFORMED = (AttributeError, LookupError, TypeError, ValueError)
"""What reading a payload raises that is none of a presence's."""

LONGEST_QUEUE = 10_000
"""How many diffs wait for the state that they belong to."""


class PresenceStatus(StrEnum):
    """What a presence's state is worth."""

    AWAITING = "awaiting"
    SYNCED = "synced"
    STALE = "stale"


class Presence:
    """Follows who is on a channel's topic.

    It only listens, and never joins: made after the join, it waits for the next one,
    for the server sends its ``presence_state`` once a join.

    After a rejoin there is one resynchronisation: whoever was there all the time
    neither left nor joined. Diffs that arrive before the state of their join wait for
    it; those of an older join are dropped.

    Args:
        channel: The channel.
        state_event: The event of the whole state.
        diff_event: The event of its changes.

    >>> Presence.sync_state({}, {"u1": {"metas": [{"phx_ref": "1"}]}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    """

    sync_state = staticmethod(sync_state)
    sync_diff = staticmethod(sync_diff)

    def __init__(
        self,
        channel: Channel,
        *,
        state_event: str = "presence_state",
        diff_event: str = "presence_diff",
    ) -> None:
        self._channel = channel
        self._state_event = state_event
        self._diff_event = diff_event
        self._snapshot: Snapshot = FrozenDict({})
        self._waiting: deque[Any] = deque()
        self._waiting_ref: str | None = None
        self._dropped = 0
        self._refs = 0
        self._callbacks: dict[int, tuple[Callback, abc.DisposableBase]] = {}
        self._status = State(PresenceStatus.AWAITING, self._report)
        self._states = Latest[Snapshot](self._report)
        self._changes = Hub[Change](self._report)
        self._joins = Hub[tuple[Any, ...]](self._report)
        self._leaves = Hub[tuple[Any, ...]](self._report)
        self._syncs = Hub[tuple[Any, ...]](self._report)
        self._listening = CompositeDisposable()
        for source, listener in (
            (channel.events(state_event), self._state_received),
            (channel.events(diff_event), self._diff_received),
            (channel.states, self._channel_moved),
        ):
            self._listening.add(source.subscribe(listener, on_completed=self.dispose))

    @property
    def state(self) -> Snapshot:
        """Who is there, by key, as far as is known; nobody can change it."""
        return self._snapshot

    @property
    def states(self) -> Observable[Snapshot]:
        """The state after each change; the latest first, once there was one.

        Completes at `dispose`, or when the channel is removed.
        """
        return self._states.observable

    @property
    def changes(self) -> Observable[Change]:
        """Who came, who went, and who is another now: `Joined`, `Left`, `Updated`.

        Completes at `dispose`, or when the channel is removed.
        """
        return self._changes.observable

    @property
    def status(self) -> PresenceStatus:
        """What the state is worth.

        ``awaiting`` before the first, ``synced`` while changes are followed, and
        ``stale`` from the loss of the join until the next state.
        """
        return self._status.value

    @property
    def statuses(self) -> Observable[PresenceStatus]:
        """The status, first the current one."""
        return self._status.observable

    def list(self, by: Callable[[str, Mapping[str, Any]], T] | None = None) -> list[T]:
        """The presences in order, or what a function makes of key and presence."""
        if by is None:
            return cast("list[T]", [*self._snapshot.values()])
        return [by(key, presence) for key, presence in self._snapshot.items()]

    def on_join(
        self,
        callback: Callable[[str, Mapping[str, Any] | None, Mapping[str, Any]], object],
    ) -> int:
        """Call a function when somebody comes, or comes in one more place.

        Args:
            callback: Gets the key, the presence before (None for a newcomer), and
                the presence that came. Plain or ``async def``.

        Returns:
            A ref for `off`.
        """
        return self._register(callback, self._joins)

    def on_leave(
        self,
        callback: Callable[[str, Mapping[str, Any], Mapping[str, Any]], object],
    ) -> int:
        """Call a function when somebody goes, or goes from one of several places.

        Args:
            callback: Gets the key, what is left of the presence, and the presence
                that went. Plain or ``async def``.

        Returns:
            A ref for `off`.
        """
        return self._register(callback, self._leaves)

    def on_sync(self, callback: Callable[[], object]) -> int:
        """Call a function after each change of the state.

        Returns:
            A ref for `off`.
        """
        return self._register(callback, self._syncs)

    def off(self, *refs: int) -> None:
        """Remove callbacks by their refs."""
        for ref in refs:
            callback, subscription = self._callbacks.pop(ref, (None, None))
            if callback is not None and subscription is not None:
                subscription.dispose()
                callback.dispose()

    def dispose(self) -> None:
        """Listen no more; streams complete, and callbacks are removed."""
        self._listening.dispose()
        self._waiting.clear()
        self.off(*self._callbacks)
        for hub in (self._status, self._states, self._changes):
            hub.on_completed()

    def _channel_moved(self, state: ChannelState) -> None:
        is_synced = self.status is PresenceStatus.SYNCED
        if is_synced and state is not ChannelState.JOINED:
            self._status.on_next(PresenceStatus.STALE)

    def _state_received(self, payload: Any) -> None:
        before = self._snapshot
        try:
            after = sync_state(before, payload)
        except MALFORMED as error:
            self._report(_misfit(self._state_event, payload, error))
            return
        what = resync_changes(before, after)
        # Whoever was there all the time neither came nor went, whatever its new ref.
        told = [change for change in what if not isinstance(change, Updated)]
        self._snapshot = after
        self._status.on_next(PresenceStatus.SYNCED)
        self._tell(before, what, told)
        for diff in self._take_waiting():
            self._apply(diff)
        self._syncs.on_next(())

    def _diff_received(self, payload: Any) -> None:
        if self.status is not PresenceStatus.SYNCED:
            self._let_wait(payload)
        elif self._apply(payload):
            self._syncs.on_next(())

    def _apply(self, diff: Any) -> bool:
        """Follow a diff; says whether it was one."""
        before = self._snapshot
        try:
            after, what = sync_diff(before, diff), changes(before, diff)
        except MALFORMED as error:
            self._report(_misfit(self._diff_event, diff, error))
            return False
        self._snapshot = after
        self._tell(before, what, what)
        return True

    def _tell(
        self, before: Snapshot, what: Sequence[Change], told: Sequence[Change]
    ) -> None:
        """Tell of changes: all of them the streams, some of them the callbacks.

        To phoenix.js's callbacks an update is a join and a leave; it tells all joins
        before any leave.
        """
        self._states.on_next(self._snapshot)
        for change in what:
            self._changes.on_next(change)
        for change in told:
            if isinstance(change, Joined | Updated):
                key, presence = change.key, change.presence
                came = with_metas(presence, change.metas)
                self._joins.on_next((key, before.get(key), came))
        for change in told:
            if isinstance(change, Left | Updated):
                key, presence = change.key, change.presence
                metas = change.metas if isinstance(change, Left) else change.before
                self._leaves.on_next((key, presence, with_metas(presence, metas)))

    def _let_wait(self, diff: Any) -> None:
        """Keep a diff for the state of its join; one of another join is void."""
        join_ref = self._channel.join_ref
        if join_ref != self._waiting_ref:
            self._waiting.clear()
            self._waiting_ref = join_ref
        if len(self._waiting) == LONGEST_QUEUE:
            self._waiting.popleft()
            self._dropped += 1
            text = (
                f"{self._dropped} diffs of {self._channel.topic!r} were dropped: "
                f"{LONGEST_QUEUE} wait for a {self._state_event} that never came"
            )
            self._report(CallbackOverrun(text, self._dropped))
        self._waiting.append(diff)

    def _take_waiting(self) -> tuple[Any, ...]:
        is_due = self._waiting_ref == self._channel.join_ref
        pending = tuple(self._waiting) if is_due else ()
        self._waiting.clear()
        return pending

    def _register(
        self, function: Callable[..., object], source: Hub[tuple[Any, ...]]
    ) -> int:
        self._refs += 1
        callback = Callback(function, self._channel.spawn, self._report)
        subscription = source.subscribe(lambda arguments: callback(*arguments))
        self._callbacks[self._refs] = callback, subscription
        return self._refs

    def _report(self, error: Exception) -> None:
        self._channel.report(error)


def _misfit(event: str, payload: Any, error: Exception) -> PayloadError:
    problem = f"a {event} is none, and was left out: {type(error).__name__}: {error}"
    return PayloadError(problem, payload)
