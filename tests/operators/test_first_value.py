"""Awaiting the first value ends in every case, and leaves nothing behind."""

import asyncio
from datetime import timedelta

import pytest
import reactivex
from reactivex import operators as ops
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.state import State
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._first_value import first_value
from tests.operators.recording_observer import Failure

FAILURE = Failure("gone")


@pytest.fixture
def source():
    return Hub(report=pytest.fail)


@pytest.fixture
def run(time):
    return time.loop.run_until_complete


def test_the_first_value_is_the_result(source, run):
    async def main():
        first = first_value(source.observable, timeout=1)
        source.on_next("a")
        source.on_next("b")
        return await first

    assert run(main()) == "a"


def test_it_subscribes_at_the_call_and_leaves_with_the_value(source, time):
    first_value(source.observable, timeout=5, scheduler=time)
    assert source.is_watched

    source.on_next("a")

    assert not source.is_watched
    assert time.pending == () or time.advance_by(0) is None


def test_a_current_value_is_the_first_one(run):
    async def main():
        return await first_value(State("open", pytest.fail).observable, timeout=None)

    assert run(main()) == "open"


@pytest.mark.parametrize("timeout", [2, timedelta(seconds=2)])
def test_when_the_time_is_up_it_raises(timeout, source, time, run):
    async def main():
        await first_value(source.observable, timeout=timeout)

    with pytest.raises(TimeoutError, match="no value within 2 s"):
        run(main())

    assert time.clock == 2
    assert not source.is_watched


def test_an_error_of_the_stream_is_raised(source, run):
    async def main():
        first = first_value(source.observable, timeout=1)
        source.on_error(FAILURE)
        await first

    with pytest.raises(Failure):
        run(main())


def test_a_stop_iteration_is_raised_as_the_cause_of_another(run):
    async def main():
        await first_value(reactivex.throw(StopIteration(7)), timeout=1)

    with pytest.raises(RuntimeError, match=r"StopIteration\(7\)") as raised:
        run(main())
    assert isinstance(raised.value.__cause__, StopIteration)


def test_a_stream_that_completes_without_a_value_is_an_error(run):
    async def main():
        await first_value(reactivex.empty(), timeout=1)

    with pytest.raises(SequenceContainsNoElementsError, match="without a value"):
        run(main())


def test_cancelling_the_wait_unsubscribes(source, time):
    async def main():
        await first_value(source.observable, timeout=9)

    task = time.loop.create_task(main())
    time.advance_by(1)
    task.cancel()
    time.advance_by(0)

    assert task.cancelled()
    assert not source.is_watched
    assert time.pending == ()


def test_what_comes_between_a_cancellation_and_its_notice_is_no_matter(source, time):
    first = first_value(source.observable, timeout=None, scheduler=time)
    first.cancel()

    source.on_next("a")
    source.on_completed()
    time.advance_by(0)

    assert first.cancelled()


def test_operators_that_take_time_take_that_of_the_loop(source, time, run):
    async def main():
        first = first_value(source.observable.pipe(ops.debounce(1.0)), timeout=5)
        source.on_next("a")
        source.on_next("b")
        return await first

    assert run(main()) == "b"
    assert time.clock == 1


def test_without_a_loop_it_says_so(source):
    with pytest.raises(UsageError, match="no running event loop"):
        first_value(source.observable, timeout=1)


def test_a_timeout_that_is_no_duration_is_refused(source, time):
    with pytest.raises(UsageError, match="duration must be"):
        first_value(source.observable, timeout=-1, scheduler=time)


async def test_it_works_on_any_loop(source):
    first = first_value(source.observable, timeout=5)
    asyncio.get_running_loop().call_soon(source.on_next, "a")

    assert await first == "a"
