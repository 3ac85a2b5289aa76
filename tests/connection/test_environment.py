"""The environment of a socket: time, randomness and reports."""

import asyncio
from threading import Thread, get_ident

import pytest

from rx_phoenix import UsageError
from rx_phoenix._connection.environment import Environment, UnhandledReporter
from rx_phoenix.testing import VirtualScheduler


def test_without_a_scheduler_and_a_running_loop_there_is_no_time():
    environment = Environment(None, lambda: 0.5, print)

    with pytest.raises(UsageError):
        _ = environment.scheduler


async def test_it_is_bound_to_the_running_loop_for_life():
    environment = Environment(None, lambda: 0.5, print)

    assert environment.scheduler is environment.scheduler


@pytest.mark.parametrize("drawn", [0, 0.25, 1])
def test_random_numbers_are_those_of_the_source(drawn):
    assert Environment(None, lambda: drawn, print).random() == drawn


@pytest.mark.parametrize("drawn", [-0.1, 1.1, float("nan"), "x", None])
def test_a_number_that_is_none_is_reported_and_replaced(drawn):
    reported = []

    assert Environment(None, lambda: drawn, reported.append).random() == 0.5
    assert len(reported) == 1


def test_before_it_has_a_loop_it_is_quiet():
    calls = []
    Environment(None, lambda: 0.5, print).when_quiet(lambda: calls.append(1), 2.0)

    assert calls == [1]


def test_without_cancelled_tasks_it_is_quiet_at_once():
    calls, time = [], VirtualScheduler()
    Environment(time, lambda: 0.5, print).when_quiet(lambda: calls.append(1), 2.0)
    time.advance_by(0)

    assert calls == [1]


async def test_an_exception_of_another_thread_is_reported_on_the_loop():
    reported, error = [], ValueError("mine")
    environment = Environment(
        None, lambda: 0.5, lambda error: reported.append((error, get_ident()))
    )
    assert environment.scheduler
    await asyncio.to_thread(environment, error)
    await asyncio.sleep(0)

    assert reported == [(error, get_ident())]


def test_one_of_another_thread_after_the_end_of_the_loop_is_logged(caplog):
    reported, error = [], ValueError("mine")
    environment = Environment(None, lambda: 0.5, reported.append)

    async def bind():
        assert environment.scheduler

    asyncio.run(bind())
    thread = Thread(target=environment, args=(error,))
    thread.start()
    thread.join()

    assert reported == []
    assert [record.exc_info[1] for record in caplog.records] == [error]


async def test_the_reporter_of_what_is_unhandled_belongs_to_the_same_loop():
    environment = Environment(None, lambda: 0.5, print)
    reporter = UnhandledReporter(print, environment.home)

    assert reporter.home.bound is None
    assert environment.scheduler is reporter.home.bound
