"""The wait between two joins, in virtual time."""

from asyncio import CancelledError

import pytest

from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix._streams.reporter import PRESENT
from rx_phoenix.errors import JoinRefused
from rx_phoenix.policy import Backoff, Rejoin
from rx_phoenix.testing._time.scheduler import VirtualScheduler

REFUSED = JoinRefused("error", {"reason": "full"})
STEPS = Backoff.steps(1, 2, 5)


class Fault(Exception):
    """What a user's function raises."""


class Link:
    """All of a connection that a wait needs: time, chance and a context."""

    def __init__(self, scheduler):
        self.scheduler = scheduler
        self.luck = 0.5
        self.context = PRESENT

    def random(self):
        return self.luck


class Joiner:
    """The owner of a wait.

    Attributes:
        rejoin: The policy, read each time.
        reported: The exceptions of the policy's functions.
    """

    def __init__(self, time, policy):
        self.rejoin = policy
        self.reported = []
        self.connection = Link(time)

    def report(self, error):
        self.reported.append(error)


class Trial(Joiner):
    """A wait, and what it says.

    Attributes:
        due: When a wait was over.
    """

    def __init__(self, time, policy):
        super().__init__(time, policy)
        self.due = []
        self.time = time
        self.rejoining = RejoinTimer(self)

    def rejoin_due(self):
        self.due.append(self.time.clock)


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def trial(time):
    trial = Trial(time, Rejoin(STEPS))
    yield trial
    trial.rejoining.stop()


def raising(error):
    def fail(_):
        raise error

    return fail


faults = pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault("no"), Fault), (CancelledError(), RuntimeError)],
    ids=["exception", "cancelled"],
)


# BoundedQueue.


def test_nothing_is_due_at_first(trial):
    assert trial.rejoining.is_due is False


def test_a_wait_ends_when_its_delay_is_over(trial, time):
    trial.rejoining.schedule()
    was_due = trial.rejoining.is_due
    time.advance_by(10)

    assert (was_due, trial.rejoining.is_due) == (True, False)
    assert trial.due == [1.0]


def test_each_try_waits_longer_than_the_one_before(trial, time):
    for _ in range(4):
        trial.rejoining.schedule()
        time.advance_by(10)

    assert trial.due == [1.0, 12.0, 25.0, 35.0]


def test_a_wait_may_begin_inside_the_end_of_another(time):
    def go_on():
        due.append(time.clock)
        rejoining.schedule()

    due = []
    joiner = Joiner(time, Rejoin(STEPS))
    joiner.rejoin_due = go_on
    rejoining = RejoinTimer(joiner)
    rejoining.schedule()
    time.advance_by(4)
    rejoining.stop()

    assert due == [1.0, 3.0]


def test_a_wait_that_begins_anew_takes_the_place_of_the_old_one(trial, time):
    trial.rejoining.schedule()
    time.advance_by(0.5)
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [1.5]


def test_to_be_put_off_makes_no_wait_longer(trial, time):
    for _ in range(3):
        trial.rejoining.schedule()
        trial.rejoining.stop()
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [1.0]


@pytest.mark.parametrize(("luck", "due"), [(0.0, 0.5), (0.5, 1.0), (0.75, 1.25)])
def test_chance_changes_the_delay(trial, time, luck, due):
    trial.rejoin = Rejoin(Backoff.steps(1, jitter=0.5))
    trial.connection.luck = luck
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [due]


def test_delays_may_be_any_function_of_the_number_of_the_try(trial, time):
    trial.rejoin = Rejoin(lambda attempt: 10.0 * attempt)
    trial.rejoining.schedule()
    time.advance_by(10)
    trial.rejoining.schedule()
    time.advance_by(20)

    assert trial.due == [10.0, 30.0]


def test_a_policy_that_changed_counts_for_the_next_wait(trial, time):
    trial.rejoining.schedule()
    trial.rejoin = Rejoin(Backoff.steps(7))
    time.advance_by(1)
    trial.rejoining.schedule()
    time.advance_by(7)

    assert trial.due == [1.0, 8.0]


@faults
def test_delays_that_raise_are_reported_and_the_default_ones_count(
    trial, time, fault, kind
):
    trial.rejoin = Rejoin(raising(fault))
    for _ in range(2):
        trial.rejoining.schedule()
        time.advance_by(10)

    assert trial.due == [1.0, 12.0]
    assert [type(error) for error in trial.reported] == [kind, kind]


def test_a_delay_that_is_none_is_reported_and_the_default_one_counts(trial, time):
    trial.rejoin = Rejoin(lambda attempt: -1.0)
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [1.0]
    assert "answer of delays must be" in str(trial.reported[0])


# BoundedQueue no longer.


def test_a_wait_that_is_stopped_never_ends(trial, time):
    trial.rejoining.schedule()
    trial.rejoining.stop()
    time.advance_by(10)

    assert trial.rejoining.is_due is False
    assert trial.due == []


def test_a_stop_keeps_count(trial, time):
    trial.rejoining.schedule()
    time.advance_by(1)
    trial.rejoining.stop()
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [1.0, 3.0]


def test_to_start_over_is_to_begin_with_the_first_delay(trial, time):
    trial.rejoining.schedule()
    time.advance_by(1)
    trial.rejoining.reset()
    trial.rejoining.schedule()
    time.advance_by(10)

    assert trial.due == [1.0, 2.0]


def test_to_start_over_is_to_wait_no_longer(trial, time):
    trial.rejoining.schedule()
    trial.rejoining.reset()
    time.advance_by(10)

    assert trial.rejoining.is_due is False
    assert trial.due == []


@pytest.mark.parametrize("way", ["stop", "reset"])
def test_to_end_what_does_not_wait_is_no_matter(trial, way):
    getattr(trial.rejoining, way)()

    assert trial.rejoining.is_due is False


# The end.


@pytest.mark.parametrize(
    ("says", "is_final"), [(True, True), (False, False), (None, False)]
)
def test_the_policy_decides_which_refusals_are_final(trial, says, is_final):
    asked = []

    def give_up(error):
        asked.append(error)
        return says

    trial.rejoin = Rejoin(give_up=give_up)

    assert trial.rejoining.is_final(REFUSED) is is_final
    assert asked == [REFUSED]


def test_no_refusal_is_final_by_default(trial):
    assert trial.rejoining.is_final(REFUSED) is False


@faults
def test_a_give_up_that_raises_is_reported_and_does_not_decide(trial, fault, kind):
    trial.rejoin = Rejoin(give_up=raising(fault))

    assert trial.rejoining.is_final(REFUSED) is False
    assert [type(error) for error in trial.reported] == [kind]
