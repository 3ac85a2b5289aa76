"""Awaiting something for each value, within bounds and in a chosen order."""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Generic, Literal, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import (
    BoundedQueue,
    OnLoss,
    Overflow,
    QueueOverflow,
    check_choice,
)
from rx_phoenix.operators._scheduling import tasks_for

__all__ = ["Strategy", "map_async"]

R = TypeVar("R")
T = TypeVar("T")

Strategy = Literal["concat", "merge", "switch", "exhaust"]
"""What becomes of a value that comes while others are worked on: it waits for its
turn, is worked on beside them, takes their place, or is dropped."""


def map_async(  # noqa: PLR0913 - a function, and six keywords to bound it
    fn: Callable[[T], Awaitable[R]],
    *,
    strategy: Strategy = "concat",
    max_concurrent: int = 16,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_loss: OnLoss | None = None,
    scheduler: LoopScheduler | None = None,
) -> Callable[[Observable[T]], Observable[R]]:
    """Await a function of each value, and emit what it returns.

    Marbles, with ``map_async(work, strategy=…)``, where ``work`` takes three ticks::

        source   a-b-c-----|
        concat   ---a--b--c|
        merge    ---a-b-c--|
        switch   -------c--|
        exhaust  ---a---c--|

    Args:
        fn: An ``async def`` of one value. It is called in a task of its own.
        strategy: ``"concat"`` works on one value after another, and keeps their order.
            ``"merge"`` works on up to ``max_concurrent`` at once, and emits results as
            they come. ``"switch"`` cancels the work on a value when the next one
            comes. ``"exhaust"`` drops values while it works on one.
        max_concurrent: The most at once; for ``merge`` alone.
        maxsize: The most values that wait; for ``concat`` and ``merge``.
        overflow: What becomes of one more. ``"error"`` takes no further value, works
            on those that wait, and then emits a `QueueOverflow`; ``"drop_oldest"``,
            ``"drop_newest"``; ``"latest"`` lets only the newest wait.
        on_loss: Told how many values were lost, at each loss; a value that ``switch``
            gives up or ``exhaust`` drops is one. Without it what a full queue drops
            is logged as a warning to ``rx_phoenix``.
        scheduler: Where the tasks run; else the one given to ``subscribe``, else that
            of the running loop.

    Raises:
        UsageError: An argument makes no sense.

    It ends as the source ends, an error included, when all work is done; at once with
    an exception of ``fn`` or ``on_loss``. The end and a dispose cancel what runs.

    >>> from rx_phoenix.testing import VirtualScheduler
    >>> import asyncio, reactivex
    >>> async def double(n: int) -> int:
    ...     await asyncio.sleep(1)
    ...     return 2 * n
    >>> time = VirtualScheduler()
    >>> doubles = reactivex.of(1, 2, 3).pipe(map_async(double, scheduler=time))
    >>> subscription = doubles.subscribe(lambda n: print(f"{time.clock} s: {n}"))
    >>> time.advance_by(3)
    1.0 s: 2
    2.0 s: 4
    3.0 s: 6
    """
    bounds = Bounds(strategy, max_concurrent, maxsize, overflow, on_loss)

    def operator(source: Observable[T]) -> Observable[R]:
        def subscribe(
            observer: abc.ObserverBase[R], subscribed: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            work = Work(fn, bounds, observer, lambda: tasks_for(scheduler, subscribed))
            work.begin(source, subscribed)
            return work

        return Observable(subscribe)

    return operator


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be worked on, how much may wait, and what becomes of the rest."""

    strategy: Strategy
    max_concurrent: int
    maxsize: int
    overflow: Overflow
    on_loss: OnLoss | None

    def __post_init__(self) -> None:
        check_choice("strategy", self.strategy, Strategy)
        if self.max_concurrent < 1:
            raise UsageError(
                f"max_concurrent={self.max_concurrent} begins nothing: give 1 or more"
            )
        self.waiting()

    @property
    def room(self) -> int:
        """How many values may be worked on at once."""
        return self.max_concurrent if self.strategy == "merge" else 1

    def waiting(self) -> BoundedQueue[Any]:
        """A queue for the values that find no room."""
        return BoundedQueue(self.maxsize, self.overflow, self.on_loss)

    def lose(self) -> None:
        """Tell that a value was given up, as ``switch`` and ``exhaust`` do."""
        if self.on_loss is not None:
            self.on_loss(1)


class Work(abc.ObserverBase[T], abc.DisposableBase, Generic[T, R]):
    """The work of one subscription: what runs, what waits, and how it will end.

    Args:
        fn: Awaited for each value.
        bounds: How much at once.
        observer: Gets the results.
        tasks: Gives the scheduler, at the first value.
    """

    def __init__(
        self,
        fn: Callable[[T], Awaitable[R]],
        bounds: Bounds,
        observer: abc.ObserverBase[R],
        tasks: Callable[[], LoopScheduler],
    ) -> None:
        self._fn = fn
        self._bounds = bounds
        self._observer = observer
        self._tasks = tasks
        self._scheduler: LoopScheduler | None = None
        self._source = SingleAssignmentDisposable()
        self._running: dict[object, abc.DisposableBase] = {}
        self._waiting: BoundedQueue[T] = bounds.waiting()
        self._end: Callable[[], None] | None = None

    def begin(self, source: Observable[T], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to the source."""
        self._source.disposable = source.subscribe(self, scheduler=scheduler)

    def dispose(self) -> None:
        """Leave the source, cancel what runs, and drop what waits."""
        self._source.dispose()
        self._waiting.clear()
        self._cancel()

    def on_next(self, value: T) -> None:
        """Work on a value, now or later, or never: as the strategy says."""
        try:
            if len(self._running) < self._bounds.room:
                self._start(value)
            else:
                self._defer(value)
        except QueueOverflow as overflow:
            self._source.dispose()
            self.on_error(overflow)
        except Exception as error:  # noqa: BLE001 - Rx's rule: to on_error
            self._fail(error)

    def on_error(self, error: Exception) -> None:
        """Pass the error on when all work is done."""
        self._end_with(lambda: self._observer.on_error(error))

    def on_completed(self) -> None:
        """Complete when all work is done."""
        self._end_with(self._observer.on_completed)

    def _defer(self, value: T) -> None:
        match self._bounds.strategy:
            case "switch":
                self._cancel()
                self._start(value)
                self._bounds.lose()
            case "exhaust":
                self._bounds.lose()
            case _:
                self._waiting.put(value)

    def _start(self, value: T) -> None:
        if self._scheduler is None:
            self._scheduler = self._tasks()
        task = object()

        def finish(result: R) -> None:
            del self._running[task]
            # Before the result goes out, for that may bring another value, whose turn
            # is later. What starts here begins at the loop's next turn only.
            self._start_waiting()
            try:
                self._observer.on_next(result)
            finally:
                self._end_if_done()

        self._running[task] = self._scheduler.spawn(
            Call(self._fn, value), finish, self._fail
        )

    def _start_waiting(self) -> None:
        while self._waiting and len(self._running) < self._bounds.room:
            self._start(self._waiting.take())

    def _end_with(self, end: Callable[[], None]) -> None:
        self._end = end
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._end is not None and not self._running:
            self._end()

    def _fail(self, error: Exception) -> None:
        self.dispose()
        self._observer.on_error(error)

    def _cancel(self) -> None:
        running, self._running = self._running, {}
        for task in running.values():
            task.dispose()


class Call(Awaitable[R], Generic[T, R]):
    """A call that is made when it is awaited, and not at all if it never is.

    A coroutine that is dropped before its first step makes the interpreter complain.
    """

    def __init__(self, fn: Callable[[T], Awaitable[R]], value: T) -> None:
        self._fn = fn
        self._value = value

    def __await__(self) -> Generator[Any, Any, R]:
        result = self._fn(self._value)
        if not isawaitable(result):
            raise UsageError(
                f"map_async() awaits what its function returns, and {self._fn!r} "
                f"returned {result!r}: give an `async def`, or use operators.map()"
            )
        return (yield from result.__await__())
