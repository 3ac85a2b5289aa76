"""What is awaited for each value is bounded, in order, and cancelled with the rest."""

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
from rx_phoenix.operators._map_async import map_async
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


class Workshop:
    """A source of values, and a function that takes a second for each."""

    def __init__(self, time):
        self.time = time
        self.reported = []
        self.source = Hub(self.reported.append)
        self.calls = []
        self.cancelled = []
        self.at_once = 0
        self.most_at_once = 0

    async def work(self, value):
        self.calls.append((self.time.clock, value))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.cancelled.append(value)
            raise
        finally:
            self.at_once -= 1
        return f"{value}!"

    def mapped(self, **options):
        return self.source.observable.pipe(
            map_async(self.work, scheduler=self.time, **options)
        )

    def emit(self, *values):
        for value in values:
            self.source.on_next(value)


@pytest.fixture
def workshop(time):
    workshop = Workshop(time)
    yield workshop
    time.advance_by(100)
    assert workshop.at_once == 0


def tasks(time):
    return asyncio.all_tasks(time.loop)


# Strategies


def test_concat_works_on_one_after_another_in_their_order(workshop, time, notes):
    workshop.mapped().subscribe(notes)

    workshop.emit("a", "b", "c")
    time.advance_by(3)

    assert workshop.calls == [(0, "a"), (1, "b"), (2, "c")]
    assert notes.values == ["a!", "b!", "c!"]


def test_merge_works_on_several_at_once(workshop, time, notes):
    workshop.mapped(strategy="merge", max_concurrent=2).subscribe(notes)

    workshop.emit("a", "b", "c")
    time.advance_by(2)

    assert workshop.calls == [(0, "a"), (0, "b"), (1, "c")]
    assert workshop.most_at_once == 2
    assert notes.values == ["a!", "b!", "c!"]


def test_merge_emits_results_as_they_come(time, notes):
    async def wait(seconds):
        await asyncio.sleep(seconds)
        return seconds

    reactivex.of(3, 1, 2).pipe(
        map_async(wait, strategy="merge", scheduler=time)
    ).subscribe(notes)
    time.advance_by(3)

    assert notes.values == [1, 2, 3]
    assert notes.completions == 1


def test_switch_cancels_the_work_on_the_value_before(workshop, time, notes):
    losses = []
    workshop.mapped(strategy="switch", on_loss=losses.append).subscribe(notes)

    workshop.emit("a")
    time.advance_by(0.5)
    workshop.emit("b")
    time.advance_by(1)

    assert workshop.cancelled == ["a"]
    assert notes.values == ["b!"]
    assert losses == [1]


def test_switch_never_begins_what_is_replaced_at_the_same_instant(
    workshop, time, notes
):
    workshop.mapped(strategy="switch").subscribe(notes)

    workshop.emit("a", "b", "c")
    time.advance_by(1)

    assert workshop.calls == [(0, "c")]
    assert notes.values == ["c!"]


def test_exhaust_drops_values_while_it_works(workshop, time, notes):
    losses = []
    workshop.mapped(strategy="exhaust", on_loss=losses.append).subscribe(notes)

    workshop.emit("a", "b")
    time.advance_by(0.5)
    workshop.emit("c")
    time.advance_by(0.5)
    workshop.emit("d")
    time.advance_by(1)

    assert notes.values == ["a!", "d!"]
    assert losses == [1, 1]


@pytest.mark.parametrize("strategy", ["switch", "exhaust"])
def test_what_a_strategy_gives_up_need_not_be_told(strategy, workshop, time, notes):
    workshop.mapped(strategy=strategy).subscribe(notes)

    workshop.emit("a", "b")
    time.advance_by(1)

    assert len(notes.values) == 1


# Bounds


@pytest.mark.parametrize(
    ("overflow", "results", "lost"),
    [
        ("drop_oldest", ["a!", "d!", "e!"], 2),
        ("drop_newest", ["a!", "b!", "c!"], 2),
        ("latest", ["a!", "e!"], 3),
    ],
)
def test_a_full_queue_drops_and_tells(overflow, results, lost, workshop, time, notes):
    losses = []
    workshop.mapped(maxsize=2, overflow=overflow, on_loss=losses.append).subscribe(
        notes
    )

    workshop.emit(*"abcde")
    time.advance_by(5)

    assert notes.values == results
    assert sum(losses) == lost


def test_an_overflow_ends_it_after_what_was_waiting(workshop, time, notes):
    workshop.mapped(maxsize=2).subscribe(notes)

    workshop.emit(*"abcde")
    assert not workshop.source.is_watched
    assert notes.is_open
    time.advance_by(3)

    assert notes.values == ["a!", "b!", "c!"]
    (error,) = notes.errors
    assert isinstance(error, QueueOverflow)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "concatenate"}, "concat, merge, switch, exhaust"),
        ({"overflow": "drop"}, "drop_oldest, drop_newest, latest"),
        ({"maxsize": 0}, "maxsize must be 1 or more"),
        ({"max_concurrent": 0}, "max_concurrent must be 1 or more"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_at_the_call(options, words, workshop):
    with pytest.raises(UsageError, match=words):
        map_async(workshop.work, **options)


# Ends


def test_it_completes_when_all_work_is_done(workshop, time, notes):
    workshop.mapped().subscribe(notes)

    workshop.emit("a", "b")
    workshop.source.on_completed()
    time.advance_by(1.5)
    assert notes.is_open
    time.advance_by(0.5)

    assert notes.values == ["a!", "b!"]
    assert notes.completions == 1


def test_an_error_of_the_source_comes_when_all_work_is_done(workshop, time, notes):
    workshop.mapped().subscribe(notes)

    workshop.emit("a", "b")
    workshop.source.on_error(FAILURE)
    assert notes.is_open
    time.advance_by(2)

    assert notes.values == ["a!", "b!"]
    assert notes.errors == [FAILURE]


def test_an_idle_one_ends_at_once(notes):
    reactivex.empty().pipe(map_async(asyncio.sleep)).subscribe(notes)
    reactivex.throw(FAILURE).pipe(map_async(asyncio.sleep)).subscribe(notes)

    assert notes.completions == 1
    assert notes.errors == [FAILURE]


def test_an_exception_of_the_function_ends_it_and_cancels_the_rest(time, notes):
    cancelled = []

    async def work(value):
        if value == "bad":
            raise FAILURE
        try:
            await asyncio.sleep(9)
        finally:
            cancelled.append(value)

    source = Hub(pytest.fail)
    source.observable.pipe(
        map_async(work, strategy="merge", max_concurrent=2, scheduler=time)
    ).subscribe(notes)
    for value in "good", "bad", "waiting":
        source.on_next(value)
    time.advance_by(0)

    assert notes.errors == [FAILURE]
    assert cancelled == ["good"]
    assert not source.is_watched
    assert not tasks(time)
    time.advance_by(9)


def test_a_function_that_does_not_return_an_awaitable_is_a_mistake(time, notes):
    reactivex.of(1).pipe(map_async(str, scheduler=time)).subscribe(notes)
    time.advance_by(0)

    (error,) = notes.errors
    assert isinstance(error, UsageError)
    assert "pass an `async def`, or use operators.map()" in str(error)


def test_a_future_is_awaitable_too(time, notes):
    def later(value):
        future = time.loop.create_future()
        time.call_later(1, lambda: future.set_result(value))
        return future

    reactivex.of(1, 2).pipe(map_async(later, scheduler=time)).subscribe(notes)
    time.advance_by(2)

    assert notes.values == [1, 2]


def test_work_that_somebody_else_cancels_is_an_error(time, notes):
    async def work(value):
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    reactivex.of(1).pipe(map_async(work, scheduler=time)).subscribe(notes)
    time.advance_by(1)

    (error,) = notes.errors
    assert "CancelledError" in str(error)


@pytest.mark.parametrize("strategy", ["switch", "exhaust"])
def test_an_on_loss_that_raises_ends_it_with_its_exception(
    strategy, workshop, time, notes
):
    def object_to(count):
        raise FAILURE

    workshop.mapped(strategy=strategy, on_loss=object_to).subscribe(notes)
    workshop.emit("a", "b")
    time.advance_by(0)

    assert notes.errors == [FAILURE]
    assert not tasks(time)


# Disposing


def test_disposing_cancels_what_runs_and_drops_what_waits(workshop, time, notes):
    subscription = workshop.mapped(strategy="merge", max_concurrent=2).subscribe(notes)
    workshop.emit("a", "b", "c")
    time.advance_by(0.5)

    subscription.dispose()
    time.advance_by(0)

    assert workshop.cancelled == ["a", "b"]
    assert not workshop.source.is_watched
    assert not tasks(time)
    assert notes == RecordingObserver()


def test_disposing_before_the_first_step_never_begins(workshop, time, notes):
    subscription = workshop.mapped().subscribe(notes)
    workshop.emit("a")

    subscription.dispose()
    time.advance_by(1)

    assert workshop.calls == []


def test_a_result_may_be_all_that_is_wanted(workshop, time, notes):
    workshop.mapped().pipe(ops.take(1)).subscribe(notes)
    workshop.emit("a", "b")
    time.advance_by(5)

    assert notes.values == ["a!"]
    assert workshop.calls == [(0, "a")]
    assert not tasks(time)


def test_work_may_end_its_own_subscription(time, notes):
    async def work(value):
        subscription.dispose()
        await asyncio.sleep(1)

    source = Hub(pytest.fail)
    subscription = source.observable.pipe(map_async(work, scheduler=time)).subscribe(
        notes
    )
    source.on_next(1)
    time.advance_by(2)

    assert notes == RecordingObserver()
    assert not tasks(time)


def test_nothing_is_left_of_a_subscription(workshop, time):
    value = RecordingObserver()
    subscription = workshop.mapped().subscribe()
    workshop.emit("a")
    workshop.source.on_next(value)
    time.advance_by(0.5)
    subscription.dispose()
    time.advance_by(1)
    remains = weakref.ref(value)

    del value, subscription
    gc.collect()

    assert remains() is None


# Observers, order and time


def test_an_observer_that_raises_does_not_stop_the_work(workshop, time):
    seen = []

    def observe(value):
        seen.append(value)
        raise LookupError("a bug")

    workshop.mapped().subscribe(observe)
    workshop.emit("a", "b")
    for _ in range(2):
        with pytest.raises(LookupError):
            time.advance_by(2)

    assert seen == ["a!", "b!"]


def test_a_value_emitted_by_a_result_has_the_last_turn(workshop, time, notes):
    workshop.mapped().pipe(
        ops.do_action(lambda value: workshop.emit("z") if value == "a!" else None)
    ).subscribe(notes)
    workshop.emit("a", "b", "c")
    time.advance_by(4)

    assert notes.values == ["a!", "b!", "c!", "z!"]


def test_one_operator_serves_many_sources(workshop, time, notes):
    operator = map_async(workshop.work, scheduler=time)
    for source in reactivex.of("a"), reactivex.of("b"):
        source.pipe(operator).subscribe(notes)

    time.advance_by(1)

    assert workshop.calls == [(0, "a"), (0, "b")]
    assert notes.values == ["a!", "b!"]


def test_the_scheduler_of_the_subscription_runs_the_tasks(workshop, time, notes):
    reactivex.of("a").pipe(map_async(workshop.work)).subscribe(notes, scheduler=time)
    time.advance_by(1)

    assert notes.values == ["a!"]


async def test_the_running_loop_runs_the_tasks():
    async def double(value):
        return 2 * value

    results = reactivex.of(1, 2).pipe(map_async(double), ops.to_list())

    assert await results == [2, 4]


def test_without_a_loop_the_first_value_says_so(workshop, notes):
    reactivex.of("a").pipe(map_async(workshop.work)).subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)


OVERFLOWS = ["drop_oldest", "drop_newest", "latest"]


@given(
    st.sampled_from(["concat", "merge", "switch", "exhaust"]),
    st.sampled_from(OVERFLOWS),
    st.integers(1, 3),
    st.lists(st.sampled_from([0.0, 0.3, 0.7, 2.0]), max_size=20),
)
def test_every_value_gives_a_result_or_is_told_as_lost(
    strategy, overflow, maxsize, pauses
):
    time = VirtualScheduler()
    workshop = Workshop(time)
    notes, losses = RecordingObserver(), []
    workshop.mapped(
        strategy=strategy,
        max_concurrent=2,
        maxsize=maxsize,
        overflow=overflow,
        on_loss=losses.append,
    ).subscribe(notes)

    for number, pause in enumerate(pauses):
        workshop.emit(number)
        time.advance_by(pause)
    workshop.source.on_completed()
    time.advance_by(10)

    assert len(notes.values) + sum(losses) == len(pauses)
    assert notes.values == sorted(notes.values, key=lambda result: int(result[:-1]))
    assert notes.completions == 1
    assert workshop.most_at_once <= (2 if strategy == "merge" else 1)


@pytest.mark.slow
def test_a_slow_consumer_of_a_million_events_takes_no_memory(time, notes):
    losses = 0

    def count(lost):
        nonlocal losses
        losses += lost

    async def work(value):
        await asyncio.sleep(1)
        return value

    source = Hub(pytest.fail)
    source.observable.pipe(
        map_async(
            work, maxsize=10, overflow="drop_oldest", on_loss=count, scheduler=time
        )
    ).subscribe(notes)

    before = len(gc.get_objects())
    for number in range(1_000_000):
        source.on_next(number)
    after = len(gc.get_objects())
    source.on_completed()
    time.advance_by(11)

    assert after - before < 100
    assert losses == 999_989
    assert notes.values == [0, *range(999_990, 1_000_000)]


@pytest.mark.parametrize("strategy", ["switch", "exhaust"])
def test_a_strategy_that_drops_values_cannot_wait(strategy):
    with pytest.raises(UsageError, match=strategy):
        map_async(asyncio.sleep, strategy=strategy, overflow="wait")
