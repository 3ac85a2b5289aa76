"""The receiver of the exceptions of users' callbacks, and the loop that it is of."""

import logging
import sys
from collections.abc import Callable
from contextvars import Context, copy_context
from threading import get_ident
from typing import Any, Self, TypeVar

from rx_phoenix._streams.scheduler import (
    NOTED_AT_FORKS,
    UNKNOWN_RUNNER,
    LoopScheduler,
)
from rx_phoenix.errors import UsageError

__all__ = [
    "PRESENT",
    "UNBOUND",
    "CallContext",
    "Home",
    "LoopReporter",
    "Reporter",
    "check_caller",
    "context_of",
    "run_on_loop",
]

R = TypeVar("R")

Reporter = Callable[[Exception], None]
"""Receiver of the exceptions of users' callbacks; it must not raise."""

log = logging.getLogger("rx_phoenix")

RUNNERS_OF_THREADS = {"threading", "concurrent.futures.thread"}
"""The modules whose functions stand at the bottom of the stack of every thread."""


class Home:
    """The one loop to which all objects of a socket belong.

    Args:
        bound: The loop, if it is known by now.

    Attributes:
        bound: The loop; None before the socket is bound to one.
        runner: Of the loop: each push compares its thread with the caller's.
    """

    __slots__ = ("__weakref__", "bound", "runner")

    def __init__(self, bound: LoopScheduler | None = None) -> None:
        self.bound = bound
        self.runner = UNKNOWN_RUNNER if bound is None else bound.runner
        NOTED_AT_FORKS.add(self)

    def bind(self, bound: LoopScheduler) -> LoopScheduler:
        """Settle on a loop, for life."""
        self.bound, self.runner = bound, bound.runner
        return bound

    def forked(self) -> None:
        """Have every caller ask the loop, which refuses all of them in a fork."""
        self.runner = UNKNOWN_RUNNER


UNBOUND = Home()
"""The home of what has no socket."""


class LoopReporter:
    """A `Reporter` of objects that belong to one loop, once they are bound to it.

    Every object of a socket reports somewhere, so that every entry point can ask its
    reporter whether the caller is where it may be.

    Attributes:
        home: The loop, as all objects of the socket share it.
    """

    __slots__ = ()

    home: Home

    def __call__(self, error: Exception, /) -> None:
        """Report an exception."""
        raise NotImplementedError

    def check_loop(self) -> None:
        """Check that the caller is on the loop; do nothing before it is bound.

        Raises:
            UsageError: It is on another thread, in another loop, or in a fork.
        """
        home = self.home
        bound = home.bound
        if bound is None or get_ident() == home.runner._thread_id:  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            return
        try:
            bound.check_loop()
        except UsageError as error:
            # A thread of Rx has no caller that could see the exception.
            if _is_thread_of_rx():
                self(error)
            raise

    def hop(self, call: Callable[[], object]) -> bool:
        """Have the loop call a function, if the caller is elsewhere.

        Returns:
            Whether the caller is elsewhere, and must not call it. If the loop has
            ended, nothing does.
        """
        bound = self.home.bound
        if bound is None or bound.is_here:
            return False
        if not bound.hop(call):
            log.debug("%r was not called: its event loop has ended", call)
        return True


def check_caller(report: Reporter) -> None:
    """Check that the caller is on the loop of a reporter, if that has one.

    Raises:
        UsageError: It is not.
    """
    if isinstance(report, LoopReporter):
        report.check_loop()


def run_on_loop(report: Reporter, call: Callable[[], object]) -> None:
    """Call a function: at once, or on the loop of a reporter if that is elsewhere."""
    if not (isinstance(report, LoopReporter) and report.hop(call)):
        call()


def _is_thread_of_rx() -> bool:
    """Return whether ``reactivex`` runs this thread: one of a timer, or of a pool."""
    frame, first = sys._getframe(), ""  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        first = first if name in RUNNERS_OF_THREADS else name
        frame = frame.f_back
    return first.startswith("reactivex.")


def context_of(report: Reporter) -> Context | None:
    """Return a copy of the present context, for an owner that reports there.

    In virtual time there is no copy: all runs in the context of the test.
    """
    bound = report.home.bound if isinstance(report, LoopReporter) else None
    return copy_context() if bound is None else bound.copy_context()


class CallContext:
    """The context in which the functions of one owner run.

    Args:
        context: The context; the present one of each call if None.

    >>> from contextvars import ContextVar
    >>> request = ContextVar("request", default="none")
    >>> context = CallContext.of(print)
    >>> token = request.set("another")
    >>> context.run(request.get)
    'none'
    """

    __slots__ = ("_context", "_is_entered")

    def __init__(self, context: Context | None) -> None:
        self._context = context
        self._is_entered = False

    @classmethod
    def of(cls, report: Reporter) -> Self:
        """Return one for an owner that reports there; see `context_of`."""
        return cls(context_of(report))

    def run(self, function: Callable[..., R], *arguments: Any) -> R:
        """Call a function in it; in the present one if it has been entered already."""
        if self._context is None or self._is_entered:
            return function(*arguments)
        self._is_entered = True
        try:
            return self._context.run(function, *arguments)
        finally:
            self._is_entered = False


PRESENT = CallContext(None)
"""Runs everything in the present context."""
