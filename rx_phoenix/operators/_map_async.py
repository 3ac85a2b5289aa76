"""Awaiting a coroutine for each value, with bounded concurrency."""

from collections.abc import Awaitable, Callable, Generator
from contextvars import copy_context
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Generic, Literal, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._protocol.checks import check_count, check_function
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import PRESENT, CallContext
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import (
    BoundedQueue,
    OnLoss,
    Overflow,
    QueueOverflow,
    check_choice,
    name_of,
)
from rx_phoenix.operators._scheduling import tasks_for

__all__ = ["Strategy", "map_async"]

R = TypeVar("R")
T = TypeVar("T")

Strategy = Literal["concat", "merge", "switch", "exhaust"]
"""The handling of a value that arrives while others are processed: it is queued,
processed concurrently, replaces them, or is dropped."""


def map_async(  # noqa: PLR0913 - a function, and six keywords that bound it
    fn: Callable[[T], Awaitable[R]],
    *,
    strategy: Strategy = "concat",
    max_concurrent: int = 16,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_loss: OnLoss | None = None,
    scheduler: LoopScheduler | None = None,
) -> Callable[[Observable[T]], Observable[R]]:
    """Await a function of each value, and emit the results.

    Marbles, with ``map_async(work, strategy=…)``, where ``work`` takes three ticks::

        source   a-b-c-----|
        concat   ---a--b--c|
        merge    ---a-b-c--|
        switch   -------c--|
        exhaust  ---a---c--|

    Args:
        fn: An ``async def`` of one value. Each call runs in a new task, in a copy of
            the context of ``subscribe``.
        strategy: ``"concat"`` processes one value at a time, in order. ``"merge"``
            processes up to ``max_concurrent`` at once, and emits results as they
            arrive. ``"switch"`` cancels the current call when the next value arrives.
            ``"exhaust"`` drops values while a call runs.
        max_concurrent: The maximum number of concurrent calls, for ``merge``.
        maxsize: The maximum number of values that wait, for ``concat`` and ``merge``.
        overflow: The policy for one more. ``"error"`` unsubscribes, processes the
            values that wait, and then fails with a `QueueOverflow`; ``"drop_oldest"``,
            ``"drop_newest"``; ``"latest"`` keeps only the newest. ``"wait"`` loses
            nothing: when ``maxsize`` values wait, the connection that delivers stops
            reading, so that the server has to wait, and goes on at half. While a push,
            a join or a leave of that socket awaits its answer, reading goes on, and
            more values may wait; so do values that come from elsewhere. A connection
            that cannot stop, such as a long poll, fails the stream with a
            `UsageError`.
        on_loss: Called with the number of lost values, at each loss, including values
            that ``switch`` cancels or ``exhaust`` drops. Without it the losses of a
            full queue are logged as warnings to ``rx_phoenix``.
        scheduler: Runs the tasks; by default the one given to ``subscribe``, or that
            of the running loop.

    Raises:
        UsageError: An argument is invalid; ``switch`` and ``exhaust`` cannot wait.

    It completes or fails as the source does, after all calls have ended; it fails at
    once if ``fn`` or ``on_loss`` raises. Then, and at a dispose, it cancels its calls.

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
    check_function("fn", fn, "an `async def` of one value")
    name = name_of("map_async", fn)
    bounds = Bounds(strategy, max_concurrent, maxsize, overflow, on_loss, name)

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
    """The limits of concurrent calls and waiting values, and the overflow policy."""

    strategy: Strategy
    max_concurrent: int
    maxsize: int
    overflow: Overflow
    on_loss: OnLoss | None
    name: str

    def __post_init__(self) -> None:
        check_choice("strategy", self.strategy, Strategy)
        check_count("max_concurrent", self.max_concurrent)
        if self.overflow == "wait" and self.strategy in {"switch", "exhaust"}:
            raise UsageError(
                f"overflow='wait' loses nothing, and strategy={self.strategy!r} drops "
                "values: use 'concat' or 'merge', or another overflow"
            )
        self.new_queue()

    @property
    def concurrency(self) -> int:
        """The number of values that may be processed at once."""
        return self.max_concurrent if self.strategy == "merge" else 1

    def new_queue(self) -> BoundedQueue[Any]:
        """Create the queue of values that wait."""
        return BoundedQueue(self.maxsize, self.overflow, self.on_loss, self.name)

    def report_loss(self) -> None:
        """Report a value that ``switch`` or ``exhaust`` lost."""
        if self.on_loss is not None:
            self.on_loss(1)


class Work(abc.ObserverBase[T], abc.DisposableBase, Generic[T, R]):
    """The calls of one subscription: those that run, and the values that wait.

    Args:
        fn: Awaited for each value.
        bounds: The limits.
        observer: Gets the results.
        tasks: Returns the scheduler, at the first value.
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
        self._context = CallContext(copy_context())
        self._source = SingleAssignmentDisposable()
        self._running: dict[object, abc.DisposableBase] = {}
        self._waiting: BoundedQueue[T] = bounds.new_queue()
        self._end: Callable[[], None] | None = None

    def begin(self, source: Observable[T], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to the source."""
        self._source.disposable = source.subscribe(self, scheduler=scheduler)

    def dispose(self) -> None:
        """Unsubscribe, cancel the running calls, and drop the values that wait."""
        self._source.dispose()
        self._waiting.clear()
        self._cancel()

    def on_next(self, value: T) -> None:
        """Process, queue or drop a value, according to the strategy."""
        try:
            if len(self._running) < self._bounds.concurrency:
                self._start(value)
            else:
                self._defer(value)
        except (QueueOverflow, UsageError) as error:
            self._source.dispose()
            self.on_error(error)
        except ISOLATED as error:
            self._fail(contained(error))

    def on_error(self, error: Exception) -> None:
        """Fail after all calls have ended."""
        self._end_with(lambda: self._observer.on_error(error))

    def on_completed(self) -> None:
        """Complete after all calls have ended."""
        self._end_with(self._observer.on_completed)

    def _defer(self, value: T) -> None:
        match self._bounds.strategy:
            case "switch":
                self._cancel()
                self._start(value)
                self._bounds.report_loss()
            case "exhaust":
                self._bounds.report_loss()
            case _:
                self._waiting.put(value)

    def _start(self, value: T) -> None:
        if self._scheduler is None:
            self._scheduler = self._tasks()
            if self._scheduler.copy_context() is None:
                self._context = PRESENT
        task = object()

        def finish(result: R) -> None:
            del self._running[task]
            # Before the result is emitted, because its observer may add another value,
            # which must wait. The call itself begins at the loop's next iteration.
            self._start_waiting()
            try:
                self._observer.on_next(result)
            finally:
                self._end_if_done()

        self._running[task] = self._context.run(
            self._scheduler.spawn, Call(self._fn, value), finish, self._fail
        )

    def _start_waiting(self) -> None:
        while self._waiting and len(self._running) < self._bounds.concurrency:
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
    """A call that is made when it is awaited.

    A coroutine that is cancelled before its first step causes a `RuntimeWarning`.
    """

    def __init__(self, fn: Callable[[T], Awaitable[R]], value: T) -> None:
        self._fn = fn
        self._value = value

    def __await__(self) -> Generator[Any, Any, R]:
        result = self._fn(self._value)
        if not isawaitable(result):
            raise UsageError(
                f"the function of map_async() must return an awaitable; {self._fn!r} "
                f"returned {result!r}: pass an `async def`, or use operators.map()"
            )
        return (yield from result.__await__())
