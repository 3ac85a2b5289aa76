"""The choice of an operator's scheduler."""

from reactivex import abc
from reactivex.scheduler import (
    ImmediateScheduler,
    TimeoutScheduler,
    TrampolineScheduler,
)

from rx_phoenix._streams.scheduler import LoopScheduler

__all__ = ["scheduler_for", "tasks_for"]

UNFIT = (ImmediateScheduler, TimeoutScheduler, TrampolineScheduler)
"""Defaults that ``reactivex``'s operators pass upstream: the first and the last put
the thread to sleep, the second starts a thread per timer."""


def scheduler_for(
    chosen: abc.SchedulerBase | None, subscribed: abc.SchedulerBase | None = None
) -> abc.SchedulerBase:
    """Return the scheduler for a delay.

    Args:
        chosen: The operator's argument.
        subscribed: The scheduler given to ``subscribe``, or by an operator downstream.

    Raises:
        UsageError: There is none, and this thread has no running loop.
    """
    if chosen is not None:
        return chosen
    if subscribed is not None and not isinstance(subscribed, UNFIT):
        return subscribed
    return LoopScheduler.current()


def tasks_for(
    chosen: LoopScheduler | None, subscribed: abc.SchedulerBase | None = None
) -> LoopScheduler:
    """Return the scheduler for tasks: as `scheduler_for`, but a `LoopScheduler`.

    Raises:
        UsageError: There is none, and this thread has no running loop.
    """
    if chosen is not None:
        return chosen
    if isinstance(subscribed, LoopScheduler):
        return subscribed
    return LoopScheduler.current()
