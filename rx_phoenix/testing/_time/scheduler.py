"""Time in the test's hand: a scheduler whose clock moves only when it is told to."""

from datetime import datetime
from typing import Any, TypeVar

from reactivex import abc, typing

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.loop import LIMIT, VirtualLoop
from rx_phoenix.testing._time.timer import VirtualTimer

__all__ = ["VirtualScheduler"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""

S = TypeVar("S")


class VirtualScheduler(LoopScheduler):
    """The scheduler of a private asyncio loop in virtual time.

    Give it to a `Socket` and to operators. While the clock moves, the loop is the
    running one, so that code with ``async def`` runs in virtual time too. An
    exception that nobody handles comes out of the call that moved the clock.

    Args:
        limit: The most calls at one instant, and the longest chain of actions of which
            each schedules the next; one more is taken for a loop without end.

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
        super().__init__(VirtualLoop(limit))
        self._limit = limit
        self._depth = 0

    @property
    def clock(self) -> float:
        """Seconds since the scheduler was made."""
        return self.loop.time()

    @property
    def now(self) -> datetime:
        """The time of day: the first of January 1970, and the clock."""
        return self.to_datetime(self.clock)

    @property
    def pending(self) -> tuple[VirtualTimer, ...]:
        """The calls yet to be made, in their order; each says where it was armed."""
        return self.loop.pending

    def schedule(
        self, action: typing.ScheduledAction[S], state: S | None = None
    ) -> abc.DisposableBase:
        """Run an action at once, or right after the one that runs now.

        Raises:
            UsageError: One action schedules the next without end.
        """
        depth = self._depth + 1
        if depth > self._limit:
            raise UsageError(
                f"more than {self._limit} actions at {self.clock:g} s, each scheduled "
                f"by the one before: time stands still. Next is {action}"
            )

        def run(scheduler: abc.SchedulerBase, state: S | None = None) -> Any:
            outer, self._depth = self._depth, depth
            try:
                return action(scheduler, state)
            finally:
                self._depth = outer

        return super().schedule(run, state)

    def advance_by(self, duration: typing.RelativeTime) -> None:
        """Move the clock on, and make every call that becomes due.

        Args:
            duration: Seconds. 0 makes what is due now.

        Raises:
            UsageError: The duration is negative, the clock is being moved already,
                another loop runs in this thread, or calls at one instant never end.
        """
        self.loop.advance_to(self._after(duration))

    def advance_to(self, time: typing.AbsoluteTime | typing.RelativeTime) -> None:
        """Move the clock to a time, and make every call that becomes due.

        Args:
            time: Seconds of the clock, or a time of day as in `now`.
        """
        self.loop.advance_to(self._at(time))

    def advance_before(self, time: typing.AbsoluteTime | typing.RelativeTime) -> None:
        """Move the clock to a time, but leave what is due at that very instant."""
        self.loop.advance_before(self._at(time))

    def _after(self, duration: typing.RelativeTime) -> float:
        return self._at(self.clock + self.to_seconds(duration))

    def _at(self, time: typing.AbsoluteTime | typing.RelativeTime) -> float:
        return round(self.to_seconds(time), 9)
