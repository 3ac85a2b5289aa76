"""The pace of joins, where a server limits their rate."""

from collections.abc import Callable

from reactivex import abc
from reactivex.disposable import Disposable

from rx_phoenix._streams.deadline import CLOCK_RESOLUTION
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.policy import Rejoin, seconds

__all__ = ["JoinPace"]

Turn = Callable[[], None]
"""Takes a turn."""


class JoinPace:
    """Gives turns to the joins of one socket: some at once, the others one by one.

    Args:
        scheduler: Returns the source of time.
    """

    def __init__(self, scheduler: Callable[[], LoopScheduler]) -> None:
        self._scheduler = scheduler
        self._queue: dict[object, Turn] = {}
        # When all turns taken so far would have been, one by one.
        self._paid_until = 0.0
        self._timer: abc.DisposableBase | None = None

    def start(self) -> None:
        """Begin with a new connection, on which nothing was sent."""
        self._paid_until = 0.0

    def enter(self, turn: Turn, policy: Rejoin) -> abc.DisposableBase:
        """Call a function when its turn has come, which may be now.

        Returns:
            Disposing it gives up the place.
        """
        if not self._queue and self._wait_of(policy) <= CLOCK_RESOLUTION:
            self._take(turn, policy)
            return Disposable()
        place = object()
        self._queue[place] = turn
        self._run(policy)

        def leave() -> None:
            self._queue.pop(place, None)
            if not self._queue:
                self._stop()

        return Disposable(leave)

    def _wait_of(self, policy: Rejoin) -> float:
        """Return the seconds until the next turn."""
        burst, every = policy.at_once or 1, seconds(policy.every)
        ahead = self._paid_until - self._scheduler().monotonic()
        return ahead - (burst - 1) * every

    def _take(self, turn: Turn, policy: Rejoin) -> None:
        now = self._scheduler().monotonic()
        self._paid_until = max(self._paid_until, now) + seconds(policy.every)
        turn()

    def _run(self, policy: Rejoin) -> None:
        def fire() -> None:
            self._timer = None
            turn = self._queue.pop(next(iter(self._queue)))
            self._take(turn, policy)
            self._run(policy)

        if self._queue and self._timer is None:
            delay = max(self._wait_of(policy), 0.0)
            self._timer = self._scheduler().call_later(delay, fire)

    def _stop(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.dispose()
