"""Going on where one stopped: events with a cursor, across rejoins and gaps."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._log import fields, log
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._raising import raise_all
from rx_phoenix.operators._scheduling import tasks_for

__all__ = ["Gap", "Resumable", "consecutive", "resume"]

T = TypeVar("T")


class Ordered(Protocol):
    """What can be compared with its like: numbers, texts, times, tuples of them."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether it comes before another one."""
        ...


C = TypeVar("C", bound=Ordered)


class Resumable(Protocol):
    """What `resume` needs of a channel."""

    @property
    def joins(self) -> Observable[Any]:
        """A value for each join and rejoin, before the events that follow it."""
        ...

    def stream(self, event: str) -> Observable[Any]:
        """The payloads of an event; whoever subscribes is in the channel."""
        ...

    def _extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Ask a function for more params at every join, until disposed."""
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
    """Events that may be missing, and that no backfill brought.

    Attributes:
        last: The cursor of the last event before it.
        first: The cursor of the first event after it.
        error: Why the backfill failed; None if there was no backfill.
    """

    last: C
    first: C
    error: Exception | None = None


def consecutive(last: object, first: object) -> bool | None:
    """Whether one integer is the next of another; None for other cursors.

    >>> consecutive(3, 4), consecutive(3, 5), consecutive("3", "5")
    (True, False, None)
    """
    if isinstance(last, int) and isinstance(first, int):
        return first == last + 1
    return None


def resume(  # noqa: PLR0913 - a channel, an event, and how to find the place again
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
    """The payloads of an event, each once and in order, whatever happens meanwhile.

    Marbles, with ``resume(channel, "n", cursor=int, param="n", backfill=fetch)``,
    where ``J`` is an answered join and ``fetch`` takes a tick::

        joins   J------J------J--
        events  --1-2----2-3----6-    7
        result  --1-2------3-----(456)7

    Subscribing is being in the channel, as with ``channel.stream``. The cursor of the
    last event goes into the params of every rejoin, so that the server can send what
    was missed. What comes twice is dropped. If the first new event after a rejoin may
    not be the next one, there is a gap: ``backfill`` is asked for what is in it, and
    live events wait until that was emitted.

    Args:
        channel: The channel.
        event: The event's name.
        cursor: The place of an event in their order: a number, a text, a time.
        param: The name under which the last cursor goes into the join's params.
        backfill: A coroutine function of the cursors at both sides of a gap; it
            returns the events between them, in order. More than those is no harm.
        since: The cursor to go on from, such as one kept from an earlier run.
        follows: Says of two cursors whether nothing is between them: True, False, or
            None if that cannot be told. Then a backfill is asked, and without one the
            server is trusted.
        on_gap: Told of each gap that remains, because there is no backfill or it
            failed. Without it gaps are logged as warnings to ``rx_phoenix``.
        maxsize: The most live events that wait for a backfill. Of more, the oldest
            are dropped, and asked for by another backfill.
        scheduler: Where the backfill runs; else the one given to ``subscribe``, else
            that of the running loop.

    It ends as ``channel.stream`` does. An event whose cursor cannot be told (the
    function raises) is passed on, and the exception goes to ``socket.unhandled``.
    """
    bearings = ResumeOptions(cursor, follows, backfill, on_gap or _log, maxsize)

    def subscribe(
        observer: abc.ObserverBase[T], subscribed: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        course = ResumeState(
            bearings, since, observer, tasks_for(scheduler, subscribed)
        )

        def extra() -> Mapping[str, Any]:
            return {} if course.last is None else {param: course.last}

        # Whoever listens first misses nothing: the stream is what joins.
        return CompositeDisposable(
            course,
            extend_params(channel, extra),
            channel.joins.subscribe(course.rejoined),
            channel.stream(event).subscribe(course, scheduler=subscribed),
        )

    return Observable(subscribe)


@dataclass(frozen=True, slots=True)
class ResumeOptions(Generic[T, C]):
    """How to find the place again: the arguments of `resume`."""

    cursor: Callable[[T], C]
    follows: Callable[[C, C], bool | None]
    backfill: Callable[[C, C], Awaitable[Iterable[T]]] | None
    on_gap: Callable[[Gap[C]], None]
    maxsize: int


class ResumeState(abc.ObserverBase[T], abc.DisposableBase, Generic[T, C]):
    """The events of one subscription, from one to the next.

    Rule: what comes while a backfill is under way waits, and keeps its order.

    Attributes:
        last: The cursor of the last event; None before the first.
    """

    def __init__(
        self,
        bearings: ResumeOptions[T, C],
        since: C | None,
        observer: abc.ObserverBase[T],
        tasks: LoopScheduler,
    ) -> None:
        self.last = since
        self._bearings = bearings
        self._observer = observer
        self._tasks = tasks
        self._is_suspect = True
        self._is_going_on = False
        self._is_filling = False
        self._filling = SerialDisposable()
        self._steps: deque[Callable[[], None]] = deque()
        self._has_dropped = False

    def dispose(self) -> None:
        """Cancel a backfill, and drop what waits for it."""
        self._filling.dispose()
        self._steps.clear()

    def rejoined(self, _: object) -> None:
        """The channel was joined anew: the next event need not follow the last."""
        self._in_turn(self._suspect)

    def on_next(self, value: T) -> None:
        """Take the next event."""
        self._in_turn(partial(self._take, value))

    def on_error(self, error: Exception) -> None:
        """Pass the error on, after what waits."""
        self._in_turn(partial(self._observer.on_error, error))

    def on_completed(self) -> None:
        """Pass the end on, after what waits."""
        self._in_turn(self._observer.on_completed)

    def _in_turn(self, step: Callable[[], None]) -> None:
        if self._is_filling and len(self._steps) == self._bearings.maxsize:
            self._steps.popleft()
            self._has_dropped = True
        self._steps.append(step)
        self._go_on()

    def _go_on(self) -> None:
        """Do what waits, as far as the next gap."""
        if self._is_going_on:
            return
        self._is_going_on = True
        raised: list[Exception] = []
        try:
            while self._steps and not self._is_filling:
                try:
                    self._steps.popleft()()
                except Exception as error:  # noqa: BLE001 - raised in the end
                    raised.append(error)
        finally:
            self._is_going_on = False
        raise_all(raised, "observers of resume()")

    def _suspect(self) -> None:
        self._is_suspect = True

    def _take(self, event: T) -> None:
        last = self.last
        try:
            cursor = self._bearings.cursor(event)
            if last is not None and not last < cursor:
                return
            does_follow = self._does_follow(cursor)
        except Exception:
            # What has no place in the order is passed on, and the source told why.
            self._observer.on_next(event)
            raise
        self._is_suspect = False
        if last is None or does_follow:
            self._pass(cursor, event)
        elif self._bearings.backfill is not None:
            self._fill(self._bearings.backfill, last, cursor, event)
        else:
            try:
                if does_follow is False:
                    self._bearings.on_gap(Gap(last, cursor))
            finally:
                self._pass(cursor, event)

    def _does_follow(self, cursor: C) -> bool | None:
        if self.last is None or not self._is_suspect:
            return True
        return self._bearings.follows(self.last, cursor)

    def _pass(self, cursor: C, event: T) -> None:
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
            return [(self._bearings.cursor(item), item) for item in missed]

        def emit(missed: list[tuple[C, T]]) -> None:
            self._filled([partial(self._pass, *found) for found in missed])

        def report(error: Exception) -> None:
            gap = Gap(last, first, error)
            self._filled([partial(self._bearings.on_gap, gap)])

        self._is_filling = True
        self._steps.appendleft(partial(self._take, event))
        self._filling.disposable = self._tasks.spawn(fetch(), emit, report)

    def _filled(self, steps: list[Callable[[], None]]) -> None:
        self._steps.extendleft(reversed(steps))
        self._is_suspect = self._has_dropped
        self._has_dropped = self._is_filling = False
        self._go_on()


def _log(gap: Gap[Any]) -> None:
    log.warning(
        "events may be missing between %r and %r",
        gap.last,
        gap.first,
        extra=fields(last=gap.last, first=gap.first),
    )
