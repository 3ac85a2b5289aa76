"""What was sent, and confirmed by a heartbeat at most."""

import pytest

from rx_phoenix.operators._unconfirmed import Unconfirmed


class Trial:
    """Values that are sent at times that the test sets."""

    def __init__(self):
        self.now = 0.0
        self.lost = []
        self.unconfirmed = Unconfirmed(lambda: self.now, self.lost.append)

    def add(self, now, count):
        self.now = now
        self.unconfirmed.add(count)


@pytest.fixture
def trial():
    return Trial()


def test_what_no_heartbeat_confirmed_may_be_lost(trial):
    trial.add(1, 5)
    trial.add(2, 3)
    trial.unconfirmed.lose()

    assert trial.lost == [8]


def test_a_heartbeat_confirms_what_was_sent_before_it(trial):
    trial.add(1, 5)
    trial.add(2, 3)
    trial.now = 3
    trial.unconfirmed.confirm(round_trip=1.5)
    trial.unconfirmed.lose()

    assert trial.lost == [3]


def test_values_that_are_sent_together_are_confirmed_together(trial):
    trial.add(1.0, 1)
    trial.add(1.05, 1)
    trial.now = 2
    trial.unconfirmed.confirm(round_trip=0.98)  # it was sent between the two
    trial.unconfirmed.lose()

    assert trial.lost == [2]


def test_a_loss_is_reported_once(trial):
    trial.add(1, 5)
    trial.unconfirmed.lose()
    trial.unconfirmed.lose()

    assert trial.lost == [5]
