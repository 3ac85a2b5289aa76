"""The present outage: what is news of it, and how long it took."""

import pytest

from rx_phoenix import (
    AttemptFailed,
    Closed,
    ConnectError,
    HeartbeatMissed,
    Opened,
    Retrying,
)
from rx_phoenix._connection.outage import Outage

LOST = Closed(1006, "", clean=False)
LEFT = Closed(1000, "", clean=True, ours=True)


def refused(cause=None, status=None):
    error = ConnectError("in words that differ", status=status)
    error.__cause__ = cause
    return AttemptFailed(error, 1)


@pytest.fixture
def outage():
    return Outage()


def test_the_first_failure_is_news_and_the_same_again_is_not(outage):
    news = [outage.take(refused(OSError(111, "refused")), now) for now in range(3)]

    assert news == [True, False, False]


@pytest.mark.parametrize(
    "other",
    [
        refused(OSError(113, "no route")),
        refused(TimeoutError()),
        refused(status=503),
        AttemptFailed(ValueError(), 1),
    ],
)
def test_another_cause_is_news(outage, other):
    outage.take(refused(ConnectionRefusedError(111, "refused")), 0)

    assert outage.take(other, 1)
    assert not outage.take(other, 2)


def test_a_cause_behind_a_cause_counts(outage):
    first, second = ConnectError("a"), ConnectError("b")
    first.__cause__ = OSError(111, "refused")
    second.__cause__ = OSError(113, "no route")

    assert outage.take(refused(first), 0)
    assert outage.take(refused(second), 0)


@pytest.mark.parametrize("end", [Opened(), LEFT])
def test_after_its_end_the_same_cause_is_news_again(outage, end):
    outage.take(refused(), 0)
    outage.take(end, 1)

    assert outage.take(refused(), 2)


@pytest.mark.parametrize("event", [Opened(), LOST, LEFT, Retrying(1, 1.0)], ids=repr)
def test_everything_else_is_news(outage, event):
    assert outage.take(event, 0)
    assert outage.take(HeartbeatMissed(), 0)


def test_an_opening_without_a_failure_took_no_time(outage):
    outage.attempt_begun(0)
    outage.take(Opened(), 5)

    assert outage.took is None


def test_an_opening_counts_from_the_first_attempt(outage):
    outage.attempt_begun(10)
    outage.take(refused(), 12)
    outage.attempt_begun(13)
    outage.take(Opened(), 15)

    assert outage.took == 5


def test_an_opening_after_a_loss_counts_from_the_loss(outage):
    outage.attempt_begun(0)
    outage.take(Opened(), 1)
    outage.take(LOST, 100)
    outage.attempt_begun(101)
    outage.take(Opened(), 103.5)

    assert outage.took == 3.5


def test_a_pause_ends_an_outage(outage):
    outage.attempt_begun(0)
    outage.take(refused(), 1)
    outage.take(LEFT, 2)
    outage.attempt_begun(50)
    outage.take(Opened(), 51)

    assert outage.took is None
