"""Deadlines that can pause, and the line in which joins are answered."""

from collections.abc import Callable

from reactivex import abc

from rx_phoenix.streams.hub import noop
from rx_phoenix.streams.scheduler import LoopScheduler

__all__ = ["Deadline", "Queue"]


class Deadline(abc.DisposableBase):
    """So many seconds of waiting, which can be paused.

    Args:
        scheduler: Whose time counts.
        allowance: Seconds of waiting in all.
        expired: Called when they are used up.
    """

    __slots__ = ("_due", "_expired", "_left", "_scheduler", "_timer", "finished")

    def __init__(
        self, scheduler: LoopScheduler, allowance: float, expired: Callable[[], None]
    ) -> None:
        self.finished: Callable[[], None] = noop
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


class Queue:
    """Requests that are answered one after another: only the first one's time counts.

    A Phoenix server handles one join of a socket at a time, and nothing else
    meanwhile, so that a slow join is not the fault of those behind it.
    """

    def __init__(self) -> None:
        self._waiting: dict[Deadline, None] = {}

    def add(self, deadline: Deadline) -> None:
        """A request was sent, behind all others that are open."""
        self._waiting[deadline] = None
        if len(self._waiting) == 1:
            deadline.run()
        else:
            deadline.pause()

    def remove(self, deadline: Deadline) -> None:
        """A request was answered, or nobody waits for it any more."""
        if deadline not in self._waiting:
            return
        if deadline.finished is not noop:
            self._hand_over(deadline)
        del self._waiting[deadline]
        deadline.dispose()
        for first in self._waiting:
            first.run()
            break

    def _hand_over(self, deadline: Deadline) -> None:
        """Whoever waits for this one waits for the one before it, if it is open."""
        before = None
        for other in self._waiting:
            if other is deadline:
                break
            before = other
        if before is None:
            deadline.finished()
        else:
            before.finished = deadline.finished

    def when_answered(self, call: Callable[[], None]) -> None:
        """Call when all that is open now was answered: at once if nothing is."""
        if self._waiting:
            next(reversed(self._waiting)).finished = call
        else:
            call()

    def clear(self) -> None:
        """Forget everything: the connection is gone."""
        for deadline in self._waiting:
            deadline.dispose()
        self._waiting.clear()
