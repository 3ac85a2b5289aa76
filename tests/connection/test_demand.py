"""The demand for a connection: holders, a pause, the end, and connect()'s promise."""

import pytest

from rx_phoenix._connection.demand import ConnectionDemand
from rx_phoenix.errors import ConnectError, UsageError
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def demand():
    return ConnectionDemand(report=print)


@pytest.fixture
def notes():
    return RecordingObserver()


# Holders.


def test_without_a_holder_there_is_no_demand(demand):
    assert not demand.exists
    assert demand.is_released


def test_a_holder_is_demand_until_it_is_removed(demand):
    demand.add("channel")
    before = demand.exists, demand.is_released
    demand.remove("channel")

    assert before == (True, False)
    assert (demand.exists, demand.is_released) == (False, True)


def test_a_holder_counts_once(demand):
    demand.add("channel")
    demand.add("channel")
    demand.remove("channel")

    assert not demand.exists


def test_one_of_two_holders_is_demand_enough(demand):
    demand.add("one")
    demand.add("two")
    demand.remove("one")

    assert demand.exists


def test_removing_what_does_not_hold_it_changes_nothing(demand):
    demand.add("one")
    demand.remove("two")

    assert demand.exists


# A pause, and the end.


def test_a_pause_overrides_holders_until_connect(demand):
    demand.add("channel")
    demand.pause()
    paused = demand.exists, demand.is_released
    demand.connect(is_open=False)

    assert paused == (False, False)
    assert demand.exists


def test_after_the_end_holders_are_no_demand_and_their_release_closes_nothing(demand):
    demand.add("channel")
    demand.refuse()
    demand.remove("channel")

    assert (demand.exists, demand.is_released) == (False, False)


def test_requests_are_refused_after_the_end(demand):
    demand.check()
    demand.refuse()

    with pytest.raises(UsageError, match="ended by aclose"):
        demand.check()


# The promise.


def test_the_promise_is_kept_when_the_connection_opens(demand, notes):
    demand.connect(is_open=False).subscribe(notes)
    before = notes.is_open
    demand.opened()

    assert (before, notes.completions) == (True, 1)


def test_on_an_open_connection_it_is_kept_at_once(demand):
    assert demand.connect(is_open=True).is_settled


def test_it_is_the_same_promise_until_it_is_settled(demand):
    promise = demand.connect(is_open=False)

    assert demand.connect(is_open=False) is promise
    demand.opened()
    assert demand.connect(is_open=False) is not promise


def test_who_learns_of_a_pause_may_end_it(demand):
    demand.connect(is_open=False).subscribe(
        None, lambda _: demand.connect(is_open=False)
    )
    demand.add("channel")
    demand.pause()

    assert demand.exists


@pytest.mark.parametrize(
    ("call", "error"),
    [("pause", ConnectError), ("end", UsageError)],
)
def test_a_pause_and_the_end_break_it(demand, notes, call, error):
    demand.connect(is_open=False).subscribe(notes)
    getattr(demand, call)()

    assert [type(found) for found in notes.errors] == [error]


def test_a_promise_that_was_taken_is_not_kept_by_the_next_open(demand):
    promise = demand.connect(is_open=False)

    assert demand.take_promise() is promise
    demand.opened()
    assert not promise.is_settled
    assert demand.connect(is_open=False) is not promise


def test_without_a_promise_nothing_is_to_be_kept_or_broken(demand):
    demand.opened()
    demand.pause()

    assert demand.take_promise() is None
