"""Deadlines: one that can pause, a pool of many, and those of serial requests."""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from reactivex import abc

from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["CLOCK_RESOLUTION", "Deadline", "DeadlinePool", "SerialDeadlines"]

MIN_SWEEP = 16
"""The number of timers from which on idle ones are collected."""

CLOCK_RESOLUTION = 1e-9
"""Seconds by which a timer may fire early, because of rounding."""

SHORTEST_STAGE = 1e-3
"""Seconds that are not worth a stage of their own."""


class Deadline(abc.DisposableBase):
    """A deadline whose time can be paused, and can have two stages.

    Args:
        scheduler: The source of time.
        allowance: Seconds to wait in total.
        expired: Called at the end of each stage; `is_over` after the last one.
    """

    __slots__ = ("_due", "_expired", "_left", "_reserve", "_scheduler", "_timer")

    def __init__(
        self, scheduler: LoopScheduler, allowance: float, expired: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._left = allowance
        self._reserve = 0.0
        self._expired = expired
        self._due = 0.0
        self._timer: abc.DisposableBase | None = None

    @property
    def is_over(self) -> bool:
        """True if the seconds are used up."""
        return self._timer is None and not self._left

    @property
    def left(self) -> float:
        """The seconds that were left in all when it last started or paused."""
        return self._left + self._reserve

    def run(self) -> None:
        """Start or resume the time."""
        if self._timer is None:
            self._due = self._scheduler.monotonic() + self._left
            self._timer = self._scheduler.call_later(self._left, self._expire)

    def pause(self) -> None:
        """Stop the time until `run`."""
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None
            self._left = max(self._due - self._scheduler.monotonic(), 0.0)

    def extend(self, allowance: float, *, is_staged: bool) -> None:
        """Pause, and wait this long in total from now on.

        Args:
            allowance: The seconds.
            is_staged: True if what is left is a stage of its own.
        """
        self.pause()
        reserve = allowance - self._left
        is_split = is_staged and reserve > SHORTEST_STAGE
        self._reserve = reserve if is_split else 0.0
        if not is_split:
            self._left = allowance

    def dispose(self) -> None:
        """Cancel the deadline."""
        self.pause()
        self._expired = noop

    def _expire(self) -> None:
        self._timer = None
        self._left, self._reserve = self._reserve, 0.0
        if self._left:
            self.run()
        self._expired()


class Expiring(Protocol):
    """An entry of a `DeadlinePool`.

    Attributes:
        within: Seconds to its deadline.
    """

    within: float

    def expire(self) -> None:
        """Handle the expiry of the deadline."""
        ...


class DeadlinePool:
    """Many deadlines, with one timer for all that have the same timeout.

    Entries with equal timeouts expire in insertion order, so that only the first
    needs a timer. The timer stays when the first entry is removed, for the next one. A
    timer for each entry would be the most expensive part of a push.

    Args:
        scheduler: Returns the source of time, at the first entry.
    """

    def __init__(self, scheduler: Callable[[], LoopScheduler]) -> None:
        self._get_scheduler = scheduler
        self._dues: dict[float, dict[Expiring, float]] = {}
        self._timers: dict[float, abc.DisposableBase] = {}
        self._sweep_at = MIN_SWEEP

    @cached_property
    def _scheduler(self) -> LoopScheduler:
        return self._get_scheduler()

    def __bool__(self) -> bool:
        return any(self._dues.values())

    def add(self, waiting: Expiring) -> dict[Expiring, float]:
        """Start the deadline of an entry.

        Returns:
            The entries of this timeout; taking it from there cancels its deadline.
        """
        within = waiting.within
        dues = self._dues.get(within)
        if dues is None:
            self._sweep()
            self._start_timer(within, within)
            dues = self._dues[within] = {}
        dues[waiting] = self._scheduler.monotonic() + within
        return dues

    def drop_idle_timers(self) -> None:
        """Cancel the timers without entries."""
        for within, dues in tuple(self._dues.items()):
            if not dues:
                self._timers[within].dispose()
                self._forget(within)

    def _sweep(self) -> None:
        """Bound the number of idle timers, for any number of distinct timeouts."""
        if len(self._dues) >= self._sweep_at:
            self.drop_idle_timers()
            # Doubled, so that the timers in use are not scanned each time.
            self._sweep_at = max(MIN_SWEEP, 2 * len(self._dues))

    def _forget(self, within: float) -> None:
        del self._dues[within], self._timers[within]

    def _start_timer(self, within: float, delay: float) -> None:
        self._timers[within] = self._scheduler.call_later(
            delay, lambda: self._timer_fired(within)
        )

    def _timer_fired(self, within: float) -> None:
        dues, now = self._dues[within], self._scheduler.monotonic()
        if not dues:
            self._forget(within)
            return
        first, due = next(iter(dues.items()))
        if due - now > CLOCK_RESOLUTION:  # the timer's own entry was removed
            self._start_timer(within, due - now)
            return
        self._start_timer(within, 0.0)
        del dues[first]
        first.expire()


class SerialDeadlines:
    """Deadlines of requests that are answered in order: only the first one's runs.

    A Phoenix server handles one join of a socket at a time, and nothing else
    meanwhile, so that a slow join must not let those behind it time out.
    """

    def __init__(self) -> None:
        # Deadlines of open requests, and calls that wait for those before them.
        self._queue: dict[Deadline | Callable[[], None], None] = {}

    @property
    def longest(self) -> float:
        """The seconds of the longest deadline; 0 if all requests are answered."""
        deadlines = (each for each in self._queue if isinstance(each, Deadline))
        return max((deadline.left for deadline in deadlines), default=0.0)

    def add(self, deadline: Deadline) -> None:
        """Add the deadline of a request that was sent after all open ones."""
        deadline.pause()
        self._queue[deadline] = None
        self._advance()

    def remove(self, deadline: Deadline) -> None:
        """Remove the deadline of a request that was answered or abandoned."""
        if deadline in self._queue:
            del self._queue[deadline]
            deadline.dispose()
            self._advance()

    def when_answered(self, call: Callable[[], None]) -> None:
        """Call a function when all open requests are answered, or at once if none."""
        self._queue[call] = None
        self._advance()

    def clear(self) -> None:
        """Cancel all deadlines and calls: the connection is lost."""
        queue, self._queue = self._queue, {}
        for waiting in queue:
            if isinstance(waiting, Deadline):
                waiting.dispose()

    def _advance(self) -> None:
        while self._queue:
            first = next(iter(self._queue))
            if isinstance(first, Deadline):
                first.run()
                return
            del self._queue[first]
            first()
