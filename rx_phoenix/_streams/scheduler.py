"""Time and tasks on an asyncio loop, without a thread and without losing an event.

``reactivex``'s own timers run in threads, and its loop schedulers put even the
subscribing on the loop, so that ``retry``, ``start_with`` and ``merge`` miss what a
hot source emits meanwhile. Here immediate work runs at once, on the trampoline of
the thread; only delayed work goes to the loop.
"""

from asyncio import (
    AbstractEventLoop,
    CancelledError,
    Task,
    current_task,
    get_running_loop,
    iscoroutine,
)
from collections.abc import Awaitable, Callable
from datetime import datetime
from threading import get_ident
from typing import Any, Self, TypeVar

from reactivex import abc, typing
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler
from reactivex.scheduler.periodicscheduler import PeriodicScheduler

from rx_phoenix._streams.failure import contained
from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import UsageError

__all__ = ["LoopScheduler", "Timer"]

S = TypeVar("S")
T = TypeVar("T")


class Timer(abc.DisposableBase):
    """One call that is due later; disposing it calls it off."""

    __slots__ = ("_cancel",)

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel

    def dispose(self) -> None:
        """Call it off; too late is no matter."""
        self._cancel()


class LoopScheduler(PeriodicScheduler):
    """The scheduler of one asyncio loop.

    Every method but `call_soon_threadsafe` belongs to the loop's own thread.

    Args:
        loop: The loop; it need not run yet.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self._thread = get_ident()
        self._start = super().now
        self._started = loop.time()
        self._tasks: set[Task[Any]] = set()
        self._ending: set[Task[Any]] = set()
        self._waiting: list[Callable[[], None]] = []

    @classmethod
    def current(cls) -> Self:
        """The scheduler of the loop that runs now.

        Raises:
            UsageError: No loop runs in this thread.
        """
        try:
            return cls(get_running_loop())
        except RuntimeError:
            raise UsageError(
                "no event loop runs here: do this inside `async def`, started with "
                "asyncio.run(), or give a scheduler of your own"
            ) from None

    def check_loop(self) -> None:
        """See that this is its own thread, and that no other loop runs here.

        Raises:
            UsageError: It is another thread, or another loop runs.
        """
        try:
            is_here = get_running_loop() is self.loop
        except RuntimeError:
            is_here = get_ident() == self._thread
        if not is_here:
            raise UsageError(
                "this belongs to another event loop than the one that runs here: make "
                "a socket for each loop; from another thread, call_soon_threadsafe() "
                "is the way in"
            )

    @property
    def now(self) -> datetime:
        """The time of day, which no clock adjustment moves once we have begun."""
        return self._start + self.to_timedelta(self.monotonic() - self._started)

    def monotonic(self) -> float:
        """The loop's time in seconds; only differences mean anything."""
        return self.loop.time()

    def call_later(self, delay: float, function: Callable[[], None]) -> Timer:
        """Call a function in ``delay`` seconds: the cheap way, for our own timers."""
        return Timer(self.loop.call_later(delay, function).cancel)

    def call_soon_threadsafe(self, function: Callable[[], object]) -> None:
        """Call a function on the loop's thread, from any thread."""
        self.loop.call_soon_threadsafe(function)

    def spawn(
        self,
        awaitable: Awaitable[T],
        on_value: Callable[[T], None] = noop,
        on_error: Callable[[Exception], None] = noop,
    ) -> abc.DisposableBase:
        """Await something in a task of its own; disposing cancels it silently.

        A task that is disposed of from inside itself runs to its end, or a callback
        could not await the closing of what it belongs to.

        Args:
            awaitable: What to wait for.
            on_value: Called with its result.
            on_error: Called with its exception; a `RuntimeError` if it was cancelled
                from elsewhere.
        """
        task: Task[T] = self.loop.create_task(
            awaitable if iscoroutine(awaitable) else _wait_for(awaitable)
        )
        # The loop itself holds tasks weakly.
        self._tasks.add(task)
        is_disposed = False

        def finish(task: Task[T]) -> None:
            self._tasks.discard(task)
            self._note_end_of(task)
            if is_disposed:
                return
            error = CancelledError() if task.cancelled() else task.exception()
            if error is None:
                on_value(task.result())
            else:
                on_error(contained(error))

        def dispose() -> None:
            nonlocal is_disposed
            is_disposed = True
            if not task.done() and task is not current_task(self.loop):
                self._ending.add(task)
                task.cancel()

        task.add_done_callback(finish)
        return Timer(dispose)

    def when_quiet(self, call: Callable[[], None], within: float) -> None:
        """Call a function once every task that was disposed of has really ended.

        Args:
            call: Called at once if there is none.
            within: Seconds after which it is called all the same: a task may refuse.
        """
        if not self._ending:
            call()
            return
        timer: Timer | None = None

        def wake() -> None:
            if wake in self._waiting:
                self._waiting.remove(wake)
                if timer is not None:
                    timer.dispose()
                call()

        self._waiting.append(wake)
        timer = self.call_later(within, wake)

    def _note_end_of(self, task: Task[Any]) -> None:
        self._ending.discard(task)
        if not self._ending:
            for wake in tuple(self._waiting):
                wake()

    def schedule(
        self, action: typing.ScheduledAction[S], state: S | None = None
    ) -> abc.DisposableBase:
        """Run an action at once, or right after the one that runs now."""

        def run(_: abc.SchedulerBase, state: S | None = None) -> Any:
            return action(self, state)

        return CurrentThreadScheduler.singleton().schedule(run, state)

    def schedule_relative(
        self,
        duetime: typing.RelativeTime,
        action: typing.ScheduledAction[S],
        state: S | None = None,
    ) -> abc.DisposableBase:
        """Run an action after some seconds, on the loop."""
        inner = SingleAssignmentDisposable()

        def run() -> None:
            inner.disposable = self.invoke_action(action, state)

        handle = self.loop.call_later(max(self.to_seconds(duetime), 0.0), run)

        def dispose() -> None:
            handle.cancel()
            inner.dispose()

        return Disposable(dispose)

    def schedule_absolute(
        self,
        duetime: typing.AbsoluteTime,
        action: typing.ScheduledAction[S],
        state: S | None = None,
    ) -> abc.DisposableBase:
        """Run an action at a time of `now`'s day, on the loop."""
        delay = self.to_datetime(duetime) - self.now
        return self.schedule_relative(delay, action, state)


async def _wait_for(awaitable: Awaitable[T]) -> T:
    return await awaitable
