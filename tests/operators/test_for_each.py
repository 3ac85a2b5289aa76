"""A function is called for each value, in a task that ends with the stream."""

import asyncio
import gc
import weakref
from functools import partial

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import QueueOverflow
from rx_phoenix.operators._for_each import for_each
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


@pytest.fixture
def source():
    return Hub(report=pytest.fail)


class Slow:
    """A coroutine function of every shape, that takes a second."""

    def __init__(self, notes):
        self.notes = notes

    async def method(self, value):
        await asyncio.sleep(1)
        self.notes.on_next(value)

    async def __call__(self, value):
        await self.method(value)

    async def of_two(self, ignored, value):
        await self.method(value)


@pytest.fixture
def slow(notes):
    return Slow(notes)


def test_a_plain_function_is_called_as_the_values_come(source, time, notes):
    task = for_each(source.observable, notes.on_next, scheduler=time)

    source.on_next(1)
    source.on_next(2)

    assert notes.values == [1, 2]
    assert not task.done()
    source.on_completed()
    time.advance_by(0)
    assert task.done()
    assert task.result() is None


def test_a_coroutine_function_is_awaited_for_one_value_after_another(
    source, time, slow, notes
):
    task = for_each(source.observable, slow.method, scheduler=time)

    source.on_next(1)
    source.on_next(2)
    source.on_completed()
    time.advance_by(1)
    assert notes.values == [1]
    assert not task.done()
    time.advance_by(1)

    assert notes.values == [1, 2]
    assert task.done()


@pytest.mark.parametrize(
    "shape",
    [
        lambda slow: slow,
        lambda slow: slow.method,
        lambda slow: partial(slow.of_two, None),
    ],
    ids=["object", "method", "partial"],
)
def test_coroutine_functions_come_in_many_shapes(shape, slow, time, notes):
    for_each(reactivex.of(1), shape(slow), scheduler=time)
    time.advance_by(1)

    assert notes.values == [1]


def test_the_keywords_are_those_of_map_async(source, time, slow, notes):
    losses = []
    for_each(
        source.observable,
        slow.method,
        strategy="merge",
        max_concurrent=2,
        maxsize=1,
        overflow="drop_newest",
        on_loss=losses.append,
        scheduler=time,
    )

    for number in range(5):
        source.on_next(number)
    time.advance_by(2)

    assert notes.values == [0, 1, 2]
    assert losses == [1, 1]


@pytest.mark.parametrize(
    "options", [{"maxsize": 0}, {"strategy": "switch", "overflow": "wait"}]
)
def test_they_are_checked_for_a_plain_function_too(source, time, options):
    with pytest.raises(UsageError):
        for_each(source.observable, print, scheduler=time, **options)


def test_an_overflow_is_raised_by_the_task(source, time, slow, notes):
    task = for_each(source.observable, slow.method, maxsize=1, scheduler=time)

    for number in range(3):
        source.on_next(number)
    time.advance_by(2)

    assert notes.values == [0, 1]
    assert isinstance(task.exception(), QueueOverflow)


def test_an_error_of_the_stream_is_raised_by_the_task(source, time, notes):
    task = for_each(source.observable, notes.on_next, scheduler=time)

    source.on_error(FAILURE)
    time.advance_by(0)

    assert task.exception() == FAILURE


async def raise_later(_):
    raise FAILURE


def raise_now(_):
    raise FAILURE


@pytest.mark.parametrize("fn", [raise_later, raise_now])
def test_an_exception_of_the_function_ends_it(fn, source, time):
    task = for_each(source.observable, fn, scheduler=time)

    source.on_next(1)
    time.advance_by(0)

    assert task.exception() == FAILURE
    assert not source.is_watched


@pytest.mark.parametrize("end", [asyncio.CancelledError, StopIteration, GeneratorExit])
def test_so_does_one_that_a_task_cannot_raise(end, source, time):
    def fail(_):
        raise end

    async def main():
        task = for_each(source.observable, fail)
        source.on_next("a")
        await task

    with pytest.raises(RuntimeError, match=end.__name__):
        time.loop.run_until_complete(main())


def test_a_function_that_only_returns_a_coroutine_is_a_mistake(source, time, slow):
    task = for_each(source.observable, lambda n: slow.method(n), scheduler=time)  # noqa: PLW0108

    source.on_next(1)
    time.advance_by(0)

    with pytest.raises(UsageError, match="pass the `async def` itself to for_each"):
        task.result()


def test_so_is_one_that_returns_a_future(source, time):
    future = time.loop.create_future()
    task = for_each(source.observable, lambda n: future, scheduler=time)

    source.on_next(1)
    time.advance_by(0)

    assert isinstance(task.exception(), UsageError)


@pytest.mark.parametrize("is_begun", [True, False])
def test_cancelling_unsubscribes_and_cancels_what_runs(
    is_begun, source, time, slow, notes
):
    task = for_each(source.observable, slow.method, scheduler=time)
    source.on_next(1)
    if is_begun:
        time.advance_by(0.5)

    task.cancel()
    time.advance_by(5)

    assert task.cancelled()
    assert not source.is_watched
    assert notes.values == []
    assert not asyncio.all_tasks(time.loop)


@pytest.mark.parametrize("end", ["on_completed", "on_error"])
def test_an_end_between_a_cancellation_and_its_notice_is_no_matter(
    end, source, time, notes
):
    task = for_each(source.observable, notes.on_next, scheduler=time)
    time.advance_by(0)
    task.cancel()

    getattr(source, end)(*([FAILURE] if end == "on_error" else []))
    time.advance_by(0)

    assert task.cancelled()


def test_nothing_is_left_after_its_end(source, time):
    consumer = RecordingObserver()
    remains = weakref.ref(consumer)
    task = for_each(source.observable, consumer.on_next, scheduler=time)
    time.advance_by(0)
    task.cancel()
    time.advance_by(0)

    del consumer, task
    gc.collect()

    assert remains() is None


def test_operators_that_take_time_take_that_of_the_loop(source, time, notes):
    for_each(source.observable.pipe(ops.debounce(1.0)), notes.on_next, scheduler=time)

    source.on_next(1)
    source.on_next(2)
    time.advance_by(1)

    assert notes.values == [2]
    source.on_completed()
    time.advance_by(0)


def test_without_a_loop_it_says_so(source, notes):
    with pytest.raises(UsageError, match="no running event loop"):
        for_each(source.observable, notes.on_next)


async def test_it_works_on_any_loop(notes):
    await for_each(reactivex.of(1, 2, 3), notes.on_next)

    assert notes.values == [1, 2, 3]
