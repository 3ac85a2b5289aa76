"""The time for which a connection outlives its last holder."""

from collections.abc import Callable

from reactivex.disposable import SerialDisposable

from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["Linger"]


class Linger:
    """Closes a connection a while after its last holder went.

    Args:
        seconds: How long it lingers; 0 closes it at once.
        scheduler: Gives the scheduler, when it is needed.
        close: Called at the end.

    Attributes:
        due: The scheduler's time of the close; None unless it lingers.
    """

    def __init__(
        self,
        seconds: float,
        scheduler: Callable[[], LoopScheduler],
        close: Callable[[], object],
    ) -> None:
        self.due: float | None = None
        self._seconds = seconds
        self._scheduler = scheduler
        self._close = close
        self._timer = SerialDisposable()

    def begin(self, *, is_used: bool) -> None:
        """Note that the last holder is gone.

        Args:
            is_used: True if there is a connection, or an attempt, to keep.
        """
        if not is_used or not self._seconds:
            self._close()
        elif self.due is None:
            scheduler = self._scheduler()
            self.due = scheduler.monotonic() + self._seconds
            self._timer.disposable = scheduler.call_later(self._seconds, self._end)

    def cancel(self) -> None:
        """Keep it: there is a new holder, or it is gone."""
        self.due = None
        self._timer.disposable = None

    def _end(self) -> None:
        self.cancel()
        self._close()
