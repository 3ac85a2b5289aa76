"""Users' callbacks, sync or ``async def``, behind one face."""

from asyncio import Future
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine
from typing import Any, Protocol

from reactivex import abc

from rx_phoenix._streams.hub import Reporter
from rx_phoenix.errors import CallbackOverrun, UsageError

__all__ = ["Callback", "Spawn", "discard"]

LIMIT = 1000
"""How many calls of one async callback may wait."""


class Spawn(Protocol):
    """Awaits something in a task: `LoopScheduler.spawn`, or what leads to it."""

    def __call__(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        """Await it; then, never within this call, call one of the two functions."""
        ...


class Callback(abc.DisposableBase):
    """Calls a user's function; what it leaves to await runs one at a time, in order.

    A function that raises at the call raises here: the source that calls isolates
    it. One that raises later, in its own time, is reported. Observables are not
    awaited, though they could be: a function may well return a push that it made.

    Args:
        function: The user's, plain or ``async def``.
        spawn: How to await.
        report: Where its later exceptions go, and what was dropped.
        limit: How many calls may wait; then the oldest is dropped.

    Raises:
        UsageError: It is no function.

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
            raise UsageError(f"a callback must be a function, not {function!r}")
        self._function = function
        self._spawn = spawn
        self._report = report
        self._limit = limit
        self._dropped = 0
        self._is_disposed = False
        # Made at the first need: most callbacks are plain functions.
        self._waiting: deque[Awaitable[Any]] | None = None
        self._running: abc.DisposableBase | None = None

    def __call__(self, *arguments: Any) -> None:
        """Call the function; what it returns is awaited if it is there for that."""
        if self._is_disposed:
            return
        result = self._function(*arguments)
        if result is not None and isawaitable(result):
            self._enqueue(result)

    def dispose(self) -> None:
        """Cancel what runs, drop what waits, and call the function no more.

        A call that disposes its own callback runs to its end.
        """
        self._is_disposed = True
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
            self._report(
                CallbackOverrun(
                    f"{self._function!r} is slower than its events: {self._dropped} "
                    f"calls dropped, {self._limit} waiting. Do less in it, or pipe "
                    "the stream through map_async() with a policy of your choice.",
                    self._dropped,
                )
            )

    def _start_next(self) -> None:
        if self._waiting:
            self._running = self._spawn(
                self._waiting.popleft(), self._finished, self._failed
            )
        else:
            self._running = None

    def _finished(self, _: object) -> None:
        self._start_next()

    def _failed(self, error: Exception) -> None:
        self._report(error)
        self._start_next()


def discard(awaitable: Awaitable[Any]) -> None:
    """Let go of something that was there to be awaited, and will not be."""
    if iscoroutine(awaitable):
        awaitable.close()  # or the interpreter warns that it was never awaited
    elif isinstance(awaitable, Future):
        awaitable.cancel()
