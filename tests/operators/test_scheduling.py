"""Time comes from the scheduler that was chosen, and never from a thread."""

import asyncio

import pytest
from reactivex.scheduler import (
    CurrentThreadScheduler,
    ImmediateScheduler,
    TimeoutScheduler,
)
from reactivex.testing import TestScheduler

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._scheduling import scheduler_for


def test_the_operators_own_scheduler_comes_first():
    own = TestScheduler()

    assert scheduler_for(own, TestScheduler()) is own


def test_the_scheduler_of_the_subscription_comes_second():
    subscribed = TestScheduler()

    assert scheduler_for(None, subscribed) is subscribed


async def test_the_running_loop_comes_third():
    scheduler = scheduler_for(None)

    assert isinstance(scheduler, LoopScheduler)
    assert scheduler.loop is asyncio.get_running_loop()


@pytest.mark.parametrize(
    "unfit", [CurrentThreadScheduler(), ImmediateScheduler(), TimeoutScheduler()]
)
async def test_a_default_that_sleeps_or_starts_threads_is_passed_over(unfit):
    assert isinstance(scheduler_for(None, unfit), LoopScheduler)


def test_without_any_the_error_says_what_to_do():
    with pytest.raises(UsageError, match="no running event loop"):
        scheduler_for(None)
