"""Which scheduler an operator takes its time from."""

from reactivex import abc
from reactivex.scheduler import (
    ImmediateScheduler,
    TimeoutScheduler,
    TrampolineScheduler,
)

from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["scheduler_for", "tasks_for"]

UNFIT = (ImmediateScheduler, TimeoutScheduler, TrampolineScheduler)
"""Defaults that ``reactivex``'s operators hand up unasked: the first and the last
put the thread to sleep, the second starts a thread a timer."""


def scheduler_for(
    chosen: abc.SchedulerBase | None, subscribed: abc.SchedulerBase | None = None
) -> abc.SchedulerBase:
    """The scheduler for a delay.

    Args:
        chosen: The operator's own argument.
        subscribed: What ``subscribe(scheduler=…)`` was given, or an operator below.

    Raises:
        UsageError: There is none, and no loop runs in this thread.
    """
    if chosen is not None:
        return chosen
    if subscribed is not None and not isinstance(subscribed, UNFIT):
        return subscribed
    return LoopScheduler.current()


def tasks_for(
    chosen: LoopScheduler | None, subscribed: abc.SchedulerBase | None = None
) -> LoopScheduler:
    """The scheduler for tasks: as `scheduler_for`, but one that has tasks.

    Raises:
        UsageError: There is none, and no loop runs in this thread.
    """
    if chosen is not None:
        return chosen
    if isinstance(subscribed, LoopScheduler):
        return subscribed
    return LoopScheduler.current()
