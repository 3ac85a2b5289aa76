"""The environment of a socket: time, tasks, randomness, and reports."""

from collections.abc import Callable

from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.tasks import Tasks
from rx_phoenix.errors import UsageError

__all__ = ["Environment"]


class Environment:
    """Everything that a socket takes from outside, all of which may be virtual.

    Args:
        scheduler: Time and tasks; None for those of the running loop.
        random: The source of randomness.
        report: Receives the exceptions of users' functions.

    Attributes:
        report: Likewise.
        tasks: The tasks that run on the socket's loop.
    """

    def __init__(
        self,
        scheduler: LoopScheduler | None,
        random: Callable[[], float],
        report: Reporter,
    ) -> None:
        self.report = report
        self.tasks = Tasks(lambda: self.scheduler)
        self._scheduler = scheduler
        self._random = random

    @property
    def scheduler(self) -> LoopScheduler:
        """Time and tasks; bound to the running loop at the first need, for life.

        Raises:
            UsageError: None was given, and no loop runs.
        """
        if self._scheduler is None:
            self._scheduler = LoopScheduler.current()
        return self._scheduler

    def random(self) -> float:
        """Return a number from 0 up to 1, for jitter; 0.5 if the source fails."""
        try:
            drawn = self._random()
            if not 0 <= drawn <= 1:
                raise UsageError(f"random must return 0 up to 1, got {drawn!r}")
        except ISOLATED as error:
            self.report(contained(error))
            return 0.5
        return drawn

    def when_quiet(self, call: Callable[[], None], within: float) -> None:
        """Call a function once no task is left that we cancelled, or after a while."""
        if self._scheduler is None:
            call()
        else:
            self._scheduler.when_quiet(call, within)
