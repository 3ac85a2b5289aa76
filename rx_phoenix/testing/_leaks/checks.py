"""Checks for errors, leases, tasks and timers that a test left behind."""

import asyncio
from collections.abc import Iterable, Iterator
from logging import ERROR, Handler, LogRecord, getLogger
from typing import Self

from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._leaks.call_site import CallSite
from rx_phoenix.testing._leaks.tracing import Share
from rx_phoenix.testing._time.loop import VirtualLoop
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._time.timer import waiting_at

__all__ = ["Unhandled", "describe", "held", "left_on", "pass_time", "shut_down"]


class Unhandled(Handler):
    """A log handler that collects the library's unhandled errors."""

    def __init__(self) -> None:
        super().__init__(ERROR)
        self.errors: list[BaseException | str] = []

    def emit(self, record: LogRecord) -> None:
        """Collect the error of a record."""
        error = record.exc_info and record.exc_info[1]
        self.errors.append(error or record.getMessage())

    def messages(self) -> Iterator[str]:
        """Yield a line for each error, with its origin."""
        for error in self.errors:
            yield f"unhandled: {describe(error)}"

    def __enter__(self) -> Self:
        getLogger("rx_phoenix").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        getLogger("rx_phoenix").removeHandler(self)


def held(shares: Iterable[Share]) -> Iterator[str]:
    """Yield a line for each lease subscription that was not disposed."""
    for share in shares:
        if share.is_held:
            yield f"a lease is still held: taken {share.call_site}"


def pass_time(scheduler: VirtualScheduler, seconds: float) -> Iterator[str]:
    """Advance the clock; yield a line for each error raised meanwhile."""
    end = scheduler.clock + seconds
    while True:
        try:
            scheduler.advance_to(end)
        except Exception as error:  # noqa: BLE001 - reported with the other leftovers
            yield f"unhandled: {describe(error)}"
            if isinstance(error, UsageError):
                return
        else:
            return


def left_on(loop: VirtualLoop) -> Iterator[str]:
    """Yield a line for each error, task and timer on a loop, with its origin."""
    for error in loop.errors:
        yield f"unhandled: {describe(error)}"
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        yield f"a task still runs: {waiting_at(task)}"
    for timer in loop.pending:
        yield f"a timer is still armed: {timer}"


def shut_down(loop: VirtualLoop) -> None:
    """Cancel the remaining tasks and close a loop."""
    loop.errors.clear()
    loop.set_exception_handler(noop)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.advance_to(loop.time())
    loop.close()


def describe(error: BaseException | str) -> str:
    """Describe an error with its notes and the line that raised it."""
    if isinstance(error, str):
        return error
    notes = [repr(error), *getattr(error, "__notes__", ())]
    site = CallSite.of(error)
    return ", ".join([*notes, *([f"raised {site}"] if site.place else [])])
