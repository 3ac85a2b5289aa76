"""DeadlinePool: that can pause, by the thousand, and in the line of open joins."""

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

from reactivex import abc

from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["Deadline", "DeadlinePool", "SerialDeadlines"]

FEW = 16
"""How many timers there are before those that wait for nobody are looked for."""

GRAIN = 1e-9
"""Seconds that a clock may be early: no more than it tells apart."""


class Deadline(abc.DisposableBase):
    """So many seconds of waiting, which can be paused.

    Args:
        scheduler: Whose time counts.
        allowance: Seconds of waiting in all.
        expired: Called when they are used up.
    """

    __slots__ = ("_due", "_expired", "_left", "_scheduler", "_timer")

    def __init__(
        self, scheduler: LoopScheduler, allowance: float, expired: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._left = allowance
        self._expired = expired
        self._due = 0.0
        self._timer: abc.DisposableBase | None = None

    def run(self) -> None:
        """Let the time count, from now on or again."""
        if self._timer is None:
            self._due = self._scheduler.monotonic() + self._left
            self._timer = self._scheduler.call_later(self._left, self._expire)

    def pause(self) -> None:
        """Let no time count until `run`."""
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None
            self._left = max(self._due - self._scheduler.monotonic(), 0.0)

    def dispose(self) -> None:
        """Call it off."""
        self.pause()
        self._expired = noop

    def _expire(self) -> None:
        self._timer = None
        self._left = 0.0
        self._expired()


class Expiring(Protocol):
    """What waits, and for how long.

    Attributes:
        within: Seconds to its deadline.
    """

    within: float

    def expire(self) -> None:
        """Its deadline passed."""
        ...


class DeadlinePool:
    """The deadlines of many, with one timer for all that wait equally long.

    Who waits equally long expires in the order of coming, so that only the first
    needs a timer; and the timer stays when the first has gone, for whoever comes
    next. One for each would be the dearest part of a push.

    Args:
        scheduler: Gives the one whose time counts.
    """

    def __init__(self, scheduler: Callable[[], LoopScheduler]) -> None:
        self._give_scheduler = scheduler
        self._dues: dict[float, dict[Expiring, float]] = {}
        self._timers: dict[float, abc.DisposableBase] = {}
        self._room = FEW

    @cached_property
    def _scheduler(self) -> LoopScheduler:
        return self._give_scheduler()

    def add(self, waiting: Expiring) -> None:
        """Its time counts from now on."""
        within = waiting.within
        dues = self._dues.get(within)
        if dues is None:
            self._make_room()
            self._start_timer(within, within)
            dues = self._dues[within] = {}
        dues[waiting] = self._scheduler.monotonic() + within

    def remove(self, waiting: Expiring) -> None:
        """It waits no longer."""
        dues = self._dues.get(waiting.within)
        if dues is not None:
            dues.pop(waiting, None)

    def drop_idle_timers(self) -> None:
        """Keep no timer that nobody needs now."""
        for within, dues in tuple(self._dues.items()):
            if not dues:
                self._timers[within].dispose()
                self._forget(within)

    def _make_room(self) -> None:
        """Keep few timers for nobody, whatever lengths there were."""
        if len(self._dues) >= self._room:
            self.drop_idle_timers()
            # Twice as many, or those in need would be looked through each time.
            self._room = max(FEW, 2 * len(self._dues))

    def _forget(self, within: float) -> None:
        del self._dues[within], self._timers[within]

    def _start_timer(self, within: float, delay: float) -> None:
        self._timers[within] = self._scheduler.call_later(
            delay, lambda: self._look(within)
        )

    def _look(self, within: float) -> None:
        dues, now = self._dues[within], self._scheduler.monotonic()
        if not dues:
            self._forget(within)
            return
        first, due = next(iter(dues.items()))
        if due - now > GRAIN:  # who the timer was for has gone
            self._start_timer(within, due - now)
            return
        self._start_timer(within, 0.0)
        self.remove(first)
        first.expire()


class SerialDeadlines:
    """Requests that are answered one after another: only the first one's time counts.

    A Phoenix server handles one join of a socket at a time, and nothing else
    meanwhile, so that a slow join is not the fault of those behind it.
    """

    def __init__(self) -> None:
        # Who waits for an answer, and who waits for those before to have theirs.
        self._line: dict[Deadline | Callable[[], None], None] = {}

    def add(self, deadline: Deadline) -> None:
        """A request was sent, behind all others that are open."""
        deadline.pause()
        self._line[deadline] = None
        self._move_up()

    def remove(self, deadline: Deadline) -> None:
        """A request was answered, or nobody waits for it any more."""
        if deadline in self._line:
            del self._line[deadline]
            deadline.dispose()
            self._move_up()

    def when_answered(self, call: Callable[[], None]) -> None:
        """Call when all that is open now was answered: at once if nothing is."""
        self._line[call] = None
        self._move_up()

    def clear(self) -> None:
        """Forget everything: the connection is gone."""
        line, self._line = self._line, {}
        for waiting in line:
            if isinstance(waiting, Deadline):
                waiting.dispose()

    def _move_up(self) -> None:
        while self._line:
            first = next(iter(self._line))
            if isinstance(first, Deadline):
                first.run()
                return
            del self._line[first]
            first()
