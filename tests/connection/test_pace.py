"""The turns of joins, in virtual time; `tests/channel/membership/test_pacing.py` has
them on a socket.
"""

import pytest

from rx_phoenix import Rejoin
from rx_phoenix._connection.pace import JoinPace
from rx_phoenix.testing import VirtualScheduler

POLICY = Rejoin(at_once=2, every=1)


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def pace(time):
    return JoinPace(lambda: time)


def enter(pace, time, count):
    taken = []
    places = [
        pace.enter(lambda: taken.append(time.clock), POLICY) for _ in range(count)
    ]
    return taken, places


def test_some_take_their_turns_at_once_and_others_one_by_one(pace, time):
    taken, _ = enter(pace, time, 5)
    time.advance_by(10)

    assert taken == [0, 0, 1, 2, 3]


def test_without_a_number_one_takes_its_turn_at_once(pace, time):
    taken = []
    for _ in range(3):
        pace.enter(lambda: taken.append(time.clock), Rejoin(every=1))
    time.advance_by(10)

    assert taken == [0, 1, 2]


def test_a_turn_within_a_turn_waits_for_its_own(pace, time):
    taken = []

    def take_two():
        taken.append(time.clock)
        pace.enter(lambda: taken.append(time.clock), Rejoin(every=1))

    pace.enter(take_two, Rejoin(every=1))
    time.advance_by(10)

    assert taken == [0, 1]


def test_turns_come_back_with_time(pace, time):
    enter(pace, time, 3)
    time.advance_by(2)
    taken, _ = enter(pace, time, 2)
    time.advance_by(10)

    assert taken == [2, 3]


def test_a_new_connection_has_all_its_turns(pace, time):
    enter(pace, time, 2)
    pace.start()

    assert enter(pace, time, 2)[0] == [0, 0]


def test_a_place_that_is_given_up_moves_the_others_up(pace, time):
    taken, places = enter(pace, time, 5)
    places[2].dispose()
    time.advance_by(10)

    assert taken == [0, 0, 1, 2]


def test_no_timer_is_left_when_all_places_are_given_up(pace, time):
    taken, places = enter(pace, time, 4)
    for place in places:
        place.dispose()

    assert (taken, time.pending) == ([0, 0], ())
