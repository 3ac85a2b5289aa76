"""Two clocks that disagree, as on a machine that slept."""

from rx_phoenix.testing import VirtualScheduler

__all__ = ["SleepyTime"]


class SleepyTime(VirtualScheduler):
    """The time of a machine that slept.

    Attributes:
        slept: Seconds that only the wall clock has seen.
    """

    slept = 0.0

    @property
    def now(self):
        return self.to_datetime(self.clock + self.slept)
