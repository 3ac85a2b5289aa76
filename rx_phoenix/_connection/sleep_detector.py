"""Detection of a machine that slept, during which its connections may have died."""

from collections.abc import Callable

from reactivex.disposable import SerialDisposable

from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["SleepDetector"]


class SleepDetector:
    """Compares the wall clock with the loop's, which stands while the machine sleeps.

    Args:
        threshold: Seconds of sleep that count.
        scheduler: Gives the scheduler, when it is needed.
        woke: Called soon after a longer sleep.
    """

    def __init__(
        self,
        threshold: float,
        scheduler: Callable[[], LoopScheduler],
        woke: Callable[[], None],
    ) -> None:
        self._threshold = threshold
        self._scheduler = scheduler
        self._woke = woke
        self._lead = 0.0
        self._watch = SerialDisposable()

    def start(self) -> None:
        """Compare from now on."""
        self._lead = self._measure()
        self._watch.disposable = self._scheduler().watch(self._look)

    def stop(self) -> None:
        """Compare no longer."""
        self._watch.disposable = None

    def _look(self) -> None:
        lead = self._measure()
        has_slept = lead - self._lead > self._threshold
        # A wall clock that is set back must not hide a later sleep.
        self._lead = lead if has_slept else min(lead, self._lead)
        if has_slept:
            self._woke()

    def _measure(self) -> float:
        """Return how far the wall clock is ahead."""
        scheduler = self._scheduler()
        return scheduler.wall_clock() - scheduler.monotonic()
