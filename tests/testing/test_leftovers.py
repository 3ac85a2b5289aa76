"""What a test may not leave behind."""

import asyncio
from logging import getLogger

import pytest

from rx_phoenix.testing.leftovers import Unhandled, left_on, shut_down, told
from rx_phoenix.testing.loop import VirtualLoop

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


def test_an_error_is_told_with_the_place_that_raised_it(error):
    assert told(error).startswith(
        "ValueError('mine'), raised in fail (tests/testing/test_leftovers.py:"
    )


def test_an_error_that_nothing_raised_is_told_alone():
    assert told(ValueError("mine")) == "ValueError('mine')"
    assert told("as logged") == "as logged"


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

    assert first.startswith("nobody handled ValueError('mine'), raised in fail (")
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
