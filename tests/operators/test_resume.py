"""Each event comes once and in order, whatever the channel goes through."""

import asyncio
import gc
import logging
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops
from reactivex.disposable import Disposable

from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._resume import Gap, consecutive, resume
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


class Feed:
    """A channel of which only what resume() needs is there."""

    def __init__(self):
        self.reported = []
        self.joins = Hub(self.reported.append)
        self.events = Hub(self.reported.append)
        self.extras = []

    def stream(self, event):
        assert event == "news"
        return self.events.observable

    def _extend_params(self, extra):
        self.extras.append(extra)
        return Disposable(lambda: self.extras.remove(extra))

    def rejoin(self):
        """Join anew, and say with which params."""
        params = {}
        for extra in self.extras:
            params |= extra()
        self.joins.on_next({})
        return params

    def emit(self, *events):
        for event in events:
            self.events.on_next(event)


@pytest.fixture
def feed():
    return Feed()


class Archive:
    """A history that takes a second to be fetched."""

    def __init__(self, *events):
        self.events = events
        self.asked = []

    async def backfill(self, last, first):
        self.asked.append((last, first))
        await asyncio.sleep(1)
        return [event for event in self.events if last < event < first]


def number(event):
    return event


@pytest.fixture
def follow(feed, time, notes):
    def subscribe(cursor=number, **options):
        stream = resume(
            feed, "news", cursor=cursor, param="since", scheduler=time, **options
        )
        return stream.subscribe(notes)

    return subscribe


def test_events_pass_in_order(feed, follow, notes):
    follow()
    feed.rejoin()

    feed.emit(1, 2, 3)

    assert notes.values == [1, 2, 3]


def test_the_first_join_takes_no_cursor_along(feed, follow):
    follow()

    assert feed.rejoin() == {}


def test_a_rejoin_takes_the_last_cursor_along(feed, follow):
    follow()
    feed.rejoin()
    feed.emit(1, 2)

    assert feed.rejoin() == {"since": 2}


def test_a_run_may_go_on_from_an_earlier_one(feed, follow, notes):
    follow(since=7)

    assert feed.rejoin() == {"since": 7}
    feed.emit(6, 7, 8)
    assert notes.values == [8]


def test_what_comes_twice_is_dropped(feed, follow, notes):
    follow()
    feed.rejoin()
    feed.emit(1, 2, 3)

    feed.rejoin()
    feed.emit(2, 3, 4)

    assert notes.values == [1, 2, 3, 4]


def test_cursors_may_be_anything_that_can_be_ordered(feed, follow, notes):
    follow(cursor=lambda event: event["at"])
    feed.rejoin()
    feed.emit({"at": "2026-01-01"}, {"at": "2026-01-03"})

    assert feed.rejoin() == {"since": "2026-01-03"}
    feed.emit({"at": "2026-01-02"}, {"at": "2026-01-04"})

    assert [event["at"][-2:] for event in notes.values] == ["01", "03", "04"]


# Gaps


@pytest.mark.parametrize(
    ("last", "first", "verdict"),
    [(1, 2, True), (1, 3, False), ("1", "2", None), (1.0, 2.0, None)],
)
def test_only_integers_are_known_to_be_consecutive(last, first, verdict):
    assert consecutive(last, first) is verdict


def test_a_gap_after_a_rejoin_is_told_and_the_event_passes(feed, follow, notes):
    gaps = []
    follow(on_gap=gaps.append)
    feed.rejoin()
    feed.emit(1, 2)

    feed.rejoin()
    feed.emit(5, 6)

    assert gaps == [Gap(2, 5)]
    assert notes.values == [1, 2, 5, 6]


def test_a_gap_nobody_listens_for_is_logged(feed, follow, caplog):
    follow(since=2)
    feed.emit(5)

    assert caplog.record_tuples == [
        ("rx_phoenix", logging.WARNING, "events may be missing between 2 and 5")
    ]


def test_numbers_left_out_without_a_rejoin_are_no_gap(feed, follow):
    gaps = []
    follow(on_gap=gaps.append)
    feed.rejoin()

    feed.emit(1, 5, 9)

    assert gaps == []


def test_where_it_cannot_be_told_the_server_is_trusted(feed, follow, notes):
    gaps = []
    follow(on_gap=gaps.append)
    feed.emit("a")
    feed.rejoin()
    feed.emit("z")

    assert gaps == []
    assert notes.values == ["a", "z"]


def test_a_user_may_know_better_what_follows(feed, follow):
    gaps = []
    follow(on_gap=gaps.append, follows=lambda last, first: first - last == 10)
    feed.emit(10)
    feed.rejoin()
    feed.emit(20)
    feed.rejoin()
    feed.emit(21)

    assert gaps == [Gap(20, 21)]


# Backfills


def test_a_gap_is_filled_before_what_came_after_it(feed, follow, time, notes):
    archive = Archive(*range(10))
    follow(backfill=archive.backfill)
    feed.emit(1, 2)
    feed.rejoin()

    feed.emit(6)
    time.advance_by(0.5)
    feed.emit(7)
    assert notes.values == [1, 2]
    time.advance_by(0.5)

    assert archive.asked == [(2, 6)]
    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_what_follows_is_not_asked_for(feed, follow, time, notes):
    archive = Archive(*range(10))
    follow(backfill=archive.backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(2)

    assert archive.asked == []
    assert notes.values == [1, 2]


def test_where_it_cannot_be_told_the_backfill_is_asked(feed, follow, time, notes):
    archive = Archive("b", "c")
    follow(backfill=archive.backfill)
    feed.emit("a")
    feed.rejoin()
    feed.emit("d")
    time.advance_by(1)

    assert archive.asked == [("a", "d")]
    assert notes.values == ["a", "b", "c", "d"]


def test_a_backfill_may_return_more_than_was_missing(feed, follow, time, notes):
    async def everything(last, first):
        return range(9)

    follow(backfill=everything)
    feed.emit(1, 2)
    feed.rejoin()
    feed.emit(5, 6)
    time.advance_by(0)
    feed.emit(9)

    assert notes.values == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_rejoin_during_a_backfill_may_bring_another_gap(feed, follow, time, notes):
    archive = Archive(*range(20))
    follow(backfill=archive.backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4, 5)
    time.advance_by(0.5)

    assert feed.rejoin() == {"since": 1}
    feed.emit(8, 9)
    time.advance_by(0.5)
    assert notes.values == [1, 2, 3, 4, 5]
    feed.emit(10)
    time.advance_by(1)

    assert archive.asked == [(1, 4), (5, 8)]
    assert notes.values == list(range(1, 11))


def test_a_failed_backfill_is_told_as_a_gap(feed, follow, time, notes):
    async def fail(last, first):
        raise FAILURE

    gaps = []
    follow(backfill=fail, on_gap=gaps.append)
    feed.emit(1)
    feed.rejoin()
    feed.emit(5, 6)
    time.advance_by(0)

    assert gaps == [Gap(1, 5, FAILURE)]
    assert notes.values == [1, 5, 6]
    assert notes.is_open


def test_a_backfill_whose_items_have_no_cursor_has_failed(feed, follow, time, notes):
    async def odd(last, first):
        return [{"id": 3}, {}]

    gaps = []
    follow(cursor=lambda event: event["id"], backfill=odd, on_gap=gaps.append)
    feed.emit({"id": 1})
    feed.rejoin()
    feed.emit({"id": 5})
    time.advance_by(0)

    (gap,) = gaps
    assert isinstance(gap.error, KeyError)
    assert notes.values == [{"id": 1}, {"id": 5}]


def test_too_many_events_during_a_backfill_are_fetched_by_another(
    feed, follow, time, notes
):
    archive = Archive(*range(20))
    follow(backfill=archive.backfill, maxsize=2)
    feed.emit(1)
    feed.rejoin()
    feed.emit(5, 6, 7, 8, 9)
    time.advance_by(2)

    assert archive.asked == [(1, 5), (4, 8)]
    assert notes.values == list(range(1, 10))


def test_the_end_of_the_channel_waits_for_the_backfill(feed, follow, time, notes):
    follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4)
    feed.events.on_completed()
    assert notes.is_open
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4]
    assert notes.completions == 1


def test_an_error_of_the_channel_waits_for_the_backfill(feed, follow, time, notes):
    follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4)
    feed.events.on_error(FAILURE)
    assert notes.is_open
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4]
    assert notes.errors == [FAILURE]


# What raises


def test_an_event_without_a_cursor_passes_and_the_exception_is_reported(
    feed, follow, notes
):
    follow(cursor=lambda event: event["id"])
    feed.emit({"id": 1}, {"odd": True}, {"id": 2})

    assert notes.values == [{"id": 1}, {"odd": True}, {"id": 2}]
    assert [type(error) for error in feed.reported] == [KeyError]
    assert notes.is_open


def test_cursors_that_cannot_be_compared_are_reported(feed, follow, notes):
    follow()
    feed.emit(1, "2", 3)

    assert notes.values == [1, "2", 3]
    assert [type(error) for error in feed.reported] == [TypeError]


def test_an_on_gap_that_raises_is_reported_and_the_event_passes(feed, follow, notes):
    def object_to(gap):
        raise FAILURE

    follow(since=1, on_gap=object_to)
    feed.emit(5, 6)

    assert notes.values == [5, 6]
    assert feed.reported == [FAILURE]


def test_an_observer_that_raises_loses_nothing_of_a_backfill(feed, time):
    seen = []

    def observe(event):
        seen.append(event)
        if event in {2, 3}:
            raise FAILURE

    stream = resume(
        feed,
        "news",
        cursor=number,
        param="since",
        backfill=Archive(*range(9)).backfill,
        scheduler=time,
    )
    stream.subscribe(observe)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4)
    with pytest.raises(ExceptionGroup, match="observers of resume") as raised:
        time.advance_by(1)

    assert seen == [1, 2, 3, 4]
    assert list(raised.value.exceptions) == [FAILURE, FAILURE]


def test_without_a_loop_it_says_so(feed, notes):
    resume(feed, "news", cursor=number, param="since").subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)
    assert feed.extras == []


# Leaving


def test_disposing_leaves_everything(feed, follow, time, notes):
    subscription = follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4)
    time.advance_by(0.5)

    subscription.dispose()
    time.advance_by(5)

    assert feed.extras == []
    assert not feed.joins.is_watched
    assert not feed.events.is_watched
    assert not asyncio.all_tasks(time.loop)
    assert notes.values == [1]


def test_a_subscription_may_end_in_the_middle_of_a_backfill(feed, time, notes):
    stream = resume(
        feed,
        "news",
        cursor=number,
        param="since",
        backfill=Archive(*range(9)).backfill,
        scheduler=time,
    )
    stream.pipe(ops.take(2)).subscribe(notes)
    feed.emit(1)
    feed.rejoin()
    feed.emit(5)
    time.advance_by(1)

    assert notes.values == [1, 2]
    assert feed.extras == []


def test_each_subscription_has_its_own_place(feed, time, notes):
    stream = resume(feed, "news", cursor=number, param="since", scheduler=time)
    other_notes = RecordingObserver()
    stream.subscribe(notes)
    feed.emit(1, 2)
    stream.subscribe(other_notes)
    feed.emit(2, 3)

    assert notes.values == [1, 2, 3]
    assert other_notes.values == [2, 3]


def test_nothing_is_left_of_a_subscription(feed, time):
    consumer = RecordingObserver()
    remains = weakref.ref(consumer)
    stream = resume(feed, "news", cursor=number, param="since", scheduler=time)
    stream.subscribe(consumer).dispose()

    del consumer, stream
    gc.collect()

    assert remains() is None


def test_an_event_emitted_by_one_of_a_backfill_keeps_its_place(feed, time, notes):
    stream = resume(
        feed,
        "news",
        cursor=number,
        param="since",
        backfill=Archive(*range(9)).backfill,
        scheduler=time,
    )
    stream.pipe(
        ops.do_action(lambda event: feed.emit(6) if event == 3 else None)
    ).subscribe(notes)
    feed.emit(1)
    feed.rejoin()
    feed.emit(4, 5)
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4, 5, 6]


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 3), st.sampled_from([0.0, 0.5, 2.0])),
        max_size=12,
    ),
    st.integers(1, 4),
    st.booleans(),
)
def test_with_a_history_every_event_comes_once_and_in_order(
    outages, maxsize, does_server_replay
):
    time, feed, notes = VirtualScheduler(), Feed(), RecordingObserver()
    archive = Archive(*range(1000))
    stream = resume(
        feed,
        "news",
        cursor=number,
        param="since",
        backfill=archive.backfill,
        maxsize=maxsize,
        scheduler=time,
    )
    subscription = stream.subscribe(notes)
    latest = 1
    feed.emit(latest)

    for is_outage, count, pause in outages:
        if is_outage:
            missed = latest + count
            since = feed.rejoin()["since"]
            if does_server_replay:
                feed.emit(*range(since + 1, missed + 1))
            latest = missed
        else:
            feed.emit(*range(latest + 1, latest + count + 1))
            latest += count
        time.advance_by(pause)
    feed.rejoin()
    feed.emit(latest + 1)
    time.advance_by(100)

    assert notes.values == list(range(1, latest + 2))
    subscription.dispose()
    assert time.pending == ()
