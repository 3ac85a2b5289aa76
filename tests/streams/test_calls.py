"""Calls from other threads, in virtual time; with real threads in integration."""

import asyncio
from concurrent.futures import CancelledError

import pytest

from rx_phoenix._streams.calls import ThreadCalls
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.testing import VirtualScheduler


@pytest.fixture
def scheduler():
    return VirtualScheduler()


@pytest.fixture
def calls(reported):
    return ThreadCalls(reported.append)


def test_a_call_is_made_when_the_loop_goes_on(scheduler, calls, log):
    answer = calls.call(lambda: log.append("called") or 7, scheduler)
    assert log == []
    scheduler.advance_by(0)

    assert answer.result() == 7


def test_what_it_returns_is_awaited(scheduler, calls):
    answer = calls.call(lambda: asyncio.sleep(1, "slept"), scheduler)
    scheduler.advance_by(0.9)
    assert not answer.done()
    scheduler.advance_by(0.1)

    assert answer.result() == "slept"


def test_nothing_is_waited_for_if_no_call_is_open(scheduler, calls, log):
    calls.end(2.0)
    calls.when_ended(lambda: log.append("ended"))

    assert log == ["ended"]


def test_an_end_waits_for_the_open_calls(scheduler, calls, log):
    calls.call(lambda: asyncio.sleep(1), scheduler)
    scheduler.advance_by(0)
    calls.end(2.0)
    calls.when_ended(lambda: log.append(scheduler.clock))
    scheduler.advance_by(5)

    assert log == [1.0]


def test_an_end_cancels_those_that_take_too_long(scheduler, calls, log):
    answer = calls.call(lambda: asyncio.sleep(100), scheduler)
    scheduler.advance_by(0)
    calls.end(2.0)
    calls.when_ended(lambda: log.append(scheduler.clock))
    scheduler.advance_by(5)

    assert log == [2.0]
    with pytest.raises(CancelledError):
        answer.result()


def test_an_end_does_not_wait_for_the_call_that_asked_for_it(scheduler, calls, log):
    def end():
        calls.except_caller()
        calls.end(2.0)
        calls.when_ended(lambda: log.append(scheduler.clock))
        return asyncio.sleep(1)

    calls.call(end, scheduler)
    scheduler.advance_by(5)

    assert log == [0.0]


def test_nor_for_the_coroutine_that_asked_for_it(scheduler, calls, log):
    async def end():
        await asyncio.sleep(1)
        calls.except_caller()
        calls.end(2.0)
        calls.when_ended(lambda: log.append(scheduler.clock))
        await asyncio.sleep(1)

    calls.call(end, scheduler)
    scheduler.advance_by(5)

    assert log == [1.0]


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="Python 3.12")
async def test_nor_for_the_coroutine_that_an_eager_task_began(calls, log):
    async def end():
        calls.except_caller()
        calls.when_ended(lambda: log.append("ended"))
        log.append("returns")

    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    await asyncio.wrap_future(calls.call(end, LoopScheduler.current()))

    assert log == ["ended", "returns"]


def test_an_interrupt_leaves_the_loop_and_ends_the_call(scheduler, calls):
    def interrupt():
        raise KeyboardInterrupt

    answer = calls.call(interrupt, scheduler)
    with pytest.raises(KeyboardInterrupt):
        scheduler.advance_by(0)

    assert isinstance(answer.exception(), KeyboardInterrupt)


def test_an_error_that_nothing_looked_at_is_reported(scheduler, calls, reported):
    calls.call(lambda: 1 / 0, scheduler)
    scheduler.advance_by(0)

    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_an_error_after_the_wait_was_cancelled_is_reported(scheduler, calls, reported):
    answer = calls.call(lambda: 1 / 0, scheduler)
    assert answer.cancel()
    scheduler.advance_by(0)

    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_an_error_that_was_raised_is_not_reported(scheduler, calls, reported):
    answer = calls.call(lambda: 1 / 0, scheduler)
    scheduler.advance_by(0)
    with pytest.raises(ZeroDivisionError):
        answer.result()
    del answer

    assert reported == []


def test_a_loop_that_is_closed_takes_no_call_and_reports_none(
    scheduler, calls, reported
):
    scheduler.loop.close()

    with pytest.raises(UsageError, match="ended before the call"):
        calls.call(print, scheduler)
    assert reported == []
