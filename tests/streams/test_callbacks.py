import asyncio
import gc
import warnings

import pytest

from rx_phoenix._streams.callbacks import Callback
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import CallbackOverrun


class Boom(Exception):
    pass


@pytest.fixture
async def scheduler():
    return LoopScheduler.current()


@pytest.fixture
def callback_for(scheduler, reported):
    def make(function, **options):
        return Callback(function, scheduler.spawn, reported.append, **options)

    return make


async def settle():
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def a_function_that_waits():
    """An async callback, its log, and the gate that lets it go on."""
    log, gate = [], asyncio.Semaphore(0)

    async def function(value):
        log.append(f"begin {value}")
        await gate.acquire()
        log.append(f"end {value}")

    return function, log, gate


# Plain functions.


def test_a_plain_function_is_called_at_once(reported, log):
    callback = Callback(lambda *values: log.append(values), None, reported.append)
    callback(1)
    callback(2, "two")

    assert log == [(1,), (2, "two")]


def test_a_plain_function_that_raises_is_reported(reported):
    callback = Callback(lambda value: 1 / value, None, reported.append)

    callback(0)

    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_a_plain_function_that_is_interrupted_ends_the_program(reported):
    def interrupt():
        raise KeyboardInterrupt

    callback = Callback(interrupt, None, reported.append)

    with pytest.raises(KeyboardInterrupt):
        callback()
    assert reported == []


@pytest.mark.parametrize(
    "result", [7, "text", [], SingleResult(print), Hub(print).observable]
)
def test_what_a_plain_function_returns_is_no_matter(reported, result):
    callback = Callback(lambda: result, None, reported.append)

    callback()

    assert reported == []


def test_a_disposed_callback_calls_nothing(reported, log):
    callback = Callback(log.append, None, reported.append)
    callback.dispose()
    callback(1)

    assert log == []


# Coroutine functions.


async def test_a_coroutine_function_is_awaited(callback_for, log):
    async def function(value):
        log.append(value)

    callback_for(function)(1)
    before = list(log)
    await settle()

    assert before == []
    assert log == [1]


async def test_what_a_plain_function_leaves_to_await_is_awaited(callback_for, log):
    async def later(value):
        log.append(value)

    def function(value):
        return later(value)

    callback_for(function)(1)
    await settle()

    assert log == [1]


async def test_a_future_that_a_plain_function_returns_is_awaited(
    callback_for, log, reported
):
    future = asyncio.get_running_loop().create_future()

    callback_for(lambda: future)()
    await settle()
    future.set_exception(Boom())
    await settle()

    assert [type(error) for error in reported] == [Boom]


async def test_calls_run_one_at_a_time_in_order(callback_for):
    function, log, gate = a_function_that_waits()
    callback = callback_for(function)
    for value in range(3):
        callback(value)
    await settle()
    first = list(log)
    for _ in range(3):
        gate.release()
        await settle()

    assert first == ["begin 0"]
    assert log == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]


async def test_two_callbacks_do_not_wait_for_each_other(callback_for):
    function, log, _ = a_function_that_waits()
    callback_for(function)("one")
    callback_for(function)("other")
    await settle()

    assert log == ["begin one", "begin other"]


async def test_one_that_raises_is_reported_and_the_next_runs(
    callback_for, log, reported
):
    async def function(value):
        if value == 1:
            raise Boom
        log.append(value)

    callback = callback_for(function)
    for value in range(3):
        callback(value)
    await settle()

    assert log == [0, 2]
    assert [type(error) for error in reported] == [Boom]


async def test_one_that_is_cancelled_from_elsewhere_is_reported_and_the_next_runs(
    callback_for, log, reported
):
    async def function(value):
        if value == 1:
            raise asyncio.CancelledError
        log.append(value)

    callback = callback_for(function)
    for value in range(3):
        callback(value)
    await settle()

    assert log == [0, 2]
    assert [type(error.__cause__) for error in reported] == [asyncio.CancelledError]


async def test_a_later_call_runs_when_the_earlier_ones_have_ended(callback_for, log):
    async def function(value):
        log.append(value)

    callback = callback_for(function)
    for value in range(3):
        callback(value)
        await settle()

    assert log == [0, 1, 2]


# Too many.


async def test_the_oldest_waiting_call_is_dropped_when_too_many_wait(
    callback_for, reported
):
    function, log, gate = a_function_that_waits()
    callback = callback_for(function, limit=2)
    for value in range(5):
        callback(value)
    for _ in range(5):
        gate.release()
    await settle()

    assert [entry for entry in log if "begin" in entry] == [
        "begin 0",
        "begin 3",
        "begin 4",
    ]
    assert [type(error) for error in reported] == [CallbackOverrun] * 2
    assert [error.dropped for error in reported] == [1, 2]
    assert "map_async" in str(reported[0])


async def test_a_stuck_callback_is_reported_at_1_2_4_8_losses(callback_for, reported):
    function, _, gate = a_function_that_waits()
    callback = callback_for(function, limit=2)
    for value in range(20_003):
        callback(value)
    callback.dispose()
    gate.release()
    await settle()

    assert [error.dropped for error in reported] == [2**n for n in range(15)]


async def test_a_thousand_calls_may_wait(callback_for, reported):
    function, _, _ = a_function_that_waits()
    callback = callback_for(function)
    for value in range(1001):
        callback(value)
    before = list(reported)
    callback(1001)
    callback.dispose()
    await settle()

    assert before == []
    assert len(reported) == 1


# Disposing.


async def test_disposing_cancels_what_runs_and_drops_what_waits(callback_for, reported):
    function, log, gate = a_function_that_waits()
    callback = callback_for(function)
    callback(1)
    callback(2)
    await settle()
    callback.dispose()
    gate.release()
    await settle()

    assert log == ["begin 1"]
    assert reported == []


async def test_disposing_cancels_the_futures_that_wait(callback_for):
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(3)]
    callback = callback_for(lambda index: futures[index])
    for index in range(3):
        callback(index)
    await settle()
    callback.dispose()
    await settle()

    assert all(future.cancelled() for future in futures)


async def test_calls_that_never_began_leave_no_warning(callback_for):
    async def function(_):
        """Never begins."""

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callback = callback_for(function, limit=1)
        for value in range(4):
            callback(value)
        callback.dispose()
        callback.dispose()
        await settle()
        gc.collect()


async def test_an_awaitable_of_another_kind_may_be_dropped(callback_for, log):
    class Awaitable:
        def __await__(self):
            log.append("awaited")
            yield

    callback = callback_for(Awaitable)
    callback()
    callback()
    await asyncio.sleep(0)
    callback.dispose()
    await settle()

    assert log == ["awaited"]


async def test_a_call_that_disposes_its_own_callback_runs_to_its_end(
    callback_for, log, reported
):
    async def once(value):
        callback.dispose()
        await asyncio.sleep(0)
        log.append(value)

    callback = callback_for(once)
    callback(1)
    callback(2)
    await settle()
    callback(3)
    await settle()

    assert log == [1]
    assert reported == []


async def test_a_call_that_fails_after_it_disposed_its_callback_is_the_loops_affair(
    callback_for, log
):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: log.append(context["exception"]))

    async def function():
        callback.dispose()
        raise Boom

    callback = callback_for(function)
    callback()
    await settle()
    gc.collect()

    assert [type(error) for error in log] == [Boom]


async def test_a_function_that_disposes_its_callback_leaves_nothing_to_await(
    callback_for, log
):
    async def later():
        log.append("later")

    def function():
        callback.dispose()
        return later()

    callback = callback_for(function)
    callback()
    await settle()
    gc.collect()

    assert log == []


async def test_a_hub_isolates_a_callback_and_disposing_ends_it(callback_for, reported):
    hub = Hub(reported.append)
    function, log, _ = a_function_that_waits()
    callback = callback_for(function)
    hub.observable.subscribe(lambda value: 1 / value)
    hub.observable.subscribe(callback)
    hub.on_next(0)
    await settle()
    callback.dispose()
    await settle()

    assert log == ["begin 0"]
    assert [type(error) for error in reported] == [ZeroDivisionError]
