"""Time and tasks on an asyncio loop, without threads or lost events.

The timers of ``reactivex`` run in threads, and its loop schedulers defer even
subscriptions, so that ``retry``, ``start_with`` and ``merge`` miss events that a hot
source emits meanwhile. Here immediate work runs at once, on the thread's trampoline;
only delayed work goes to the loop.
"""

import os
from asyncio import (
    AbstractEventLoop,
    CancelledError,
    Task,
    all_tasks,
    current_task,
    get_running_loop,
    iscoroutine,
)
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from copy import copy
from datetime import datetime
from threading import get_ident
from time import time
from typing import Any, Literal, Protocol, Self, TypeVar, cast
from weakref import WeakSet

from reactivex import abc, typing
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler
from reactivex.scheduler.periodicscheduler import PeriodicScheduler

from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._streams.failure import ENDS_PROGRAM, contained
from rx_phoenix.errors import UsageError

__all__ = [
    "FORKED_TEXT",
    "NOTED_AT_FORKS",
    "UNKNOWN_RUNNER",
    "LoopScheduler",
    "Timer",
    "noop",
]

S = TypeVar("S")
T = TypeVar("T")

WATCH_PERIOD = 1.0
"""Seconds between two calls of a watch."""


class Timer(abc.DisposableBase):
    """A scheduled call; disposing cancels it."""

    __slots__ = ("_cancel",)

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel

    def dispose(self) -> None:
        """Cancel the call; do nothing if it has run."""
        self._cancel()


def noop(*_: object) -> None:
    """Do nothing, such as in place of a disposed observer."""


class Runner(Protocol):
    """A loop that stores the thread in which it runs, as those of asyncio do.

    To compare it is several times cheaper than to ask for the running loop.
    """

    _thread_id: int | None


class UnknownRunner:
    """The place of a loop that does not store it: the running loop is asked for."""

    _thread_id: int | None = None


UNKNOWN_RUNNER: Runner = UnknownRunner()

FORKED = -1
"""The thread of a scheduler that a fork has copied."""

FORKED_TEXT = (
    "this object belongs to the process that was forked: create a socket in each "
    "process; call_soon_threadsafe() does not reach across a fork"
)

CLOSED_TEXT = (
    "this object belongs to another event loop, one that is closed: create a socket "
    "for each loop, and end it with aclose() before its loop ends; "
    "call_soon_threadsafe() does not reach a closed loop"
)


class LoopScheduler(PeriodicScheduler):
    """The scheduler of one asyncio loop.

    Every method but `call_soon_threadsafe` must be called on the loop's thread.

    Args:
        loop: The loop, running or not.

    Raises:
        UsageError: It is not an event loop.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        super().__init__()
        check_methods("loop", loop, "time call_later", "an event loop of asyncio")
        self.loop = loop
        self.runner: Runner = (
            cast("Runner", loop) if hasattr(loop, "_thread_id") else UNKNOWN_RUNNER
        )
        self._thread = get_ident()
        self._context: Context | None = None
        NOTED_AT_FORKS.add(self)
        self._start = super().now
        self._started = loop.time()
        self._tasks: set[Task[Any]] = set()
        self._ending: set[Task[Any]] = set()
        self._is_ending = False
        self._waiting: list[Callable[[], None]] = []

    @classmethod
    def current(cls) -> Self:
        """Return a scheduler of the running loop.

        Raises:
            UsageError: This thread has no running loop.
        """
        try:
            return cls(get_running_loop())
        except RuntimeError:
            raise UsageError(
                "no running event loop: call this inside an `async def` started with "
                "asyncio.run(), pass a scheduler, or from another thread use "
                "socket.call_soon_threadsafe(function)"
            ) from None

    @property
    def is_here(self) -> bool:
        """True on the thread of the open loop, outside any other loop and any fork."""
        try:
            return get_running_loop() is self.loop
        except RuntimeError:
            return get_ident() == self._thread and not self.loop.is_closed()

    @property
    def is_forked(self) -> bool:
        """True if this process is a fork of the loop's."""
        return self._thread == FORKED

    def check_loop(self) -> None:
        """Check that the caller is on the loop's thread, outside any other loop.

        Raises:
            UsageError: It is another thread, another loop is running, the loop is
                closed, or this process is a fork of the loop's.
        """
        if self.is_here:
            return
        if self.is_forked:
            raise UsageError(FORKED_TEXT)
        if self.loop.is_closed():
            raise UsageError(CLOSED_TEXT)
        raise UsageError(
            "this object belongs to another event loop: use "
            "socket.call_soon_threadsafe(function) from another thread or loop, or "
            "create a socket for each loop; timers of reactivex run in threads unless "
            "their operator is given scheduler=LoopScheduler.current()"
        )

    def forked(self) -> None:
        """Refuse every caller: this process is a fork, in which the loop is dead."""
        self._thread = FORKED
        self.runner = UNKNOWN_RUNNER

    def hop(self, call: Callable[[], object]) -> bool:
        """Have the loop call a function, from any thread.

        Returns:
            False if it cannot, because the loop is closed or in another process.
        """
        if self.is_forked:
            return False
        try:
            self.call_soon_threadsafe(call)
        except RuntimeError:  # the loop was closed, even if just now
            return False
        return True

    # Contexts.

    def detached(self) -> Self:
        """Return a scheduler of the same loop whose calls run in a context of its own.

        What was set where a connection was asked for, such as the span of a request,
        does not live on in it.
        """
        detached = copy(self)
        detached._context = Context()  # noqa: SLF001 - of the same class
        detached._tasks, detached._ending = set(), set()  # noqa: SLF001
        detached._waiting = []  # noqa: SLF001
        NOTED_AT_FORKS.add(detached)
        return detached

    def copy_context(self) -> Context | None:
        """Return a copy of the present context; None to run all in the present one."""
        return copy_context()

    def run_detached(self, function: Callable[..., None], *arguments: Any) -> None:
        """Call a function in a fresh context if this is a `detached` scheduler."""
        if self._context is None:
            function(*arguments)
        else:
            Context().run(function, *arguments)

    # Time and tasks.

    @property
    def now(self) -> datetime:
        """The wall-clock time, unaffected by clock adjustments after construction."""
        return self._start + self.to_timedelta(self.monotonic() - self._started)

    def monotonic(self) -> float:
        """Return the loop's time in seconds, of which only differences count."""
        return self.loop.time()

    def wall_clock(self) -> float:
        """Return the wall clock's seconds, which pass while the machine sleeps."""
        return time()

    def watch(self, function: Callable[[], None]) -> Timer:
        """Call a function about once a second for as long as the loop runs."""

        def call() -> None:
            nonlocal timer
            timer = self.loop.call_later(WATCH_PERIOD, call, context=self._context)
            function()

        def stop() -> None:
            timer.cancel()

        timer = self.loop.call_later(WATCH_PERIOD, call, context=self._context)
        return Timer(stop)

    def call_later(self, delay: float, function: Callable[[], None]) -> Timer:
        """Call a function in ``delay`` seconds, cheaper than `schedule_relative`."""
        handle = self.loop.call_later(delay, function, context=self._context)
        return Timer(handle.cancel)

    def call_soon_threadsafe(self, function: Callable[[], object]) -> None:
        """Call a function on the loop's thread, from any thread."""
        self.loop.call_soon_threadsafe(function)

    def spawn(
        self,
        awaitable: Awaitable[T],
        on_value: Callable[[T], None] = noop,
        on_error: Callable[[Exception], None] = noop,
        *,
        on_end: Callable[[], object] = noop,
        context: Context | None = None,
    ) -> abc.DisposableBase:
        """Await an awaitable in a new task; disposing cancels it silently.

        A task that disposes itself runs to completion, so that a callback can await
        the closing of its own socket. One that is cancelled with all others, because
        its program ends, has neither a result nor an error: nothing may begin on that
        loop any more.

        Args:
            awaitable: The awaitable.
            on_value: Called with its result.
            on_error: Called with its exception; a `RuntimeError` if other code
                cancelled it.
            on_end: Called instead if the program ends.
            context: The context of the task; by default a copy of the present one, or
                one of a `detached` scheduler's own.
        """
        if self._has_ended(awaitable):
            on_end()
            return Timer(noop)
        task: Task[T] = self.loop.create_task(
            awaitable if iscoroutine(awaitable) else _wait_for(awaitable),
            context=context or self._new_context(),
        )
        # A socket that outlives its loop warns in a sentence of its own.
        setattr(task, "_log_destroy_pending", False)  # noqa: B010 - asyncio's own
        # The loop holds only weak references to tasks.
        self._tasks.add(task)
        is_disposed = False

        def finish(task: Task[T]) -> None:
            self._tasks.discard(task)
            self._task_ended(task)
            if not is_disposed:
                self._is_ending = task.cancelling() > 0 and self._all_are_cancelled()
                _hand_over(task, on_value, on_error, self._is_ending and on_end)

        def dispose() -> None:
            nonlocal is_disposed
            is_disposed = True
            if task.done():
                return
            if not self.is_here:
                self.hop(dispose)
            elif task is not current_task(self.loop):
                self._ending.add(task)
                task.cancel()

        task.add_done_callback(finish, context=self._context)
        return Timer(dispose)

    def _new_context(self) -> Context | None:
        return None if self._context is None else Context()

    def when_quiet(self, call: Callable[[], None], within: float) -> None:
        """Call a function when all disposed tasks have ended.

        Args:
            call: The function; called at once if there are none.
            within: Seconds after which it is called even if a task still runs.
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

    def _has_ended(self, awaitable: Awaitable[Any]) -> bool:
        """Return whether nothing may begin any more; the awaitable is closed then."""
        self._is_ending = self._is_ending and self._all_are_cancelled()
        if self._is_ending and iscoroutine(awaitable):
            awaitable.close()
        return self._is_ending

    def _all_are_cancelled(self) -> bool:
        """Return True if the program ends: `asyncio.run` then cancels every task."""
        return all(task.cancelling() for task in all_tasks(self.loop))

    def _task_ended(self, task: Task[Any]) -> None:
        self._ending.discard(task)
        if not self._ending:
            for wake in tuple(self._waiting):
                wake()

    def schedule(
        self, action: typing.ScheduledAction[S], state: S | None = None
    ) -> abc.DisposableBase:
        """Run an action at once, or after the running one."""

        def run(_: abc.SchedulerBase, state: S | None = None) -> Any:
            return action(self, state)

        return CurrentThreadScheduler.singleton().schedule(run, state)

    def schedule_relative(
        self,
        duetime: typing.RelativeTime,
        action: typing.ScheduledAction[S],
        state: S | None = None,
    ) -> abc.DisposableBase:
        """Run an action on the loop after a delay."""
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
        """Run an action on the loop at a time, as `now` measures it."""
        delay = self.to_datetime(duetime) - self.now
        return self.schedule_relative(delay, action, state)


def _hand_over(
    task: Task[T],
    on_value: Callable[[T], None],
    on_error: Callable[[Exception], None],
    on_end: Callable[[], object] | Literal[False],
) -> None:
    if on_end:
        on_end()
        return
    error = CancelledError() if task.cancelled() else task.exception()
    if error is None:
        on_value(task.result())
    elif not isinstance(error, ENDS_PROGRAM):  # it has left the loop already
        on_error(contained(error))


async def _wait_for(awaitable: Awaitable[T]) -> T:
    return await awaitable


class Forkable(Protocol):
    """What must not be used in a fork."""

    def forked(self) -> None:
        """Refuse every caller from now on."""
        ...


NOTED_AT_FORKS = WeakSet[Forkable]()
"""The objects of this process that belong to one of its loops."""


def _note_fork() -> None:
    for each in tuple(NOTED_AT_FORKS):
        each.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
