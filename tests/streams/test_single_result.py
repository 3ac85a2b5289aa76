import asyncio
import gc
import traceback
from inspect import isawaitable

import pytest
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import PushRefused, UsageError


@pytest.fixture
def once(reported):
    return SingleResult(reported.append)


REFUSED = PushRefused("error", {"reason": "nope"})


def test_it_is_an_observable_and_awaitable(once):
    assert isinstance(once, Observable)
    assert isawaitable(once)


def test_an_outcome_is_told_when_it_comes(once, log):
    log.subscribe_to(once)
    before = list(log)
    once.succeed(7)

    assert before == []
    assert log == [7, "completed"]


def test_a_failure_is_told_when_it_comes(once, log):
    log.subscribe_to(once)
    once.fail(REFUSED)

    assert log == [("error", str(REFUSED))]


def test_whoever_comes_late_gets_the_outcome_too(once, log, other):
    once.succeed(7)
    log.subscribe_to(once)
    other.subscribe_to(once)

    assert log == other == [7, "completed"]


def test_whoever_comes_late_gets_the_failure_too(once, log):
    once.fail(REFUSED)
    log.subscribe_to(once)

    assert log == [("error", str(REFUSED))]


def test_none_is_an_outcome(once, log):
    once.succeed(None)
    log.subscribe_to(once)

    assert log == [None, "completed"]


@pytest.mark.parametrize("later", ["succeed", "fail"])
def test_only_the_first_outcome_counts(once, log, later):
    once.succeed(1)
    getattr(once, later)(REFUSED)
    log.subscribe_to(once)

    assert log == [1, "completed"]


def test_it_knows_whether_it_is_settled(once):
    before = once.is_settled
    once.succeed(1)

    assert (before, once.is_settled) == (False, True)


def test_disposing_stops_the_wait_only(once, log, other):
    log.subscribe_to(once).dispose()
    other.subscribe_to(once)
    once.succeed(7)

    assert log == []
    assert other == [7, "completed"]


def test_an_observer_that_raises_keeps_nobody_from_the_outcome(once, log, reported):
    def raising(_):
        raise ValueError

    once.subscribe(raising)
    log.subscribe_to(once)
    once.succeed(7)
    once.subscribe(raising)

    assert log == [7, "completed"]
    assert len(reported) == 2


def test_who_subscribes_inside_the_outcome_gets_it_once(once, log):
    once.subscribe(lambda _: log.subscribe_to(once) and None)
    once.succeed(7)

    assert log == [7, "completed"]


def test_a_failure_that_nobody_handles_is_reported(once, reported):
    once.subscribe()
    once.fail(REFUSED)

    assert [str(error) for error in reported] == [str(REFUSED)]


async def test_each_observer_gets_an_exception_of_its_own(once):
    got = []
    once.subscribe(on_error=got.append)
    once.subscribe(on_error=got.append)
    once.fail(REFUSED)
    once.subscribe(on_error=got.append)
    once.subscribe(on_error=got.append)
    for _ in range(2):
        with pytest.raises(PushRefused) as raised:
            await once
        got.append(raised.value)

    assert [error.response for error in got] == [{"reason": "nope"}] * 6
    assert len({id(error) for error in [*got, REFUSED]}) == 7


async def test_awaiting_returns_the_outcome_now_or_when_it_comes(once):
    loop = asyncio.get_running_loop()
    loop.call_soon(once.succeed, 7)

    assert await once == 7
    assert await once == 7


async def test_awaiting_raises_the_failure(once):
    loop = asyncio.get_running_loop()
    loop.call_soon(once.fail, REFUSED)

    with pytest.raises(PushRefused, match="nope"):
        await once


async def test_awaiting_a_failure_again_grows_no_traceback(once):
    once.fail(REFUSED)
    lengths = set()
    for _ in range(5):
        with pytest.raises(PushRefused) as raised:
            await once
        lengths.add(len(traceback.extract_tb(raised.value.__traceback__)))

    assert len(lengths) == 1


async def test_many_may_wait(once):
    async def wait():
        return await once

    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(wait()) for _ in range(100)]
        await asyncio.sleep(0)
        once.succeed(7)

    assert [task.result() for task in waits] == [7] * 100


async def test_it_can_be_gathered_and_timed(once):
    once.succeed(7)

    assert await asyncio.gather(once, asyncio.wait_for(once, 1)) == [7, 7]


async def test_cancelling_one_wait_ends_that_wait_only(once):
    async def wait():
        return await once

    waits = [asyncio.create_task(wait()) for _ in range(2)]
    await asyncio.sleep(0)
    waits[0].cancel()
    await asyncio.sleep(0)
    once.succeed(7)

    assert await waits[1] == 7
    assert waits[0].cancelled()


async def test_a_wait_that_is_cancelled_as_the_outcome_comes_is_cancelled(once):
    async def wait():
        return await once

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    once.succeed(7)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_wait_leaves_nothing_behind(once):
    class Witness:
        """Is in a frame of the wait."""

    async def wait():
        witness = Witness()
        await once
        return witness

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del task

    gc.collect()
    assert not any(isinstance(thing, Witness) for thing in gc.get_objects())


async def test_an_outcome_that_comes_as_the_wait_is_cancelled_changes_nothing(
    once, reported
):
    async def wait():
        return await once

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    once.succeed(7)

    with pytest.raises(asyncio.CancelledError):
        await task
    assert reported == []


def test_it_works_behind_operators(once, log):
    log.subscribe_to(once.pipe(ops.map(lambda value: value + 1)))
    once.succeed(7)

    assert log == [8, "completed"]


@pytest.mark.parametrize(
    "misuse",
    [iter, aiter, lambda once: 1 in once, SingleResult.run],
    ids=["iter", "aiter", "in", "run"],
)
def test_what_would_never_end_is_refused(once, misuse):
    with pytest.raises(UsageError, match="await what has one outcome"):
        misuse(once)
