"""An asyncio loop on a virtual clock: an hour takes no time, and there is no network.

Rule 1: what is due at one instant runs in the order in which it was armed.
Rule 2: times are exact to the nanosecond, so that three delays of 0.1 s end at 0.3.
Rule 3: an exception that nobody handles comes out of whoever moves the clock.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, cast

from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.no_io import OfflineLoop
from rx_phoenix.testing._time.timer import VirtualTimer

__all__ = ["LIMIT", "VirtualLoop"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ExceptionHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]

LIMIT = 10_000
"""How many calls at one instant are plausible."""


class VirtualLoop(OfflineLoop):
    """A private asyncio loop whose clock moves only when it is told to.

    ``asyncio.sleep``, ``timeout``, ``wait_for``, queues, events and task groups work
    on it. Sockets, pipes, signals, subprocesses and threads are refused.

    Args:
        limit: The most calls at one instant; one more is taken for a loop that
            schedules itself for ever.

    Attributes:
        errors: Exceptions that nobody handled and that were not raised yet. The next
            move of the clock raises the first.

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
        """Seconds since the loop was made."""
        return self._clock

    @property
    def pending(self) -> tuple[VirtualTimer, ...]:
        """The calls yet to be made, in their order."""
        timers = (timer for _, _, timer in sorted(self._timers))
        return tuple(
            timer
            for timer in (*self._ready, *self._idle, *timers)
            if not timer.cancelled()
        )

    def advance_to(self, time: float) -> None:
        """Make every call that is due up to a time, that instant included.

        Raises:
            UsageError: The time has passed, the clock is being moved already, another
                loop runs in this thread, or calls at one instant never end.
        """
        with self._moving(time):
            self._run_ready()
            while self._due(time):
                self._clock = max(self._clock, self._timers[0][0])
                self._run_ready()
            self._clock = time

    def advance_before(self, time: float) -> None:
        """Make every call that is due before a time, and stop the clock there."""
        with self._moving(time):
            while self._clock < time:
                self._run_ready()
                due = self._due(time)
                self._clock = self._timers[0][0] if due else time

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """Move the clock as far as it takes for an awaitable to end.

        Raises:
            UsageError: Nothing is armed any more that could end it.
        """
        with self._moving(self._clock):
            awaitable = cast("Awaitable[T]", future)
            waiting = asyncio.ensure_future(awaitable, loop=self)
            try:
                self._run_until(waiting)
            except BaseException:
                waiting.cancel()
                raise
            return waiting.result()

    def _run_until(self, waiting: asyncio.Future[Any]) -> None:
        self._run_ready()
        while not waiting.done():
            if not self._due(float("inf")):
                raise UsageError(
                    f"{waiting!r} waits for something that never comes: no timer is "
                    "armed and no call is due"
                )
            self._clock = self._timers[0][0]
            self._run_ready()

    @contextmanager
    def running(self) -> Generator[None]:
        """Be the running loop of this thread meanwhile.

        Raises:
            UsageError: Another loop runs in this thread.
        """
        current = asyncio._get_running_loop()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        if current is self:
            yield
            return
        if current is not None:
            raise UsageError(
                "virtual time cannot be moved while another event loop runs in this "
                "thread: make the test a plain `def` instead of `async def`"
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
                "the virtual clock is being moved already: what runs in virtual time "
                "cannot move it; arm a timer instead"
            )
        if time < self._clock:
            raise UsageError(
                f"the virtual clock stands at {self._clock:g} s and cannot go back "
                f"to {time:g} s"
            )
        self._is_moving = True
        try:
            with self.running():
                yield
        finally:
            self._is_moving = False

    def _due(self, time: float) -> bool:
        """Whether a call is due up to a time; it is the first of the timers then."""
        while self._timers and self._timers[0][2].cancelled():
            heappop(self._timers)
        return bool(self._timers) and self._timers[0][0] <= time

    def _run_ready(self) -> None:
        """Make all calls of this instant, those included that they bring about."""
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
                    f"more than {self._limit} calls at {self._clock:g} s: time stands "
                    f"still, for something schedules itself for ever. Next is {timer}"
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
        """Make a call at this instant, after those that are due already."""
        timer = self._timer(self._clock, callback, args, context)
        self._ready.append(timer)
        return timer

    def call_idle(self, callback: Callable[[], object]) -> VirtualTimer:
        """Make a call at this instant, when nothing else is left to do in it."""
        timer = self._timer(self._clock, callback, (), None)
        self._idle.append(timer)
        return timer

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Make a call at the next move of the clock; any thread may ask."""
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Make a call in some seconds."""
        return self.call_at(self._clock + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Make a call at a time; one that has passed means now."""
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
        """Cancelled timers are skipped when their time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Generator[Any, None, T] | Coroutine[Any, Any, T], **options: Any
    ) -> asyncio.Task[T]:
        """A task of this loop; its first step is due now."""
        return asyncio.Task(coro, loop=self, **options)

    def _finalize(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close an async generator that was left in the middle, as asyncio does."""
        self.create_task(generator.aclose())

    def set_exception_handler(self, handler: ExceptionHandler | None) -> None:
        """Have exceptions that nobody handles go elsewhere."""
        self._handler = handler

    def get_exception_handler(self) -> ExceptionHandler | None:
        """Where exceptions go that nobody handles; None if the clock raises them."""
        return self._handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep an exception for whoever moves the clock."""
        error: BaseException | None = context.get("exception")
        if error is None:
            task = context.get("task")
            text = context["message"]
            error = RuntimeError(text if task is None else f"{text} {task!r}")
        elif "handle" in context and error.__traceback__ is not None:
            # The outermost frame is asyncio's, and tells nothing.
            error = error.with_traceback(error.__traceback__.tb_next)
        self.errors.append(error)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell of an exception that nobody handles."""
        if self._handler is None:
            self.default_exception_handler(context)
        else:
            self._handler(self, context)

    def get_debug(self) -> bool:
        """Whether asyncio checks more."""
        return self._is_debugging

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Have asyncio check more."""
        self._is_debugging = enabled

    def is_running(self) -> bool:
        """Whether it is the running loop of this thread."""
        return asyncio._get_running_loop() is self  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    def close(self) -> None:
        """Drop what is armed, and take nothing more."""
        self._is_closed = True
        self._ready.clear()
        self._idle.clear()
        self._timers.clear()
