"""A count of values that may be lost, because nothing confirms them one by one."""

from collections import deque
from collections.abc import Callable

__all__ = ["Unconfirmed"]

GRAIN = 0.1
"""Seconds of sending that share an entry, so that many values cost little memory."""


class Unconfirmed:
    """Counts the values that were sent since the last heartbeat that was answered.

    A server handles what it receives in order, so that the answer to a heartbeat
    confirms all that was sent before the heartbeat.

    Args:
        now: Returns the time in seconds.
        on_loss: Called with the number of values that may be lost.

    >>> clock = iter([0.0, 1.0, 2.0])
    >>> unconfirmed = Unconfirmed(lambda: next(clock), print)
    >>> unconfirmed.add(5)
    >>> unconfirmed.add(2)
    >>> unconfirmed.confirm(round_trip=1.5)
    >>> unconfirmed.lose()
    2
    """

    def __init__(
        self, now: Callable[[], float], on_loss: Callable[[int], object]
    ) -> None:
        self._now = now
        self._on_loss = on_loss
        # Of each entry the first and the last time, and the number of values.
        self._sent: deque[tuple[float, float, int]] = deque()

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, count: int, *, is_sent: bool = True) -> None:
        """Count values that are sent now; report those that were dropped unsent."""
        if not is_sent:
            self._on_loss(count)
            return
        now = self._now()
        if self._sent and now - self._sent[-1][0] < GRAIN:
            first, _, before = self._sent.pop()
            self._sent.append((first, now, before + count))
        else:
            self._sent.append((now, now, count))

    def confirm(self, round_trip: float) -> None:
        """Forget what was sent before a heartbeat that is answered now."""
        sent = self._now() - round_trip
        while self._sent and self._sent[0][1] < sent:
            self._sent.popleft()

    def lose(self) -> None:
        """Report what may be lost, and count again."""
        count = sum(count for _, _, count in self._sent)
        self._sent.clear()
        if count:
            self._on_loss(count)
