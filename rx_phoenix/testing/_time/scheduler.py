"""A scheduler in virtual time, advanced by the test."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self, TypeVar

from reactivex import abc, typing

from rx_phoenix._protocol.checks import check_count
from rx_phoenix._streams.scheduler import LoopScheduler, Timer
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.loop import LIMIT, VirtualLoop
from rx_phoenix.testing._time.timer import VirtualTimer

__all__ = ["VirtualScheduler"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""

S = TypeVar("S")


class VirtualScheduler(LoopScheduler):
    """The scheduler of a private asyncio loop in virtual time.

    Pass it to a `Socket` and to operators. While the clock advances, its loop is the
    running loop, so that code with ``async def`` runs in virtual time, too. An
    unhandled exception is raised from the call that advances the clock.

    Args:
        limit: The most calls at one instant, and the longest chain of actions that each
            schedule the next; one more is treated as an endless loop.

    Attributes:
        loop: The asyncio loop.

    >>> scheduler = VirtualScheduler()
    >>> timer = scheduler.call_later(3600, lambda: print("an hour later"))
    >>> scheduler.advance_by(3600)
    an hour later
    >>> scheduler.clock
    3600.0
    """

    loop: VirtualLoop

    def __init__(self, *, limit: int = LIMIT) -> None:
        check_count("limit", limit)
        super().__init__(VirtualLoop(limit))
        self._limit = limit
        self._depth = 0
        self._watches: list[Callable[[], None]] = []

    @property
    def clock(self) -> float:
        """Seconds since the scheduler was created."""
        return self.loop.time()

    @property
    def now(self) -> datetime:
        """The date and time: the start of 1970 plus the clock."""
        return self.to_datetime(self.clock)

    def wall_clock(self) -> float:
        """Return the seconds of `now`, which a subclass may let run ahead."""
        return self.to_seconds(self.now)

    def watch(self, function: Callable[[], None]) -> Timer:
        """Call a function before and after each advance of the clock.

        It is not one of the `pending` calls.
        """

        def call() -> None:
            function()

        def stop() -> None:
            if call in self._watches:
                self._watches.remove(call)

        self._watches.append(call)
        return Timer(stop)

    def _all_are_cancelled(self) -> bool:
        """A private loop does not end with a program, and may have a single task."""
        return False

    @property
    def pending(self) -> tuple[VirtualTimer, ...]:
        """The pending calls in their order, each with the site that armed it."""
        return self.loop.pending

    def detached(self) -> Self:
        """Return itself: what a test sees runs in the test's own context."""
        return self

    def copy_context(self) -> None:
        """Return None: what a test sees runs in the test's own context."""

    def schedule(
        self, action: typing.ScheduledAction[S], state: S | None = None
    ) -> abc.DisposableBase:
        """Run an action at once, or right after the current one.

        Raises:
            UsageError: Actions schedule each other without end.
        """
        depth = self._depth + 1
        if depth > self._limit:
            raise UsageError(
                f"more than {self._limit} actions at {self.clock:g} s, each scheduled "
                f"by the previous one without a delay. Next is {action}"
            )

        def run(scheduler: abc.SchedulerBase, state: S | None = None) -> Any:
            outer, self._depth = self._depth, depth
            try:
                return action(scheduler, state)
            finally:
                self._depth = outer

        return super().schedule(run, state)

    def advance_by(self, duration: typing.RelativeTime) -> None:
        """Advance the clock by a duration and run every call that becomes due.

        Args:
            duration: Seconds; 0 runs the calls that are due now.

        Raises:
            UsageError: The duration is negative, the clock is already being advanced,
                another loop runs in this thread, or calls at one instant never end.
        """
        self.advance_to(self._after(duration))

    def advance_to(self, time: typing.AbsoluteTime | typing.RelativeTime) -> None:
        """Advance the clock to a time and run every call that becomes due.

        Args:
            time: Seconds of the clock, or a date and time as in `now`.
        """
        self._call_watches()
        self.loop.advance_to(self._at(time))
        self._call_watches()

    def advance_before(self, time: typing.AbsoluteTime | typing.RelativeTime) -> None:
        """Advance the clock to a time, without the calls due at that instant."""
        self._call_watches()
        self.loop.advance_before(self._at(time))
        self._call_watches()

    def _call_watches(self) -> None:
        for call in tuple(self._watches):
            call()

    def _after(self, duration: typing.RelativeTime) -> float:
        return self._at(self.clock + self.to_seconds(duration))

    def _at(self, time: typing.AbsoluteTime | typing.RelativeTime) -> float:
        return round(self.to_seconds(time), 9)
