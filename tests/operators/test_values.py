"""Looping over a stream gets everything in order, and leaves nothing behind."""

import asyncio
import gc
import weakref

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops

from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import QueueOverflow
from rx_phoenix.operators._values import values
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


@pytest.fixture
def source():
    return Hub(report=pytest.fail)


@pytest.fixture
def loop_over(time, source, notes):
    """Loop over the source in a task, and note what comes."""

    def start(**options):
        async def main():
            async with values(source.observable, **options) as items:
                async for item in items:
                    notes.on_next(item)
                notes.on_completed()

        task = time.loop.create_task(main())
        time.advance_by(0)
        return task

    return start


def emit(source, *items):
    for item in items:
        source.on_next(item)


def test_the_loop_gets_what_is_emitted(loop_over, source, time, notes):
    loop_over()

    emit(source, 1, 2)
    time.advance_by(0)
    emit(source, 3)
    source.on_completed()
    time.advance_by(0)

    assert notes.values == [1, 2, 3]
    assert notes.completions == 1


def test_it_subscribes_on_entry(source, time):
    async def main():
        async with values(source.observable) as items:
            emit(source, 1)
            return await anext(items)

    assert time.loop.run_until_complete(main()) == 1


def test_it_does_not_subscribe_before(source):
    values(source.observable)

    assert not source.is_watched


def test_what_is_emitted_within_subscribing_is_not_lost(time, notes):
    async def main():
        async with values(reactivex.of(1, 2, 3)) as items:
            return [item async for item in items]

    assert time.loop.run_until_complete(main()) == [1, 2, 3]


def test_an_error_is_raised_after_what_was_emitted_before(
    loop_over, source, time, notes
):
    task = loop_over()

    emit(source, 1, 2)
    source.on_error(FAILURE)
    time.advance_by(0)

    assert notes.values == [1, 2]
    assert task.exception() == FAILURE


def test_an_error_is_a_fresh_one_each_time(source, time):
    async def main():
        async with values(source.observable) as items:
            source.on_error(FAILURE)
            errors = []
            for _ in range(2):
                with pytest.raises(Failure) as raised:
                    await anext(items)
                errors.append(raised.value)
            return errors

    first, second = time.loop.run_until_complete(main())

    assert first == second
    assert first is not second


# Leaving


def leave_by_break(source):
    async def main():
        async with values(source.observable) as items:
            async for _ in items:
                break

    return main


def leave_by_exception(source):
    async def fail():
        async with values(source.observable) as items:
            async for _ in items:
                raise LookupError

    async def main():
        with pytest.raises(LookupError):
            await fail()

    return main


def leave_by_return(source):
    async def main():
        async with values(source.observable) as items:
            return await anext(items)

    return main


@pytest.mark.parametrize("leave", [leave_by_break, leave_by_exception, leave_by_return])
def test_leaving_the_block_unsubscribes_at_once(leave, source, time):
    task = time.loop.create_task(leave(source)())
    time.advance_by(0)
    assert source.is_watched

    emit(source, 1, 2, 3)
    time.advance_by(0)

    assert task.done()
    assert task.exception() is None
    assert not source.is_watched


def test_cancelling_unsubscribes_at_once(loop_over, source, time):
    task = loop_over()

    task.cancel()
    time.advance_by(0)

    assert task.cancelled()
    assert not source.is_watched
    assert not asyncio.all_tasks(time.loop)


def test_a_timeout_of_asyncios_ends_it(source, time):
    async def main():
        async with asyncio.timeout(5), values(source.observable) as items:
            return await anext(items)

    with pytest.raises(TimeoutError):
        time.loop.run_until_complete(main())

    assert time.clock == 5
    assert not source.is_watched


def test_nothing_is_left_after_the_block(source, time):
    async def main():
        value = RecordingObserver()
        async with values(source.observable) as items:
            emit(source, 1, value)
            async for _ in items:
                break
        return weakref.ref(items), weakref.ref(value)

    items, remains = time.loop.run_until_complete(main())
    gc.collect()

    assert items() is None
    assert remains() is None


# Bounds


def test_an_overflow_is_raised_after_what_was_waiting(loop_over, source, time, notes):
    task = loop_over(maxsize=2)

    emit(source, 1, 2, 3, 4)
    assert not source.is_watched
    time.advance_by(0)

    assert notes.values == [1, 2]
    assert isinstance(task.exception(), QueueOverflow)


@pytest.mark.parametrize(
    ("overflow", "kept"),
    [("drop_oldest", [4, 5]), ("drop_newest", [1, 2]), ("latest", [5])],
)
def test_a_full_queue_drops_and_tells(overflow, kept, loop_over, source, time, notes):
    losses = []
    loop_over(maxsize=2, overflow=overflow, on_loss=losses.append)

    emit(source, 1, 2, 3, 4, 5)
    source.on_completed()
    time.advance_by(0)

    assert notes.values == kept
    assert sum(losses) == 5 - len(kept)


@pytest.mark.parametrize("overflow", ["error", "drop_newest"])
def test_an_end_while_it_subscribes_is_not_taken_back(overflow, time, notes):
    def refuse(_):
        raise FAILURE

    async def main():
        stream = reactivex.from_iterable(range(5))
        async with values(
            stream, maxsize=3, overflow=overflow, on_loss=refuse
        ) as items:
            async for item in items:
                notes.on_next(item)

    error = QueueOverflow if overflow == "error" else Failure
    with pytest.raises(error):
        time.loop.run_until_complete(main())
    assert notes.values == [0, 1, 2]


def test_an_on_loss_that_raises_ends_it_with_its_exception(
    loop_over, source, time, notes
):
    def object_to(count):
        raise FAILURE

    task = loop_over(maxsize=1, overflow="drop_newest", on_loss=object_to)

    emit(source, 1, 2)
    time.advance_by(0)

    assert notes.values == [1]
    assert task.exception() == FAILURE
    assert not source.is_watched


@pytest.mark.parametrize("options", [{"maxsize": 0}, {"overflow": "drop"}], ids=str)
def test_what_makes_no_sense_is_refused_at_the_call(options, source):
    with pytest.raises(UsageError):
        values(source.observable, **options)


def test_a_slow_loop_takes_no_memory(time, source):
    losses = 0

    def count(lost):
        nonlocal losses
        losses += lost

    async def main():
        async with values(source.observable, overflow="latest", on_loss=count) as items:
            before = len(gc.get_objects())
            for number in range(100_000):
                source.on_next(number)
            after = len(gc.get_objects())
            return after - before, await anext(items)

    growth, last = time.loop.run_until_complete(main())

    assert growth < 100
    assert last == 99_999
    assert losses == 99_999


def test_operators_that_take_time_take_that_of_the_loop(source, time):
    async def main():
        async with values(source.observable.pipe(ops.debounce(1.0))) as items:
            emit(source, 1, 2)
            return await anext(items)

    assert time.loop.run_until_complete(main()) == 2
    assert time.clock == 1


# Wrong use


def test_it_serves_one_block(source, time):
    async def main():
        block = values(source.observable)
        async with block:
            pass
        async with block:
            pytest.fail("entered twice")

    with pytest.raises(UsageError, match="call it again"):
        time.loop.run_until_complete(main())


def test_looping_without_the_block_says_how_to(source, time):
    async def main():
        async for _ in values(source.observable):
            pytest.fail("got a value")

    with pytest.raises(UsageError, match="async with values"):
        time.loop.run_until_complete(main())


def test_looping_after_the_block_does_not_wait_for_ever(source, time):
    async def main():
        async with values(source.observable) as items:
            emit(source, 1)
        return await anext(items)

    with pytest.raises(UsageError, match="iterated inside its block"):
        time.loop.run_until_complete(main())


def test_without_a_loop_it_says_so(source):
    with pytest.raises(UsageError, match="no running event loop"):
        values(source.observable).__aenter__().send(None)


def test_two_tasks_may_share_the_values(source, time):
    async def main():
        async with values(source.observable) as items:
            takers = [time.loop.create_task(anext(items, None)) for _ in range(3)]
            await asyncio.sleep(0)
            emit(source, 1, 2)
            source.on_completed()
            return await asyncio.gather(*takers)

    assert time.loop.run_until_complete(main()) == [1, 2, None]


@given(
    st.sampled_from(["drop_oldest", "drop_newest", "latest"]),
    st.integers(1, 3),
    st.lists(st.integers(0, 4), max_size=10),
)
def test_every_value_is_looped_over_or_told_as_lost(overflow, maxsize, bursts):
    time, source = VirtualScheduler(), Hub(report=pytest.fail)
    seen, losses = [], []

    async def main():
        async with values(
            source.observable,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=losses.append,
        ) as items:
            async for item in items:
                seen.append(item)  # noqa: PERF401 - as they come

    task = time.loop.create_task(main())
    time.advance_by(0)
    for burst in bursts:
        emit(source, *range(burst))
        time.advance_by(0)
    source.on_completed()
    time.advance_by(0)

    assert task.done()
    assert len(seen) + sum(losses) == sum(bursts)
