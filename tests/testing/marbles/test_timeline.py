"""A test's clock with streams as marbles on it."""

import asyncio

import pytest
import reactivex
from reactivex import operators as ops

from rx_phoenix.testing._marbles.parser import MarbleError
from rx_phoenix.testing._marbles.timeline import Timeline, window

NUMBERS = {"a": 0, "b": 1, "c": 2}


@pytest.fixture
def timeline():
    return Timeline()


def test_a_function_is_called_at_its_time(timeline):
    called = []
    timeline.at(1.5, lambda: called.append(timeline.clock))

    timeline.scheduler.advance_to(2)

    assert called == [1.5]


def test_a_coroutine_function_runs_in_a_task(timeline):
    done = []

    async def work():
        await asyncio.sleep(1)
        done.append(timeline.clock)

    timeline.at(1, work)
    timeline.scheduler.advance_to(3)

    assert done == [2]


def test_a_called_function_may_raise(timeline):
    timeline.at(1, lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        timeline.scheduler.advance_to(2)


def test_a_task_may_raise(timeline):
    async def work():
        await asyncio.sleep(1)
        raise ValueError("mine")

    timeline.at(1, work)

    with pytest.raises(ValueError, match="mine"):
        timeline.scheduler.advance_to(3)


def test_an_awaitable_that_is_not_a_coroutine_is_left_alone(timeline):
    future = timeline.scheduler.loop.create_future()
    timeline.at(1, lambda: future)

    timeline.scheduler.advance_to(3)

    assert not future.done()


def test_recordings_are_disposed_at_the_end(timeline):
    source = timeline.cold("-a-b")
    recording = timeline.record(source)
    timeline.scheduler.advance_to(0.2)

    timeline.dispose()
    timeline.scheduler.advance_to(1)

    assert recording == timeline.marbles("-a")
    assert source.subscriptions == [window("^-!")]


def test_kept_objects_are_disposed_at_the_end_the_latest_first(timeline):
    log = []

    class Thing:
        def __init__(self, name):
            self.name = name

        def dispose(self):
            log.append(self.name)

    assert timeline.keep(Thing("first")).name == "first"
    timeline.keep(Thing("second"))
    timeline.dispose()

    assert log == ["second", "first"]


def test_a_hot_source_stops_at_the_end(timeline):
    timeline.hot(" 1h a")
    timeline.dispose()

    assert timeline.scheduler.pending == ()


def test_a_tick_can_be_set():
    timeline = Timeline(tick=1)

    timeline.expect(timeline.cold("-a|").pipe(ops.delay(1))).to_be("--a|")


def test_an_expectation_plays_to_the_end_of_its_lane(timeline):
    timeline.expect(reactivex.interval(1)).to_be(" 1s a 0.9s b 0.9s c", NUMBERS)

    assert timeline.clock == 3.1


def test_an_expectation_plays_to_the_end_of_every_source(timeline):
    source = timeline.cold("-a 10s b")

    with pytest.raises(AssertionError, match=r"at 10\.2s"):
        timeline.expect(source).to_be("-a")


def test_several_expectations_share_one_source(timeline):
    source = timeline.hot("-a-b-|")
    all_of_it = timeline.expect(source)
    one_of_it = timeline.expect(source.pipe(ops.take(1)))

    all_of_it.to_be("-a-b-|")
    one_of_it.to_be("-(a|)")


def test_a_stream_is_subscribed_during_a_window(timeline):
    timeline.expect(timeline.hot("-a-b-c-d"), "--^---!").to_be("---b-c")


def test_nothing_is_expected_before_the_window(timeline):
    timeline.expect(timeline.cold("a"), " 1m ^").to_be("")


def test_a_failed_expectation_shows_both_lanes(timeline):
    with pytest.raises(AssertionError) as raised:
        timeline.expect(timeline.cold("-a-b|")).to_be("-a--b|")

    assert str(raised.value).splitlines() == [
        "the notifications differ",
        "    expected  -a--b|",
        "    actual    -a-b|-",
        "                 ^",
        "at 0.3s",
        "    expected  nothing",
        "    actual    b  'b'",
    ]


def test_two_streams_are_compared(cold, expect):
    expect(cold("a-b|")).to_be(cold("a-b|"))
    expect(cold("a-#", error=KeyError("k"))).to_be(cold("a-#", error=KeyError("k")))


def test_a_stream_is_compared_at_times_that_floats_miss(cold, expect):
    for _ in range(7):
        expect(cold("a-b|")).to_be(cold("a-b|"))
        expect(cold("a--b|")).to_be(cold("a--b|"))


def test_two_streams_that_differ_are_shown_as_two_lanes(cold, expect):
    with pytest.raises(AssertionError) as raised:
        expect(cold("a-b|")).to_be(cold("a--b|", {"a": "a", "b": {"n": 1}}))

    assert str(raised.value).splitlines() == [
        "the notifications differ",
        "    expected  a--b|",
        "    actual    a-?|-",
        "                ^",
        "at 0.2s",
        "    expected  nothing",
        "    actual    ?  'b'",
    ]


def test_two_streams_without_a_lane_play_to_their_ends(expect):
    one, other = reactivex.timer(3600), reactivex.timer(3600)

    expect(one).to_be(other)
    with pytest.raises(AssertionError, match="differ"):
        expect(reactivex.timer(1)).to_be(reactivex.timer(2))


def test_two_endless_streams_are_compared_for_a_day(timeline):
    minutes = reactivex.interval(60)

    timeline.expect(minutes).to_be(minutes)

    assert timeline.clock == 24 * 3600


def test_two_streams_are_compared_during_a_window(cold, expect):
    expect(cold("a-b|"), "--^").to_be(cold("a-b|"))


def test_an_operator_is_tested_on_marbles(cold, hot, expect):
    source = hot("--a-b---c--|")
    other = cold("x-y|")

    debounced = expect(source.pipe(ops.debounce(0.2)))
    repeated = expect(other.pipe(ops.concat(other)))

    debounced.to_be("------b---c|")
    repeated.to_be(" x-yx-y| ")


@pytest.mark.parametrize("lane", ["", "-", "!", "!^", "^^", "^!!"])
def test_a_window_is_one_start_and_at_most_one_end(lane):
    with pytest.raises(MarbleError, match="a subscription is one"):
        window(lane)


def test_a_window_has_no_other_letters():
    with pytest.raises(MarbleError, match="'a' is not a letter"):
        window("^a!")
