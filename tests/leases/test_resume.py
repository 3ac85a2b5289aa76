"""resume() on a channel: holes, replays, order and quiet topics."""

import pytest

from rx_phoenix.operators import Gap, resume
from rx_phoenix.testing import Says

NUMBERS = {"a": 1, "b": 2, "k": 3, "g": 7}


class Follower:
    """A channel's events as resume() delivers them.

    Attributes:
        asked: The arguments of each call of the backfill.
        gaps: What on_gap was told.
        newest: The newest event that the server has.
    """

    def __init__(self, phx):
        self.asked = []
        self.gaps = []
        self.late = []
        self.newest = 6
        self.phx = phx
        phx.letters(**{name: Says("n", {"id": n}) for name, n in NUMBERS.items()})

    async def backfill(self, after, before):
        self.asked.append((after, before))
        end = self.newest + 1 if before is None else before
        return [{"id": n} for n in range(after + 1, end)]

    def follow(self, **options):
        channel = self.phx.socket.channel("t")
        stream = resume(
            channel,
            "n",
            cursor=lambda event: event["id"],
            param="since",
            on_gap=self.gaps.append,
            on_late=lambda event: self.late.append(event["id"]),
            **options,
        )
        return self.phx.record(stream)


@pytest.fixture
def follower(phx):
    return Follower(phx)


def ids(recording):
    return [event["id"] for event in recording.values]


def test_a_hole_within_a_join_is_fetched(phx, follower):
    events = follower.follow(backfill=follower.backfill)
    phx.run(server="-ojag-")

    assert ids(events) == [1, 2, 3, 4, 5, 6, 7]
    assert follower.asked == [(1, 7)]
    assert follower.gaps == []


def test_a_hole_within_a_join_is_a_gap_without_a_backfill(phx, follower):
    events = follower.follow()
    phx.run(server="-ojag")

    assert ids(events) == [1, 7]
    assert follower.gaps == [Gap(1, 7)]


def test_a_replay_that_was_cut_short_is_completed(phx, follower):
    events = follower.follow(backfill=follower.backfill)
    phx.run(server="-oja# 0.25s ojbkg-")

    assert ids(events) == [1, 2, 3, 4, 5, 6, 7]
    assert follower.gaps == []


def test_a_replay_that_was_cut_short_is_told_without_a_backfill(phx, follower):
    events = follower.follow()
    phx.run(server="-oja# 0.25s ojbkg")

    assert ids(events) == [1, 2, 3, 7]
    assert follower.gaps == [Gap(3, 7)]


def test_an_event_behind_its_successor_is_late(phx, follower):
    events = follower.follow()
    phx.run(server="-ojakb")

    assert ids(events) == [1, 3]
    assert (follower.gaps, follower.late) == ([Gap(1, 3)], [2])


def test_an_event_behind_its_successor_goes_into_the_open_hole(phx, follower):
    async def backfill(after, before):
        await phx.socket.ping()  # never answered: the hole stays open
        return []

    events = follower.follow(backfill=backfill)
    phx.run(server="-ojakb")

    assert ids(events) == [1, 2, 3]
    assert (follower.gaps, follower.late) == ([], [])


def test_a_quiet_topic_is_up_to_date_right_after_a_rejoin(phx, follower):
    events = follower.follow(backfill=follower.backfill)
    phx.run(server="-oja# 0.25s oj 1s -")

    assert ids(events) == [1, 2, 3, 4, 5, 6]
    assert follower.asked[0] == (1, None)
    phx.run(server="60s -")

    assert ids(events) == [1, 2, 3, 4, 5, 6]


def test_an_error_of_a_cursor_goes_to_unhandled(phx, follower):
    errors = phx.record(phx.socket.unhandled)
    stream = resume(
        phx.socket.channel("t"), "n", cursor=lambda event: event["no"], param="since"
    )
    events = phx.record(stream)
    phx.run(server="-oja-")

    assert [type(error) for error in errors.values] == [KeyError]
    assert ids(events) == [1]
