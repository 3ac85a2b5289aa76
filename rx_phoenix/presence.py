"""Presence of a topic: phoenix.js's Presence, and its state as streams."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._channel.core import core_of
from rx_phoenix._protocol.changes import (
    Change,
    Joined,
    Left,
    Updated,
    diff_changes,
    resync_changes,
)
from rx_phoenix._protocol.checks import check_instance
from rx_phoenix._protocol.frozen import FrozenDict
from rx_phoenix._protocol.names import ChannelState, check_name
from rx_phoenix._protocol.presence import (
    Diff,
    Listener,
    Presences,
    Snapshot,
    sync_concerned,
    sync_diff,
    sync_state,
    with_metas,
)
from rx_phoenix._protocol.sent_secrets import hidden
from rx_phoenix._streams.callbacks import Callback
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.reporter import run_on_loop
from rx_phoenix._streams.state import LazyLatest, State
from rx_phoenix.channel import Channel
from rx_phoenix.errors import CallbackOverrun, PayloadError

__all__ = ["Presence", "PresenceStatus"]

T = TypeVar("T")

MALFORMED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Exceptions of reading a payload that is not a presence."""

MAX_PENDING_DIFFS = 10_000
"""The number of diffs that may wait for the state of their join."""


class PresenceStatus(StrEnum):
    """The status of a presence's state: unknown, followed or outdated."""

    AWAITING = "awaiting"
    SYNCED = "synced"
    STALE = "stale"


class Presence:
    """The presences of a channel's topic, kept in sync with the server.

    It only listens, and never joins. Create it before the join, because the server
    sends ``presence_state`` once per join; created later, it waits for the next one.

    After a rejoin the state is resynchronized: keys that are still present neither
    leave nor join. Diffs that arrive before the state of their join wait for it; those
    of an older join are dropped.

    Args:
        channel: The channel.
        state_event: The event with the whole state.
        diff_event: The event with its changes.

    Raises:
        UsageError: The channel is not a `Channel`, or an event's name is not a string.

    >>> Presence.sync_state({}, {"u1": {"metas": [{"phx_ref": "1"}]}})
    {'u1': {'metas': [{'phx_ref': '1'}]}}
    """

    def __init__(
        self,
        channel: Channel,
        *,
        state_event: str = "presence_state",
        diff_event: str = "presence_diff",
    ) -> None:
        check_instance("channel", channel, Channel, "a Channel")
        check_name("an event", state_event)
        check_name("an event", diff_event)
        self._channel = channel
        self._report = core_of(channel)
        self._state_event = state_event
        self._diff_event = diff_event
        # A snapshot is made of these when one is asked for.
        self._present: dict[str, FrozenDict[str, Any]] = {}
        self._snapshot: Snapshot | None = None
        self._pending: deque[Any] = deque()
        self._pending_ref: str | None = None
        self._dropped = 0
        self._refs = 0
        self._callbacks: dict[int, tuple[Callback, abc.DisposableBase]] = {}
        self._status = State(PresenceStatus.AWAITING, self._report)
        self._states: LazyLatest[Snapshot] = LazyLatest(
            lambda: self.state, self._report
        )
        self._changes: Hub[Change] = Hub(self._report)
        self._joins: Hub[tuple[Any, ...]] = Hub(self._report)
        self._leaves: Hub[tuple[Any, ...]] = Hub(self._report)
        self._syncs: Hub[tuple[Any, ...]] = Hub(self._report)
        self._listening = CompositeDisposable()
        for source, listener in (
            (channel.events(state_event), self._state_received),
            (channel.events(diff_event), self._diff_received),
            (channel.states, self._channel_state_changed),
        ):
            self._listening.add(source.subscribe(listener, on_completed=self.dispose))

    @staticmethod
    def sync_state(
        current: Presences,
        new: Presences,
        on_join: Listener | None = None,
        on_leave: Listener | None = None,
    ) -> Snapshot:
        """Return the presences after a ``presence_state``; a pure function.

        Args:
            current: The presences so far; they are not modified.
            new: The server's payload.
            on_join: Called for each key with new metas.
            on_leave: Called for each key with removed metas.
        """
        return sync_state(current, new, on_join, on_leave)

    @staticmethod
    def sync_diff(
        state: Presences,
        diff: Diff,
        on_join: Listener | None = None,
        on_leave: Listener | None = None,
    ) -> Snapshot:
        """Return the presences after a ``presence_diff``; a pure function.

        Args:
            state: The presences so far; they are not modified.
            diff: The server's payload.
            on_join: Called for each key that joined, before any leave.
            on_leave: Called for each known key that left.
        """
        return sync_diff(state, diff, on_join, on_leave)

    @property
    def state(self) -> Snapshot:
        """The last known presences by key, immutable."""
        if self._snapshot is None:
            self._snapshot = FrozenDict(self._present)
        return self._snapshot

    @property
    def states(self) -> Observable[Snapshot]:
        """The state after each change; late subscribers get the latest value first.

        Completes at `dispose`, or when the channel is removed.
        """
        return self._states.observable

    @property
    def changes(self) -> Observable[Change]:
        """Each change of the presences: `Joined`, `Left` or `Updated`.

        Completes at `dispose`, or when the channel is removed.
        """
        return self._changes.observable

    @property
    def status(self) -> PresenceStatus:
        """The status of the state.

        ``awaiting`` before the first state, ``synced`` while changes are followed, and
        ``stale`` from the loss of the join until the next state.
        """
        return self._status.value

    @property
    def statuses(self) -> Observable[PresenceStatus]:
        """The status, starting with the current one."""
        return self._status.observable

    def list(self, by: Callable[[str, Mapping[str, Any]], T] | None = None) -> list[T]:
        """Return the presences in order, or the results of ``by(key, presence)``."""
        if by is None:
            return cast("list[T]", [*self._present.values()])
        return [by(key, presence) for key, presence in self.state.items()]

    def on_join(
        self,
        callback: Callable[[str, Mapping[str, Any] | None, Mapping[str, Any]], object],
    ) -> int:
        """Call a function when a key joins, or another connection tracks it.

        Args:
            callback: Gets the key, the presence before (None for a new key), and
                the presence that joined. Plain or ``async def``.

        Returns:
            A ref for `off`.
        """
        return self._register(callback, self._joins)

    def on_leave(
        self,
        callback: Callable[[str, Mapping[str, Any], Mapping[str, Any]], object],
    ) -> int:
        """Call a function when a key leaves, or a connection stops tracking it.

        Args:
            callback: Gets the key, the rest of the presence, and the presence that
                left. Plain or ``async def``.

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
        self._report.check_loop()
        self._remove(refs)

    def _remove(self, refs: Iterable[int]) -> None:
        for ref in refs:
            callback, subscription = self._callbacks.pop(ref, (None, None))
            if callback is not None and subscription is not None:
                subscription.dispose()
                callback.dispose()

    def dispose(self) -> None:
        """Stop listening, complete the streams and remove the callbacks."""
        run_on_loop(self._report, self._end)

    def _end(self) -> None:
        self._listening.dispose()
        self._pending.clear()
        self._remove([*self._callbacks])
        for hub in (self._status, self._states, self._changes):
            hub.on_completed()

    def _channel_state_changed(self, state: ChannelState) -> None:
        is_synced = self.status is PresenceStatus.SYNCED
        if is_synced and state is not ChannelState.JOINED:
            self._status.on_next(PresenceStatus.STALE)

    def _state_received(self, payload: Any) -> None:
        before = self.state
        try:
            after = sync_state(before, payload)
        except MALFORMED as error:
            self._report(_payload_error(self._state_event, payload, error))
            return
        self._present, self._snapshot = dict(after), after
        self._status.on_next(PresenceStatus.SYNCED)
        self._states.changed()
        if self._is_followed:
            found = resync_changes(before, after)
            # A key that is still present neither joined nor left, even with a new ref.
            moves = [change for change in found if not isinstance(change, Updated)]
            self._notify(before, found, for_callbacks=moves)
        for diff in self._take_pending():
            self._apply(diff)
        self._syncs.on_next(())

    def _diff_received(self, payload: Any) -> None:
        if self.status is not PresenceStatus.SYNCED:
            self._enqueue(payload)
        elif self._apply(payload):
            self._syncs.on_next(())

    def _apply(self, diff: Any) -> bool:
        """Apply a diff; return False if it is malformed."""
        try:
            before, after = sync_concerned(self._present, diff)
        except MALFORMED as error:
            self._report(_payload_error(self._diff_event, diff, error))
            return False
        self._snapshot = None
        self._present |= after
        for key in before.keys() - after.keys():
            del self._present[key]
        self._states.changed()
        if self._is_followed:
            found = diff_changes(diff, before, after)
            self._notify(before, found, for_callbacks=found)
        return True

    @property
    def _is_followed(self) -> bool:
        """True if the changes have an observer."""
        hubs = self._changes, self._joins, self._leaves
        return any(hub.is_watched for hub in hubs)

    def _notify(
        self, before: Snapshot, found: Sequence[Change], for_callbacks: Sequence[Change]
    ) -> None:
        """Emit changes on the streams, and call the callbacks for some of them.

        For callbacks, as in phoenix.js, an update is a join and a leave, and all joins
        precede the leaves.
        """
        for change in found:
            self._changes.on_next(change)
        if self._joins.is_watched:
            for change in for_callbacks:
                if isinstance(change, Joined | Updated):
                    key, presence = change.key, change.presence
                    joined = with_metas(presence, change.metas)
                    self._joins.on_next((key, before.get(key), joined))
        if self._leaves.is_watched:
            for change in for_callbacks:
                if isinstance(change, Left | Updated):
                    key, presence = change.key, change.presence
                    metas = change.metas if isinstance(change, Left) else change.before
                    self._leaves.on_next((key, presence, with_metas(presence, metas)))

    def _enqueue(self, diff: Any) -> None:
        """Queue a diff until the state of its join; drop those of another join."""
        join_ref = self._channel.join_ref
        if join_ref != self._pending_ref:
            self._pending.clear()
            self._pending_ref = join_ref
        if len(self._pending) == MAX_PENDING_DIFFS:
            self._pending.popleft()
            self._dropped += 1
            text = (
                f"{self._dropped} diffs of {self._channel.topic!r} were dropped: "
                f"{MAX_PENDING_DIFFS} are waiting for a {self._state_event}"
            )
            self._report(CallbackOverrun(text, self._dropped))
        self._pending.append(diff)

    def _take_pending(self) -> tuple[Any, ...]:
        is_due = self._pending_ref == self._channel.join_ref
        pending = tuple(self._pending) if is_due else ()
        self._pending.clear()
        return pending

    def _register(
        self, function: Callable[..., object], source: Hub[tuple[Any, ...]]
    ) -> int:
        self._refs += 1
        callback = Callback(function, self._report.spawn, self._report)
        subscription = source.subscribe(lambda arguments: callback(*arguments))
        self._callbacks[self._refs] = callback, subscription
        return self._refs


def _payload_error(event: str, payload: Any, error: Exception) -> PayloadError:
    problem = hidden(f"{type(error).__name__}: {error}")
    return PayloadError(f"malformed {event} was ignored: {problem}", payload)
