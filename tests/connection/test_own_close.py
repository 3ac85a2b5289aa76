"""Closes of our own: one report for each, and one end for all."""

import pytest

from rx_phoenix import Closed
from rx_phoenix._connection.own_close import OwnClose
from tests.operators.recording_observer import RecordingObserver

FIRST, SECOND = (Closed(code, "", clean=False, ours=True) for code in (1000, 4000))


@pytest.fixture
def reports():
    return []


@pytest.fixture
def close(reports):
    return OwnClose(reports.append, pytest.fail)


@pytest.fixture
def notes():
    return RecordingObserver()


def test_before_the_first_all_are_over(close, notes):
    close.promise.subscribe(notes)

    assert notes.completions == 1


@pytest.mark.parametrize("is_clean", [True, False])
def test_its_end_is_reported_with_whether_the_peer_answered(close, reports, is_clean):
    ended = close.begin(FIRST)
    before = list(reports)
    ended(is_clean)

    assert before == []
    assert reports == [Closed(1000, "", is_clean)]
    assert reports[0].ours


def test_one_that_is_overtaken_is_reported_once_and_was_not_answered(close, reports):
    ended = close.begin(FIRST)
    close.finish()
    ended(True)
    close.finish()

    assert reports == [FIRST]


def test_the_end_of_an_older_one_does_not_end_a_later_one(close, reports):
    first = close.begin(FIRST)
    close.finish()
    second = close.begin(SECOND)
    first(True)
    before = list(reports)
    second(True)

    assert before == [FIRST]
    assert reports == [FIRST, Closed(4000, "", clean=True)]


def test_of_an_attempt_only_the_end_is_awaited(close, reports, notes):
    ended = close.begin(None)
    close.promise.subscribe(notes)
    before = notes.is_open
    ended(True)

    assert (before, notes.completions) == (True, 1)
    assert reports == []


def test_the_last_one_is_over_when_all_are(close, notes):
    first = close.begin(FIRST)
    close.finish()
    close.begin(SECOND)(True)
    close.promise.subscribe(notes)
    before = notes.is_open
    first(False)

    assert (before, notes.completions) == (True, 1)
