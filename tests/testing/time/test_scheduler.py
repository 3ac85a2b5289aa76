"""A scheduler in virtual time."""

import asyncio
from datetime import timedelta

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.scheduler import VirtualScheduler


@pytest.fixture
def scheduler():
    return VirtualScheduler()


@pytest.fixture
def log():
    return []


def test_the_clock_starts_at_zero(scheduler):
    assert (scheduler.clock, scheduler.monotonic()) == (0, 0)


def test_the_time_of_day_follows_the_clock(scheduler):
    scheduler.advance_by(1.5)

    assert scheduler.now == scheduler.to_datetime(1.5)


def test_advancing_runs_the_calls_that_become_due(scheduler, log):
    scheduler.call_later(2, lambda: log.append(scheduler.clock))

    scheduler.advance_by(1.9)
    assert log == []

    scheduler.advance_by(0.1)
    assert log == [2]


def test_advancing_by_zero_runs_the_calls_that_are_due_now(scheduler, log):
    scheduler.call_later(0, lambda: log.append(1))

    scheduler.advance_by(0)

    assert log == [1]


@pytest.mark.parametrize(
    "time", [60, 60.0, timedelta(minutes=1), VirtualScheduler.to_datetime(60)]
)
def test_a_time_is_seconds_or_a_timedelta_or_a_time_of_day(scheduler, time):
    scheduler.advance_to(time)

    assert scheduler.clock == 60


def test_advance_before_leaves_the_calls_due_at_that_instant(scheduler, log):
    scheduler.call_later(1, lambda: log.append(1))

    scheduler.advance_before(1)

    assert (scheduler.clock, log) == (1, [])


def test_a_negative_duration_is_refused(scheduler):
    with pytest.raises(UsageError, match="cannot go back"):
        scheduler.advance_by(-1)


def test_many_steps_do_not_drift(scheduler):
    for _ in range(10_000):
        scheduler.advance_by(0.1)

    assert scheduler.clock == 1000


def test_many_actions_at_one_instant_do_not_move_the_clock(scheduler, log):
    for _ in range(1000):
        scheduler.schedule_relative(1, lambda *_: log.append(scheduler.clock))

    scheduler.advance_by(2)

    assert log == [1.0] * 1000


def test_an_action_that_raises_leaves_the_scheduler_usable(scheduler, log):
    scheduler.schedule_relative(1, lambda *_: 1 / 0)
    scheduler.schedule_relative(2, lambda *_: log.append(scheduler.clock))
    with pytest.raises(ZeroDivisionError):
        scheduler.advance_by(3)

    scheduler.advance_to(3)

    assert log == [2]


def test_an_action_that_schedules_itself_for_ever_is_named():
    def poll(scheduler, state):
        scheduler.schedule_relative(0, poll)

    scheduler = VirtualScheduler(limit=10)
    scheduler.schedule_relative(1, poll)

    with pytest.raises(UsageError, match=r"more than 10 calls at 1 s.*Next is .*poll"):
        scheduler.advance_by(2)


def test_rx_operators_take_their_time_from_it(scheduler, log):
    reactivex.timer(1, 1, scheduler=scheduler).pipe(ops.take(3)).subscribe(
        lambda value: log.append((scheduler.clock, value))
    )

    scheduler.advance_by(10)

    assert log == [(1, 0), (2, 1), (3, 2)]


def test_an_absolute_time_is_one_of_its_own_day(scheduler, log):
    due = scheduler.now + timedelta(seconds=7)
    scheduler.schedule_absolute(due, lambda *_: log.append(scheduler.clock))

    scheduler.advance_by(10)

    assert log == [7]


def test_a_spawned_coroutine_runs_in_virtual_time(scheduler, log):
    async def work():
        await asyncio.sleep(3600)
        return "done"

    scheduler.spawn(work(), log.append)
    scheduler.advance_by(3600)

    assert log == ["done"]


def test_a_disposed_timer_is_not_pending(scheduler):
    scheduler.call_later(1, print)
    scheduler.schedule_relative(1, print).dispose()

    assert len(scheduler.pending) == 1


def test_the_current_scheduler_of_its_loop_shares_its_time(scheduler):
    with scheduler.loop.running():
        current = LoopScheduler.current()
    scheduler.advance_by(3)

    assert current.monotonic() == 3


def test_an_action_that_schedules_itself_for_ever_is_stopped():
    scheduler = VirtualScheduler(limit=50)

    def again(*_):
        scheduler.schedule(again)

    with pytest.raises(UsageError, match="more than 50 actions at 0 s, each scheduled"):
        scheduler.schedule(again)


def test_many_actions_that_one_schedules_are_no_endless_chain(log):
    scheduler = VirtualScheduler(limit=50)

    def fan_out(*_):
        for number in range(100):
            scheduler.schedule(lambda *_, number=number: log.append(number))

    scheduler.schedule(fan_out)

    assert log == [*range(100)]


def test_a_chain_that_was_stopped_leaves_no_trace(log):
    scheduler = VirtualScheduler(limit=50)

    def again(*_):
        scheduler.schedule(again)

    for _ in range(2):
        with pytest.raises(UsageError):
            scheduler.schedule(again)
    scheduler.schedule(lambda *_: log.append(1))

    assert log == [1]


def test_a_watch_is_called_around_each_advance_and_is_not_pending(scheduler, log):
    watch = scheduler.watch(lambda: log.append(scheduler.clock))
    scheduler.advance_by(1)
    scheduler.advance_before(2)
    watch.dispose()
    watch.dispose()
    scheduler.advance_to(3)

    assert log == [0, 1, 1, 2]
    assert scheduler.pending == ()


def test_the_wall_clock_is_virtual(scheduler):
    scheduler.advance_by(1.5)

    assert scheduler.wall_clock() == 1.5
