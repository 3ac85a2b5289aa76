"""A state follows its snapshots and the events after them, and misses none."""

import pytest
import reactivex

from rx_phoenix._streams.hub import Hub
from rx_phoenix.operators._share_latest import share_latest
from rx_phoenix.operators._snapshot_then import snapshot_then
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


@pytest.fixture
def snapshots():
    return Hub(report=pytest.fail)


@pytest.fixture
def events():
    return Hub(report=pytest.fail)


@pytest.fixture
def states(snapshots, events):
    return snapshots.observable.pipe(
        snapshot_then(events.observable, lambda state, event: state + event)
    )


def test_each_event_makes_a_state_of_the_one_before(snapshots, events, states, notes):
    states.subscribe(notes)

    snapshots.on_next(10)
    events.on_next(1)
    events.on_next(2)

    assert notes.values == [10, 11, 13]


def test_a_new_snapshot_begins_anew(snapshots, events, states, notes):
    states.subscribe(notes)

    snapshots.on_next(10)
    events.on_next(1)
    snapshots.on_next(50)
    events.on_next(1)

    assert notes.values == [10, 11, 50, 51]


def test_events_before_the_first_snapshot_are_in_it(snapshots, events, states, notes):
    states.subscribe(notes)

    events.on_next(1)
    snapshots.on_next(10)

    assert notes.values == [10]


def test_none_is_a_snapshot_too(snapshots, events, notes):
    snapshots.observable.pipe(
        snapshot_then(events.observable, lambda state, event: (state, event))
    ).subscribe(notes)

    snapshots.on_next(None)
    events.on_next(1)

    assert notes.values == [None, (None, 1)]


def test_an_event_of_the_very_instant_of_the_snapshot_is_not_lost(
    snapshots, events, states, notes
):
    snapshots.observable.subscribe(lambda _: events.on_next(1))
    states.subscribe(notes)
    snapshots.observable.subscribe(lambda _: events.on_next(2))

    snapshots.on_next(10)

    assert notes.values == [10, 12]


def test_an_event_that_the_snapshots_observer_causes_comes_after_it(
    snapshots, events, states, notes
):
    states.subscribe(
        lambda state: (notes.on_next(state), state == 10 and events.on_next(1))
    )

    snapshots.on_next(10)

    assert notes.values == [10, 11]


def test_a_snapshot_that_subscribing_brings_is_followed(events, notes):
    reactivex.of(10).pipe(
        reactivex.operators.concat(reactivex.never()),
        snapshot_then(events.observable, lambda state, event: state + event),
    ).subscribe(notes)

    events.on_next(1)

    assert notes.values == [10, 11]


def test_it_completes_as_the_snapshots_do(snapshots, events, states, notes):
    states.subscribe(notes)

    snapshots.on_next(10)
    events.on_completed()
    assert notes.is_open
    snapshots.on_completed()

    assert notes.completions == 1


@pytest.mark.parametrize("which", ["snapshots", "events"])
def test_an_error_of_either_ends_it_and_leaves_both(
    which, snapshots, events, states, notes
):
    states.subscribe(notes)

    {"snapshots": snapshots, "events": events}[which].on_error(FAILURE)

    assert notes.errors == [FAILURE]
    assert not snapshots.is_watched
    assert not events.is_watched


def test_a_fold_that_raises_ends_it_and_leaves_both(snapshots, events, notes):
    def fold(state, event):
        raise FAILURE

    snapshots.observable.pipe(snapshot_then(events.observable, fold)).subscribe(notes)
    snapshots.on_next(10)
    events.on_next(1)

    assert notes.errors == [FAILURE]
    assert not snapshots.is_watched
    assert not events.is_watched


def test_disposing_leaves_both(snapshots, events, states, notes):
    states.subscribe(notes).dispose()

    assert not snapshots.is_watched
    assert not events.is_watched


def test_each_subscription_has_a_state_of_its_own(snapshots, events, states, notes):
    later = RecordingObserver()
    states.subscribe(notes)
    snapshots.on_next(10)
    events.on_next(1)

    states.subscribe(later)
    events.on_next(1)
    assert later.values == []
    snapshots.on_next(20)

    assert notes.values == [10, 11, 12, 20]
    assert later.values == [20]


def test_shared_it_gives_who_comes_late_the_state_of_now(
    snapshots, events, states, notes
):
    shared = states.pipe(share_latest())
    shared.subscribe()
    snapshots.on_next(10)
    events.on_next(1)

    shared.subscribe(notes)

    assert notes.values == [11]
