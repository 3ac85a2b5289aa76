"""Users' callbacks, plain or ``async def``, behind one interface."""

from asyncio import Future
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine
from typing import Any, Protocol

from reactivex import abc

from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import (
    CallContext,
    Reporter,
    context_of,
    run_on_loop,
)
from rx_phoenix.errors import CallbackOverrun, UsageError

__all__ = ["Callback", "Spawn", "discard"]

LIMIT = 1000
"""The number of calls of one async callback that may wait."""


class Spawn(Protocol):
    """A function that awaits in a task: `LoopScheduler.spawn`, or a wrapper of it."""

    def __call__(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        *,
        on_end: Callable[[], object] = ...,
    ) -> abc.DisposableBase:
        """Await it, and call one of the functions: the last one if the program ends."""
        ...


class Callback(CallContext, abc.DisposableBase):
    """A user's function; the coroutines it returns run one at a time, in order.

    It runs in a copy, made here, of the present context, and its exceptions are
    reported there, so that what it prints or logs belongs to the code that registered
    it. A returned observable is not awaited, though it could be, because a function
    may return a push that it made.

    Args:
        function: The user's function, plain or ``async def``.
        spawn: Awaits the coroutines.
        report: Receives their exceptions, and a `CallbackOverrun` for dropped calls.
        limit: The number of calls that may wait; beyond it the oldest is dropped.

    Raises:
        UsageError: ``function`` is not callable.

    >>> callback = Callback(lambda n: print("got", n), spawn=None, report=print)
    >>> callback(1)
    got 1
    >>> callback.dispose()
    >>> callback(2)
    """

    __slots__ = (
        "_dropped",
        "_function",
        "_is_disposed",
        "_limit",
        "_report",
        "_running",
        "_spawn",
        "_waiting",
    )

    def __init__(
        self,
        function: Callable[..., object],
        spawn: Spawn,
        report: Reporter,
        limit: int = LIMIT,
    ) -> None:
        if not callable(function):
            raise UsageError(f"a callback must be a function, got {function!r}")
        # Not by a call of the base's: there is one a push.
        self._context = context_of(report)
        self._is_entered = False
        self._function = function
        self._spawn = spawn
        self._report = report
        self._limit = limit
        self._dropped = 0
        self._is_disposed = False
        # Created lazily: most callbacks are plain functions.
        self._waiting: deque[Awaitable[Any]] | None = None
        self._running: abc.DisposableBase | None = None

    def __call__(self, *arguments: Any) -> None:
        """Call the function, and run its coroutine if it returns one."""
        if self._is_disposed:
            return
        self.run(self._call, arguments)

    def _call(self, arguments: tuple[Any, ...]) -> None:
        try:
            result = self._function(*arguments)
        except ISOLATED as error:
            self._report(contained(error))
            return
        if result is not None and isawaitable(result):
            self._enqueue(result)

    def is_of(self, function: Callable[..., object]) -> bool:
        """Return whether it calls this function."""
        return self._function == function

    def dispose(self) -> None:
        """Cancel the running call, drop those that wait, and ignore further ones.

        A call that disposes its own callback runs to completion.
        """
        self._is_disposed = True
        run_on_loop(self._report, self._stop)

    def _stop(self) -> None:
        running, self._running = self._running, None
        waiting, self._waiting = self._waiting, None
        if running is not None:
            running.dispose()
        for awaitable in waiting or ():
            discard(awaitable)

    def _enqueue(self, awaitable: Awaitable[Any]) -> None:
        if isinstance(awaitable, abc.ObservableBase):
            return
        if self._is_disposed:
            discard(awaitable)
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(awaitable)
        if self._running is None:
            self._start_next()
        elif len(self._waiting) > self._limit:
            discard(self._waiting.popleft())
            self._dropped += 1
            self._report_dropped()

    def _report_dropped(self) -> None:
        # At 1, 2, 4, 8 …: one that is stuck must not fill a log.
        if self._dropped & (self._dropped - 1) == 0:
            self._report(
                CallbackOverrun(
                    f"{self._function!r} is slower than its events: {self._dropped} "
                    f"calls dropped, {self._limit} waiting. Do less in it, or pipe "
                    "the stream through map_async() with an overflow policy.",
                    self._dropped,
                )
            )

    def _start_next(self) -> None:
        if self._waiting:
            self._running = self._spawn(
                self._waiting.popleft(),
                self._finished,
                self._failed,
                on_end=self.dispose,
            )
        else:
            self._running = None

    def _finished(self, _: object) -> None:
        self.run(self._start_next)

    def _failed(self, error: Exception) -> None:
        self.run(self._report, error)
        self.run(self._start_next)


def discard(awaitable: Awaitable[Any]) -> None:
    """Close a coroutine, or cancel a future, that will not be awaited."""
    if iscoroutine(awaitable):
        awaitable.close()  # otherwise the interpreter warns: "was never awaited"
    elif isinstance(awaitable, Future):
        awaitable.cancel()
