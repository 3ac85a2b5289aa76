"""Each event comes once and in order, whatever the channel goes through."""

import asyncio
import gc
import logging
import weakref
from dataclasses import dataclass

import pytest
from reactivex import operators as ops

from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import (
    ConnectionLost,
    PayloadError,
    PushCancelled,
    UsageError,
)
from rx_phoenix.operators._map_async import map_async
from rx_phoenix.operators._resume import Gap, consecutive, resume
from tests.operators.feed import Feed
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


@pytest.fixture
def feed():
    return Feed()


class Archive:
    """A history that takes a second to be fetched, and asks who asked for what.

    Attributes:
        until: Its newest event, or None if it has nothing behind what was sent live.
        page: How many events it returns at a time.
        asked: The arguments of each call.
    """

    def __init__(self, *events, until=None, page=1000):
        self.events = events
        self.until = until
        self.page = page
        self.asked = []

    async def backfill(self, after, before):
        self.asked.append((after, before))
        await asyncio.sleep(1)
        if before is None and self.until is None:
            return []
        found = [event for event in self.events if after < event]
        if before is None:
            found = [event for event in found if event <= self.until]
        else:
            found = [event for event in found if event < before]
        return found[: self.page]


@dataclass
class Row:
    """A payload's type."""

    id: int


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


def test_what_a_join_of_before_did_not_ask_for_is_fetched(feed, follow, notes, time):
    feed.state = "joined"
    archive = Archive(8, 9, until=9)
    follow(since=7, backfill=archive.backfill)
    feed.emit(10)
    time.advance_by(2)

    assert notes.values == [8, 9, 10]
    assert archive.asked[0] == (7, None)


def test_what_a_join_of_before_did_not_ask_for_is_a_gap_without_a_backfill(
    feed, follow, notes
):
    feed.state, gaps = "joined", []
    follow(since="a", on_gap=gaps.append)
    feed.emit("c", "d")
    assert gaps == [Gap("a", "c")]

    feed.rejoin()  # it takes the cursor along, so that the server is trusted
    feed.emit("f")
    assert notes.values == ["c", "d", "f"]
    assert gaps == [Gap("a", "c")]


def test_a_join_that_took_the_cursor_along_is_trusted(feed, follow):
    gaps = []
    follow(since="a", on_gap=gaps.append)
    feed.rejoin()
    feed.emit("c")

    assert gaps == []


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


def test_a_hole_within_a_join_is_a_gap(feed, follow, notes):
    gaps = []
    follow(on_gap=gaps.append)
    feed.rejoin()

    feed.emit(1, 5, 9)

    assert gaps == [Gap(1, 5), Gap(5, 9)]
    assert notes.values == [1, 5, 9]


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
    feed.emit(10, 20, 21)

    assert gaps == [Gap(20, 21)]


# Backfills


def test_a_hole_is_filled_before_what_came_after_it(feed, follow, time, notes):
    archive = Archive(*range(10))
    follow(backfill=archive.backfill)
    feed.emit(1, 2)

    feed.emit(6)
    time.advance_by(0.5)
    feed.emit(7)
    assert notes.values == [1, 2]
    time.advance_by(0.5)

    assert archive.asked == [(2, 6)]
    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_a_hole_is_asked_for_until_it_is_closed(feed, follow, time, notes):
    archive = Archive(*range(10), page=2)
    follow(backfill=archive.backfill)
    feed.emit(1, 7)
    time.advance_by(3)

    assert archive.asked == [(1, 7), (3, 7), (5, 7)]
    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_a_hole_for_which_nothing_new_comes_is_a_gap(feed, follow, time, notes):
    archive, gaps = Archive(2, 3, 5), []
    follow(backfill=archive.backfill, on_gap=gaps.append)
    feed.emit(1, 7)
    time.advance_by(5)

    assert archive.asked == [(1, 7), (3, 5), (5, 7)]
    assert gaps == [Gap(3, 5), Gap(5, 7)]
    assert notes.values == [1, 2, 3, 5, 7]


def test_what_follows_is_not_asked_for(feed, follow, time, notes):
    archive = Archive(*range(10))
    follow(backfill=archive.backfill)
    feed.emit(1, 2)

    assert archive.asked == []
    assert notes.values == [1, 2]


def test_a_rejoin_asks_at_once_for_what_was_missed(feed, follow, time, notes):
    archive = Archive(*range(10), until=6)
    follow(backfill=archive.backfill)
    feed.emit(1)
    feed.rejoin()
    time.advance_by(2)

    assert archive.asked == [(1, None), (6, None)]
    assert notes.values == [1, 2, 3, 4, 5, 6]


def test_a_rejoin_asks_page_by_page(feed, follow, time, notes):
    archive = Archive("b", "c", "d", "e", until="e", page=2)
    follow(backfill=archive.backfill)
    feed.emit("a")
    feed.rejoin()
    feed.emit("d", "f")
    time.advance_by(3)

    assert archive.asked == [("a", None), ("c", None), ("e", None)]
    assert notes.values == ["a", "b", "c", "d", "e", "f"]


def test_an_earlier_run_has_a_cursor_to_ask_with(feed, follow, time, notes):
    archive = Archive(*range(10), until=9)
    follow(backfill=archive.backfill, since=7)
    feed.rejoin()
    time.advance_by(2)

    assert archive.asked[0] == (7, None)
    assert notes.values == [8, 9]


def test_before_the_first_event_there_is_nothing_to_ask_with(feed, follow, time, notes):
    archive = Archive(*range(10), until=9)
    follow(backfill=archive.backfill)
    feed.rejoin()
    feed.rejoin()
    time.advance_by(2)

    assert archive.asked == []


def test_a_replay_that_was_cut_short_is_completed(feed, follow, time, notes):
    archive = Archive(*range(10))
    follow(backfill=archive.backfill)
    feed.emit(1)
    feed.rejoin()
    feed.emit(2, 3, 7)
    time.advance_by(3)

    assert archive.asked == [(1, None), (3, 7)]
    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_a_replay_that_was_cut_short_is_told_without_a_backfill(feed, follow, notes):
    gaps = []
    follow(on_gap=gaps.append)
    feed.emit(1)
    feed.rejoin()
    feed.emit(2, 3, 7)

    assert gaps == [Gap(3, 7)]


def test_a_backfill_may_return_more_than_was_missing(feed, follow, time, notes):
    async def everything(after, before):
        return range(9)

    follow(backfill=everything)
    feed.emit(1, 2)
    feed.rejoin()
    feed.emit(5, 6)
    time.advance_by(0)
    feed.emit(9)

    assert notes.values == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_rejoin_during_a_backfill_may_bring_another_hole(feed, follow, time, notes):
    archive = Archive(*range(20))
    follow(backfill=archive.backfill)
    feed.emit(1, 4, 5)
    time.advance_by(0.5)

    assert feed.rejoin() == {"since": 1}
    feed.emit(8, 9)
    time.advance_by(0.5)
    assert notes.values == [1, 2, 3, 4, 5]
    feed.emit(10)
    time.advance_by(2)

    assert archive.asked == [(1, 4), (5, 8), (10, None)]
    assert notes.values == list(range(1, 11))


def test_a_reset_during_a_backfill_is_asked_for_as_well(feed, follow, time, notes):
    archive = Archive("b", "c", until="b")
    follow(backfill=archive.backfill)
    feed.emit("a")
    feed.rejoin()
    time.advance_by(0.5)
    archive.until = "c"  # during a second outage
    feed.rejoin()
    feed.emit("d")
    time.advance_by(5)

    assert notes.values == ["a", "b", "c", "d"]


@pytest.mark.parametrize("error", [FAILURE, None])
def test_a_failed_backfill_is_told_as_a_gap(feed, follow, time, notes, error):
    async def fail(after, before):
        await asyncio.sleep(0 if error else 100)
        raise FAILURE

    gaps = []
    follow(backfill=fail, on_gap=gaps.append)
    feed.emit(1, 5, 6)
    time.advance_by(0 if error else 30)

    (gap,) = gaps
    assert (gap.last, gap.first) == (1, 5)
    assert gap.error == error if error else isinstance(gap.error, TimeoutError)
    assert notes.values == [1, 5, 6]
    assert notes.is_open


def test_a_backfill_that_fails_after_a_rejoin_is_told_at_once(
    feed, follow, time, notes
):
    async def fail(after, before):
        raise FAILURE

    gaps = []
    follow(backfill=fail, on_gap=gaps.append)
    feed.emit("a")
    feed.rejoin()
    time.advance_by(0)
    feed.emit("d")

    assert gaps == [Gap("a", None, FAILURE)]
    assert notes.values == ["a", "d"]


def test_a_backfill_that_fails_while_events_wait_is_a_gap_before_them(
    feed, follow, time, notes
):
    async def fail(after, before):
        raise FAILURE

    gaps = []
    follow(backfill=fail, on_gap=gaps.append)
    feed.emit("a")
    feed.rejoin()
    feed.emit("d", "e")
    time.advance_by(0)

    assert gaps == [Gap("a", None, FAILURE)]
    assert notes.values == ["a", "d", "e"]


def test_an_item_of_a_backfill_without_a_cursor_leaves_a_gap(feed, follow, time, notes):
    async def odd(after, before):
        return [{"id": 3}, {}]

    gaps = []
    follow(cursor=lambda event: event["id"], backfill=odd, on_gap=gaps.append)
    feed.emit({"id": 1}, {"id": 5})
    time.advance_by(0)

    assert [(gap.last, gap.first, type(gap.error)) for gap in gaps] == [
        (1, 3, type(None)),
        (3, 5, KeyError),
    ]
    assert [type(error) for error in feed.reported] == [KeyError]
    assert notes.values == [{"id": 1}, {"id": 3}, {"id": 5}]


def test_too_many_events_during_a_backfill_are_fetched_by_another(
    feed, follow, time, notes
):
    archive = Archive(*range(20))
    follow(backfill=archive.backfill, maxsize=2)
    feed.emit(1)
    feed.emit(5, 6, 7, 8, 9)
    time.advance_by(5)

    assert archive.asked == [(1, 5), (4, 8), (9, None)]
    assert notes.values == list(range(1, 10))


def test_events_that_were_dropped_and_not_fetched_are_a_gap(feed, follow, time, notes):
    gaps = []
    follow(backfill=Archive().backfill, maxsize=2, on_gap=gaps.append)
    feed.emit("a")
    feed.rejoin()
    feed.emit("b", "c", "d")
    time.advance_by(5)

    assert gaps == [Gap("a", "c")]
    assert notes.values == ["a", "c", "d"]


def test_the_end_of_the_channel_waits_for_the_backfill(feed, follow, time, notes):
    follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1, 4)
    feed.events.on_completed()
    assert notes.is_open
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4]
    assert notes.completions == 1


def test_an_error_of_the_channel_waits_for_the_backfill(feed, follow, time, notes):
    follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1, 4)
    feed.events.on_error(FAILURE)
    assert notes.is_open
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4]
    assert notes.errors == [FAILURE]


# Out of order


def test_an_event_goes_into_an_open_hole(feed, follow, time, notes):
    archive = Archive()
    follow(backfill=archive.backfill)
    feed.emit(1, 4)
    time.advance_by(0.5)
    feed.emit(3)
    assert notes.values == [1]
    feed.emit(2)
    time.advance_by(5)

    assert archive.asked == [(1, 4)]
    assert notes.values == [1, 2, 3, 4]


def test_an_event_behind_its_gap_is_late(feed, follow, notes):
    gaps, late = [], []
    follow(on_gap=gaps.append, on_late=late.append)
    feed.emit(1, 3, 2, 3)

    assert (gaps, late) == ([Gap(1, 3)], [2])
    assert notes.values == [1, 3]


def test_a_late_event_is_logged_at_1_2_4_8(feed, follow, caplog):
    follow(on_gap=noop)
    feed.emit(1, 10, *range(2, 10))

    counts = [record.args[1] for record in caplog.records]
    assert counts == [1, 2, 4, 8]
    assert "its cursor is 2" in caplog.text


def test_two_events_of_one_cursor_are_not_both_emitted(feed, follow, time, notes):
    async def backfill(after, before):
        return []

    late = []
    follow(
        cursor=lambda event: event[0],
        on_late=late.append,
        backfill=backfill,
        on_gap=noop,
    )
    feed.emit((1, "a"), (1, "b"), (1, "a"))
    feed.emit((3, "a"), (3, "b"), (3, "a"))
    time.advance_by(2)

    assert late == [(1, "b"), (3, "b")]
    assert notes.values == [(1, "a"), (3, "a")]


# Types


def test_payloads_are_decoded_wherever_they_come_from(feed, follow, time, notes):
    async def raw(after, before):
        return [{"id": 2}, {"id": 3}]

    follow(as_type=Row, cursor=lambda row: row.id, backfill=raw)
    feed.emit({"id": 1}, {"id": 4})
    time.advance_by(0)

    assert notes.values == [Row(1), Row(2), Row(3), Row(4)]


def test_a_payload_of_a_backfill_that_does_not_fit_leaves_a_gap(
    feed, follow, time, notes
):
    async def raw(after, before):
        items = [{"id": 2}, {"id": "three"}, {"id": 4}]
        return [item for item in items if not before or item["id"] != 2 or after < 2]

    gaps = []
    follow(as_type=Row, cursor=lambda row: row.id, backfill=raw, on_gap=gaps.append)
    feed.emit({"id": 1}, {"id": 5})
    time.advance_by(0)

    (gap,) = gaps
    assert (gap.last, gap.first, type(gap.error)) == (2, 4, PayloadError)
    assert feed.reported == [gap.error]
    assert notes.values == [Row(1), Row(2), Row(4), Row(5)]


def test_a_live_payload_that_does_not_fit_leaves_a_gap(feed, follow, time, notes):
    gaps = []
    follow(as_type=Row, cursor=lambda row: row.id, on_gap=gaps.append)
    feed.emit({"id": 1}, {"id": "two"}, {"id": 3}, {"id": 4})

    assert [(gap.last, gap.first) for gap in gaps] == [(1, 3)]
    assert feed.reported == [gaps[0].error]
    assert notes.values == [Row(1), Row(3), Row(4)]


def test_a_first_payload_that_does_not_fit_is_reported(feed, follow, notes):
    follow(as_type=Row, cursor=lambda row: row.id)
    feed.emit({}, {"id": 1})

    assert [type(error) for error in feed.reported] == [PayloadError]
    assert notes.values == [Row(1)]


@pytest.mark.parametrize(
    "options",
    [
        {"cursor": "id"},
        {"param": 1},
        {"backfill": []},
        {"follows": None},
        {"on_gap": 1},
        {"on_late": 1},
        {"maxsize": 0},
        {"timeout": -1},
        {"as_type": object()},
    ],
)
def test_a_wrong_argument_is_refused_at_the_call(feed, options):
    valid = {"cursor": number, "param": "since"}
    with pytest.raises(UsageError):
        resume(feed, "news", **{**valid, **options})


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
    feed.emit(1, 4)
    time.advance_by(1)

    assert seen == [1, 2, 3, 4]
    assert feed.reported == [FAILURE, FAILURE]


def test_without_a_loop_it_says_so(feed, notes):
    resume(feed, "news", cursor=number, param="since").subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)
    assert feed.extras == []


def test_pages_wait_for_a_full_consumer(feed, time, notes, caplog):
    history = list(range(101))
    most = 0

    async def backfill(after, before):
        nonlocal most
        page = [event for event in history if after < event][:10]
        most = max(most, after + len(page) - len(notes.values))
        return page

    async def work(event):
        await asyncio.sleep(1)
        return event

    stream = resume(
        feed, "news", cursor=number, param="since", since=0, backfill=backfill
    )
    working = stream.pipe(map_async(work, maxsize=20, overflow="wait"))
    working.subscribe(notes, scheduler=time)
    feed.rejoin()
    time.advance_by(50)
    history.append(101)
    feed.emit(101)
    feed.events.on_completed()
    time.advance_by(60)

    assert notes.values == list(range(1, 102))
    assert most <= 31, "one at work, a full queue, and a page"
    assert not notes.is_open
    assert caplog.messages == []


class Losing:
    """A backfill that is lost with its connection, once."""

    def __init__(self, feed, error):
        self.feed = feed
        self.error = error
        self.asked = []

    async def backfill(self, after, before):
        self.asked.append((after, before))
        await asyncio.sleep(1)
        if len(self.asked) == 1:
            raise self.error
        return [*range(after + 1, 8 if before is None else before)]


LOSSES = [ConnectionLost(1006), PushCancelled("the channel crashed")]


@pytest.mark.parametrize("error", LOSSES, ids=type)
def test_a_backfill_that_is_lost_is_asked_again_after_the_join(
    feed, follow, time, notes, error
):
    losing = Losing(feed, error)
    gaps = []
    follow(backfill=losing.backfill, on_gap=gaps.append)
    feed.rejoin()
    feed.emit(1, 5)
    feed.state = "errored"
    time.advance_by(10)
    assert notes.values == [1]

    feed.rejoin()
    feed.state = "joined"
    time.advance_by(5)

    assert notes.values == [1, 2, 3, 4, 5, 6, 7]
    assert losing.asked == [(1, 5), (1, 5), (5, None), (7, None)]
    assert gaps == []


def test_a_backfill_that_is_lost_after_a_join_has_followed_is_asked_again(
    feed, follow, time, notes
):
    losing = Losing(feed, LOSSES[0])
    follow(backfill=losing.backfill)
    feed.emit(1, 5)
    feed.rejoin()
    feed.state = "joined"
    time.advance_by(5)

    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_a_backfill_that_is_lost_with_another_connection_leaves_a_gap(
    feed, follow, time, notes
):
    losing, gaps = Losing(feed, LOSSES[0]), []
    follow(backfill=losing.backfill, on_gap=gaps.append)
    feed.state = "joined"
    feed.emit(1, 5)
    time.advance_by(5)

    assert notes.values == [1, 5]
    assert [(gap.last, gap.error) for gap in gaps] == [(1, LOSSES[0])]


@pytest.mark.parametrize("delay", [0, 1])
def test_a_backfill_that_is_always_lost_is_asked_once_more_after_a_join(
    feed, follow, time, notes, delay
):
    asked, gaps = [], []

    async def backfill(after, before):
        asked.append((after, before))
        await asyncio.sleep(delay)
        raise LOSSES[0]

    follow(backfill=backfill, on_gap=gaps.append)
    feed.rejoin()
    feed.emit(1, 5)
    feed.state = "errored"
    time.advance_by(5)
    feed.state = "joined"
    feed.rejoin()
    time.advance_by(5)

    assert asked == [(1, 5), (1, 5), (5, None)]
    assert notes.values == [1, 5]
    assert [(gap.last, gap.first) for gap in gaps] == [(1, 5), (5, None)]


def test_a_backfill_that_is_lost_after_events_were_dropped_waits_for_the_join(
    feed, follow, time, notes
):
    losing = Losing(feed, LOSSES[0])
    follow(backfill=losing.backfill, maxsize=2)
    feed.rejoin()
    feed.emit(1, 3, 4, 5, 6)
    feed.state = "errored"
    time.advance_by(5)
    assert losing.asked == [(1, 3)]

    feed.state = "joined"
    feed.rejoin()
    time.advance_by(5)

    assert notes.values == [1, 2, 3, 4, 5, 6, 7]


def test_a_stream_that_ends_before_the_next_join_leaves_a_gap(
    feed, follow, time, notes
):
    losing, gaps = Losing(feed, LOSSES[0]), []
    follow(backfill=losing.backfill, on_gap=gaps.append)
    feed.emit(1, 5)
    time.advance_by(5)
    feed.events.on_completed()
    time.advance_by(5)

    assert notes.values == [1, 5]
    assert [(gap.last, gap.error) for gap in gaps] == [(1, LOSSES[0])]
    assert notes.completions == 1


# Leaving


def test_disposing_leaves_everything(feed, follow, time, notes):
    subscription = follow(backfill=Archive(*range(9)).backfill)
    feed.emit(1, 4)
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
    feed.emit(1, 5)
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
    feed.emit(1, 4, 5)
    time.advance_by(1)

    assert notes.values == [1, 2, 3, 4, 5, 6]
