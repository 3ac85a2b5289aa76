"""Resumption of events by a cursor, across rejoins and gaps."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._log import fields, log
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._raising import raise_all
from rx_phoenix.operators._scheduling import tasks_for

__all__ = ["Gap", "Resumable", "consecutive", "resume"]

T = TypeVar("T")


class Ordered(Protocol):
    """A cursor that can be ordered: a number, a string, a time, a tuple of them."""

    def __lt__(self, other: Any, /) -> bool:
        """Return True if it precedes another one."""
        ...


C = TypeVar("C", bound=Ordered)


class Resumable(Protocol):
    """The part of a channel that `resume` uses."""

    @property
    def joins(self) -> Observable[Any]:
        """A value for each join and rejoin, before the events that follow it."""
        ...

    def stream(self, event: str) -> Observable[Any]:
        """Return the payloads of an event; subscribing joins the channel."""
        ...

    def _extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Add the params that a function returns to every join, until disposed."""
        ...


def extend_params(
    channel: Resumable, extra: Callable[[], Mapping[str, Any]]
) -> abc.DisposableBase:
    """Merge a function's result into the params of every join, until disposed."""
    return channel._extend_params(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        extra
    )


@dataclass(frozen=True, slots=True)
class Gap(Generic[C]):
    """Events that may be missing, because no backfill returned them.

    Attributes:
        last: The cursor of the last event before the gap.
        first: The cursor of the first event after the gap.
        error: The error of the backfill; None without a backfill.
    """

    last: C
    first: C
    error: Exception | None = None


def consecutive(last: object, first: object) -> bool | None:
    """Return True if the second integer follows the first; None for other cursors.

    >>> consecutive(3, 4), consecutive(3, 5), consecutive("3", "5")
    (True, False, None)
    """
    if isinstance(last, int) and isinstance(first, int):
        return first == last + 1
    return None


def resume(  # noqa: PLR0913 - a channel, an event, and the options of resumption
    channel: Resumable,
    event: str,
    *,
    cursor: Callable[[T], C],
    param: str,
    backfill: Callable[[C, C], Awaitable[Iterable[T]]] | None = None,
    since: C | None = None,
    follows: Callable[[C, C], bool | None] = consecutive,
    on_gap: Callable[[Gap[C]], None] | None = None,
    maxsize: int = 1000,
    scheduler: LoopScheduler | None = None,
) -> Observable[T]:
    """Emit the payloads of an event, each once and in order, across rejoins.

    Marbles, with ``resume(channel, "n", cursor=int, param="n", backfill=fetch)``,
    where ``J`` is an answered join and ``fetch`` takes a tick::

        joins   J------J------J--
        events  --1-2----2-3----6-    7
        result  --1-2------3-----(456)7

    Subscribing joins the channel, as with ``channel.stream``. The cursor of the last
    event is sent in the params of every rejoin, so that the server can send the missed
    events. Duplicates are dropped. If the first event after a rejoin may not follow
    the last one, there is a gap: ``backfill`` is called for the events in it, and live
    events wait until those are emitted.

    Args:
        channel: The channel.
        event: The event's name.
        cursor: Returns the position of an event: a number, a string, a time.
        param: The name of the join param with the last cursor.
        backfill: A coroutine function of the cursors on both sides of a gap; it
            returns the events between them, in order. It may return more.
        since: The cursor to resume from, such as one stored by an earlier run.
        follows: Returns True if no event lies between two cursors, False if one does,
            and None if that is unknown. Then ``backfill`` is called; without one, the
            server is trusted.
        on_gap: Called for each gap that remains, because there is no backfill or it
            failed. Without it gaps are logged as warnings to ``rx_phoenix``.
        maxsize: The maximum number of live events that wait for a backfill. Beyond it
            the oldest are dropped, and another backfill fetches them.
        scheduler: Runs the backfill; by default the one given to ``subscribe``, or
            that of the running loop.

    It ends when ``channel.stream`` does. If ``cursor`` raises, the event is emitted,
    and the exception goes to ``socket.unhandled``.
    """
    options = ResumeOptions(cursor, follows, backfill, on_gap or _log, maxsize)

    def subscribe(
        observer: abc.ObserverBase[T], subscribed: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        state = ResumeState(options, since, observer, tasks_for(scheduler, subscribed))

        def extra() -> Mapping[str, Any]:
            return {} if state.last is None else {param: state.last}

        # The stream comes last, because subscribing to it joins.
        return CompositeDisposable(
            state,
            extend_params(channel, extra),
            channel.joins.subscribe(state.rejoined),
            channel.stream(event).subscribe(state, scheduler=subscribed),
        )

    return Observable(subscribe)


@dataclass(frozen=True, slots=True)
class ResumeOptions(Generic[T, C]):
    """The arguments of `resume`."""

    cursor: Callable[[T], C]
    follows: Callable[[C, C], bool | None]
    backfill: Callable[[C, C], Awaitable[Iterable[T]]] | None
    on_gap: Callable[[Gap[C]], None]
    maxsize: int


class ResumeState(abc.ObserverBase[T], abc.DisposableBase, Generic[T, C]):
    """The position of one subscription, and the events that wait for a backfill.

    Rule: events that arrive during a backfill are queued, and keep their order.

    Attributes:
        last: The cursor of the last event; None before the first.
    """

    def __init__(
        self,
        options: ResumeOptions[T, C],
        since: C | None,
        observer: abc.ObserverBase[T],
        tasks: LoopScheduler,
    ) -> None:
        self.last = since
        self._options = options
        self._observer = observer
        self._tasks = tasks
        self._may_have_gap = True
        self._is_draining = False
        self._is_filling = False
        self._filling = SerialDisposable()
        self._steps: deque[Callable[[], None]] = deque()
        self._has_dropped = False

    def dispose(self) -> None:
        """Cancel a backfill, and drop the events that wait for it."""
        self._filling.dispose()
        self._steps.clear()

    def rejoined(self, _: object) -> None:
        """Check the next event for a gap, because the channel rejoined."""
        self._enqueue(self._expect_gap)

    def on_next(self, value: T) -> None:
        """Process the next event."""
        self._enqueue(partial(self._process, value))

    def on_error(self, error: Exception) -> None:
        """Fail, after the queued events."""
        self._enqueue(partial(self._observer.on_error, error))

    def on_completed(self) -> None:
        """Complete, after the queued events."""
        self._enqueue(self._observer.on_completed)

    def _enqueue(self, step: Callable[[], None]) -> None:
        if self._is_filling and len(self._steps) == self._options.maxsize:
            self._steps.popleft()
            self._has_dropped = True
        self._steps.append(step)
        self._drain()

    def _drain(self) -> None:
        """Run the queued steps up to the next gap."""
        if self._is_draining:
            return
        self._is_draining = True
        raised: list[Exception] = []
        try:
            while self._steps and not self._is_filling:
                try:
                    self._steps.popleft()()
                except ISOLATED as error:  # raised in the end
                    raised.append(contained(error))
        finally:
            self._is_draining = False
        raise_all(raised, "observers of resume()")

    def _expect_gap(self) -> None:
        self._may_have_gap = True

    def _process(self, event: T) -> None:
        last = self.last
        try:
            cursor = self._options.cursor(event)
            if last is not None and not last < cursor:
                return
            does_follow = self._does_follow(cursor)
        except ISOLATED as error:
            contained(error)
            # Emit an event without a position, and raise the reason to the source.
            self._observer.on_next(event)
            raise
        self._may_have_gap = False
        if last is None or does_follow:
            self._emit(cursor, event)
        elif self._options.backfill is not None:
            self._fill(self._options.backfill, last, cursor, event)
        else:
            try:
                if does_follow is False:
                    self._options.on_gap(Gap(last, cursor))
            finally:
                self._emit(cursor, event)

    def _does_follow(self, cursor: C) -> bool | None:
        if self.last is None or not self._may_have_gap:
            return True
        return self._options.follows(self.last, cursor)

    def _emit(self, cursor: C, event: T) -> None:
        if self.last is None or self.last < cursor:
            self.last = cursor
            self._observer.on_next(event)

    # Filling a gap.

    def _fill(
        self,
        backfill: Callable[[C, C], Awaitable[Iterable[T]]],
        last: C,
        first: C,
        event: T,
    ) -> None:
        async def fetch() -> list[tuple[C, T]]:
            missed = await backfill(last, first)
            return [(self._options.cursor(item), item) for item in missed]

        def emit(missed: list[tuple[C, T]]) -> None:
            self._filled([partial(self._emit, *found) for found in missed])

        def report(error: Exception) -> None:
            gap = Gap(last, first, error)
            self._filled([partial(self._options.on_gap, gap)])

        self._is_filling = True
        self._steps.appendleft(partial(self._process, event))
        self._filling.disposable = self._tasks.spawn(fetch(), emit, report)

    def _filled(self, steps: list[Callable[[], None]]) -> None:
        self._steps.extendleft(reversed(steps))
        self._may_have_gap = self._has_dropped
        self._has_dropped = self._is_filling = False
        self._drain()


def _log(gap: Gap[Any]) -> None:
    log.warning(
        "events may be missing between %r and %r",
        gap.last,
        gap.first,
        extra=fields(last=gap.last, first=gap.first),
    )
