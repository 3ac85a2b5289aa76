"""Checks for what a test left behind."""

import asyncio
from logging import getLogger

import pytest

from rx_phoenix.testing._leaks.checks import Unhandled, left_on, pass_time, shut_down
from rx_phoenix.testing._time.loop import VirtualLoop
from rx_phoenix.testing._time.scheduler import VirtualScheduler

log = getLogger("rx_phoenix")


@pytest.fixture
def loop():
    return VirtualLoop()


def fail():
    raise ValueError("mine")


@pytest.fixture
def error():
    try:
        fail()
    except ValueError as error:
        return error


def test_an_error_that_the_library_logs_is_kept(error):
    with Unhandled() as unhandled:
        log.error("unhandled: %s", error, exc_info=error)
        log.error("not good")
        log.warning("not so bad")
    log.error("too late", exc_info=error)

    assert unhandled.errors == [error, "not good"]


def test_an_error_is_described_with_the_line_that_raised_it(error):
    unhandled = Unhandled()
    unhandled.errors = [error]

    (line,) = unhandled.messages()

    place = "fail (tests/testing/leaks/test_checks.py:"
    assert line.startswith(f"unhandled: ValueError('mine'), raised in {place}")


def test_an_error_that_was_not_raised_is_described_alone():
    unhandled = Unhandled()
    unhandled.errors = [ValueError("mine"), "as logged"]

    assert list(unhandled.messages()) == [
        "unhandled: ValueError('mine')",
        "unhandled: as logged",
    ]


def test_time_passes_in_spite_of_errors():
    scheduler = VirtualScheduler()
    for delay in (1, 2):
        scheduler.call_later(delay, fail)

    problems = list(pass_time(scheduler, 3))

    assert (len(problems), scheduler.clock) == (2, 3)


def test_time_that_stands_still_ends_the_wait():
    def poll():
        scheduler.call_later(0, poll)

    scheduler = VirtualScheduler(limit=10)
    poll()

    (line,) = pass_time(scheduler, 3)

    assert "more than 10 calls at 0 s" in line


def test_an_idle_loop_has_nothing_left(loop):
    assert list(left_on(loop)) == []


def test_errors_tasks_and_timers_are_left(loop, error):
    async def wait():
        await asyncio.Event().wait()

    loop.create_task(wait())
    loop.advance_to(0)
    loop.call_later(1, print)
    loop.default_exception_handler({"exception": error})

    first, second, third = left_on(loop)

    assert first.startswith("unhandled: ValueError('mine'), raised in fail (")
    assert second.startswith("a task still runs: in test_errors_tasks_and_timers_are")
    assert third.startswith("a timer is still armed: print at 1 s, armed in test_err")
    shut_down(loop)


def test_a_loop_that_was_shut_down_is_closed(loop):
    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            fail()

    task = loop.create_task(wait())
    loop.advance_to(0)
    shut_down(loop)

    assert loop.is_closed()
    assert repr(task.exception()) == "ValueError('mine')"
