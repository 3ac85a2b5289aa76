"""An asyncio loop on a virtual clock, without a network.

Rule 1: calls due at one instant run in the order in which they were armed.
Rule 2: times are rounded to nanoseconds, so that three delays of 0.1 s end at 0.3.
Rule 3: an unhandled exception is raised from the call that advances the clock.
"""

import asyncio
import sys
from collections import deque
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Sequence,
)
from contextlib import contextmanager
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, TypeVar, TypeVarTuple, cast

from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.no_io import NoIoLoop
from rx_phoenix.testing._time.timer import VirtualTimer, describe_wait

__all__ = ["LIMIT", "EndlessWait", "VirtualLoop"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]

LIMIT = 10_000
"""The default for the most calls at one instant."""


class EndlessWait(UsageError):
    """An awaitable did not end in virtual time.

    Attributes:
        armed: The timers that were armed then, as text.
    """

    def __init__(self, text: str, armed: Sequence[str]) -> None:
        super().__init__(text)
        self.armed = armed


class VirtualLoop(NoIoLoop):
    """A private asyncio loop whose clock moves only when advanced.

    ``asyncio.sleep``, ``timeout``, ``wait_for``, queues, events and task groups work
    on it. Sockets, pipes, signals, subprocesses and threads are refused.

    Args:
        limit: The most calls at one instant; one more is treated as an endless loop.

    Attributes:
        errors: Unhandled exceptions that were not raised yet. The next advance raises
            the first.

    >>> loop = VirtualLoop()
    >>> timer = loop.call_later(3600, print, "an hour later")
    >>> loop.advance_to(3600)
    an hour later
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.errors: list[BaseException] = []
        self._limit = limit
        self._clock = 0.0
        self._sequence = count()
        self._timers: list[tuple[float, int, VirtualTimer]] = []
        self._ready: deque[VirtualTimer] = deque()
        self._idle: deque[VirtualTimer] = deque()
        self._handler: ExceptionHandler | None = None
        self._is_moving = False
        self._is_closed = False
        self._is_debugging = False

    def time(self) -> float:
        """Return the seconds since the loop was created."""
        return self._clock

    @property
    def pending(self) -> tuple[VirtualTimer, ...]:
        """The pending calls in their order."""
        timers = (timer for _, _, timer in sorted(self._timers))
        return tuple(
            timer
            for timer in (*self._ready, *self._idle, *timers)
            if not timer.cancelled()
        )

    def advance_to(self, time: float) -> None:
        """Run every call that is due up to and including a time.

        Raises:
            UsageError: The time has passed, the clock is already being advanced,
                another loop runs in this thread, or calls at one instant never end.
        """
        with self._moving(time):
            self._run_ready()
            while self._due(time):
                self._clock = max(self._clock, self._timers[0][0])
                self._run_ready()
            self._clock = time

    def advance_before(self, time: float) -> None:
        """Run every call that is due before a time, and stop the clock there."""
        with self._moving(time):
            while self._clock < time:
                self._run_ready()
                due = self._due(time)
                self._clock = self._timers[0][0] if due else time

    def run_until_complete(
        self,
        future: Generator[Any, None, T] | Awaitable[T],
        *,
        within: float = inf,
        words: str = "",
    ) -> T:
        """Advance the clock until an awaitable ends, and return its result.

        Args:
            future: The awaitable.
            within: The seconds after which to give up.
            words: The same, as the caller wrote it.

        Raises:
            EndlessWait: It did not end in time, or no call is pending that could end
                it.
        """
        with self._moving(self._clock):
            awaitable = cast("Awaitable[T]", future)
            waiting = asyncio.ensure_future(awaitable, loop=self)
            try:
                if not self._has_run_until(waiting, self._clock + within):
                    limit = words or f"{within:g} s"
                    self._give_up(describe_wait(waiting, awaitable), limit)
            except EndlessWait:
                waiting.cancel()
                self._run_ready()  # a cancelled task is not left behind
                raise
            except BaseException:
                waiting.cancel()
                raise
            return waiting.result()

    def _has_run_until(self, waiting: asyncio.Future[Any], end: float) -> bool:
        """Advance the clock until a future ends; return False if it does not."""
        self._run_ready()
        while not waiting.done():
            if not self._due(end):
                if self._due(inf):
                    self._clock = end
                return False
            self._clock = self._timers[0][0]
            self._run_ready()
        return True

    def _give_up(self, name: str, limit: str) -> None:
        is_possible = self._due(inf)
        why = f"did not end within {limit}" if is_possible else "never ends"
        hint = "" if is_possible else ": no timer is armed"
        raise EndlessWait(f"{name} {why}{hint}", [str(timer) for timer in self.pending])

    @contextmanager
    def running(self) -> Generator[None]:
        """Make this the running loop of the thread.

        Raises:
            UsageError: Another loop runs in this thread.
        """
        current = asyncio._get_running_loop()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        if current is self:
            yield
            return
        if current is not None:
            raise UsageError(
                "virtual time cannot be advanced while another event loop runs in "
                "this thread: make the test a plain `def` instead of `async def`"
            )
        hooks = sys.get_asyncgen_hooks()
        asyncio._set_running_loop(self)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        sys.set_asyncgen_hooks(finalizer=self._finalize)
        try:
            yield
        finally:
            sys.set_asyncgen_hooks(*hooks)
            asyncio._set_running_loop(None)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    @contextmanager
    def _moving(self, time: float) -> Generator[None]:
        if self._is_closed:
            raise RuntimeError("Event loop is closed")
        if self._is_moving:
            raise UsageError(
                "the virtual clock is already being advanced: arm a timer instead of "
                "advancing it from a call in virtual time"
            )
        if time < self._clock:
            raise UsageError(
                f"the virtual clock is at {self._clock:g} s and cannot go back "
                f"to {time:g} s"
            )
        self._is_moving = True
        try:
            with self.running():
                yield
        finally:
            self._is_moving = False

    def _due(self, time: float) -> bool:
        """Return True if a call is due up to a time: the first of the timers."""
        while self._timers and self._timers[0][2].cancelled():
            heappop(self._timers)
        return bool(self._timers) and self._timers[0][0] <= time

    def _run_ready(self) -> None:
        """Run all calls of this instant, including those that they schedule."""
        self._raise_errors()
        made = 0
        while True:
            while self._due(self._clock):
                self._ready.append(heappop(self._timers)[2])
            queue = self._ready or self._idle
            if not queue:
                return
            timer = queue.popleft()
            if timer.cancelled():
                continue
            if made == self._limit:
                raise UsageError(
                    f"more than {self._limit} calls at {self._clock:g} s: a call "
                    f"reschedules itself without a delay. Next is {timer}"
                )
            made += 1
            timer.run()
            self._raise_errors()

    def _raise_errors(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Schedule a call at this instant, after those that are due already."""
        timer = self._timer(self._clock, callback, args, context)
        self._ready.append(timer)
        return timer

    def call_idle(self, callback: Callable[[], object]) -> VirtualTimer:
        """Schedule a call at this instant, after all other calls of it."""
        timer = self._timer(self._clock, callback, (), None)
        self._idle.append(timer)
        return timer

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Schedule a call at the next advance, from any thread."""
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Schedule a call after a delay in seconds."""
        return self.call_at(self._clock + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Schedule a call at a time; a past time means now."""
        when = round(when, 9)
        timer = self._timer(when, callback, args, context)
        heappush(self._timers, (when, next(self._sequence), timer))
        return timer

    def _timer(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None,
    ) -> VirtualTimer:
        if self._is_closed:
            raise RuntimeError("Event loop is closed")
        return VirtualTimer(when, callback, args, self, context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: cancelled timers are skipped when they are due."""

    def create_future(self) -> asyncio.Future[Any]:
        """Create a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **options: Any
    ) -> asyncio.Task[T]:
        """Create a task of this loop; its first step is due now."""
        return asyncio.Task(coro, loop=self, **options)

    def _finalize(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close an abandoned async generator, as asyncio does."""
        self.create_task(generator.aclose())

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        """Set the handler of unhandled exceptions."""
        self._handler = handler

    def get_exception_handler(self) -> ExceptionHandler | None:
        """Return the handler; None if advancing the clock raises exceptions."""
        return self._handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep an exception for the next advance to raise."""
        error: BaseException | None = context.get("exception")
        if error is None:
            task = context.get("task")
            text = context["message"]
            error = RuntimeError(text if task is None else f"{text} {task!r}")
        elif "handle" in context and error.__traceback__ is not None:
            # The outermost frame is asyncio's and not of interest.
            error = error.with_traceback(error.__traceback__.tb_next)
        self.errors.append(error)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an unhandled exception."""
        if self._handler is None:
            self.default_exception_handler(context)
        else:
            self._handler(self, context)

    def get_debug(self) -> bool:
        """Return True in asyncio's debug mode."""
        return self._is_debugging

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Set asyncio's debug mode."""
        self._is_debugging = enabled

    def is_running(self) -> bool:
        """Return True if it is the running loop of this thread."""
        return asyncio._get_running_loop() is self  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def is_closed(self) -> bool:
        """Return True once it is closed."""
        return self._is_closed

    def close(self) -> None:
        """Drop all pending calls and refuse new ones."""
        self._is_closed = True
        self._ready.clear()
        self._idle.clear()
        self._timers.clear()
