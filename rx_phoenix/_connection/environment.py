"""The environment of a socket: time, tasks, randomness, and reports."""

from collections.abc import Callable

from rx_phoenix._log import log_unhandled
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import CallContext, Home, LoopReporter, Reporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.tasks import Tasks
from rx_phoenix.errors import UsageError

__all__ = ["Environment", "UnhandledReporter"]


class Environment(LoopReporter):
    """Everything that a socket takes from outside, all of which may be virtual.

    It is the socket's `Reporter`, too.

    Args:
        scheduler: Time and tasks; None for those of the running loop.
        random: The source of randomness.
        report: Receives the exceptions of users' functions, on the socket's loop.

    Attributes:
        tasks: The tasks that run on the socket's loop.
        context: The context of the functions that the socket was given.
        get_scheduler: Returns `scheduler`; one function for all parts of a socket.
    """

    def __init__(
        self,
        scheduler: LoopScheduler | None,
        random: Callable[[], float],
        report: Callable[..., None],
    ) -> None:
        self.get_scheduler: Callable[[], LoopScheduler] = lambda: self.scheduler
        self.tasks = Tasks(self.get_scheduler)
        self.home = Home(None if scheduler is None else scheduler.detached())
        self._random = random
        self._report = report
        self.context = CallContext.of(self)

    def __call__(self, error: Exception, /, **source: str) -> None:
        """Report an exception, on the loop's own thread; log it if the loop is gone.

        Args:
            error: The exception.
            source: Its source, for the log: the ``topic`` of a channel.
        """
        bound = self.home.bound
        if bound is None or bound.is_here:
            self._report(error, **source)
        elif not bound.hop(lambda: self._report(error, **source)):
            log_unhandled(error, **source)

    @property
    def report(self) -> Reporter:
        """The environment itself, as the reporter of the parts of a socket."""
        return self

    @property
    def scheduler(self) -> LoopScheduler:
        """Time and tasks; bound to the running loop at the first need, for life.

        Raises:
            UsageError: None was given, and no loop runs.
        """
        bound = self.home.bound
        if bound is None:
            bound = self.home.bind(LoopScheduler.current().detached())
        return bound

    def random(self) -> float:
        """Return a number from 0 up to 1, for jitter; 0.5 if the source fails."""
        try:
            drawn = self.context.run(self._random)
            is_valid = 0 <= drawn <= 1
        except ISOLATED as error:
            self(contained(error))
            return 0.5
        if not is_valid:
            self(UsageError(f"random must return 0 up to 1, got {drawn!r}"))
            return 0.5
        return drawn

    def when_quiet(self, call: Callable[[], None], within: float) -> None:
        """Call a function once no task is left that we cancelled, or after a while."""
        if self.home.bound is None:
            call()
        else:
            self.home.bound.when_quiet(call, within)


class UnhandledReporter(LoopReporter):
    """The reporter of `Socket.unhandled` itself, whose observers must not be told.

    Args:
        log: Logs an exception of an observer.
        home: The loop of the socket.
    """

    def __init__(self, log: Reporter, home: Home) -> None:
        self._log = log
        self.home = home

    def __call__(self, error: Exception, /) -> None:
        """Log an exception."""
        self._log(error)
