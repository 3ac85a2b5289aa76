"""What comes after a failure, decided in virtual time."""

from asyncio import sleep
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rx_phoenix._connection.reconnect import Reconnector, aware
from rx_phoenix._protocol.lifecycle import GaveUp, Retrying
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.policy import Backoff, Reconnect
from rx_phoenix.testing._time.scheduler import VirtualScheduler

LOST = ConnectionLost(1006)
REFUSED = ConnectError("refused", status=403)
FORBIDDEN = ConnectError("gone", status=404)
STEPS = Backoff.steps(1, 2, 5)


class Fault(Exception):
    """What a user's function raises."""


class Trial:
    """Reconnector, and everything they say: to whom, and when.

    Attributes:
        begun: When each attempt was begun, and with which credentials.
        later: The verdicts that took an ``await``.
        reported: The exceptions of users' functions.
        expired: When an outage had lasted for as long as the policy allows.
    """

    def __init__(self, time, policy, chance=0.5):
        self.time = time
        self.begun = []
        self.later = []
        self.reported = []
        self.expired = []
        self.retries = Reconnector(
            policy,
            scheduler=lambda: time,
            spawn=time.spawn,
            random=lambda: chance,
            begin=lambda credentials: self.begun.append((time.clock, credentials)),
            expired=lambda: self.expired.append(time.clock),
        )

    def decide(self, error=LOST, credentials=(), providers=()):
        step = self.retries.decide(error, credentials, providers, self.note)
        return None if step is None else self.take(step)

    def note(self, step):
        self.later.append(self.take(step))

    def take(self, step):
        self.reported += step.problems
        return step.outcome


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def make_trial(time):
    trials = []

    def make(*, chance=0.5, **policy):
        trials.append(Trial(time, Reconnect(**{"delays": STEPS, **policy}), chance))
        return trials[-1]

    yield make
    for trial in trials:
        trial.retries.stop()
    time.advance_by(0)


@pytest.fixture
def trial(make_trial):
    return make_trial()


def fail(*_):
    raise Fault


async def awaited(value):
    await sleep(1)
    return value


async def awaited_failure():
    await sleep(1)
    raise Fault


# A wait.


def test_it_waits_for_nothing_at_first(trial):
    assert trial.retries.due is None


def test_a_failure_that_may_heal_is_followed_by_a_wait(trial, time):
    time.advance_by(10)

    assert trial.decide() == Retrying(1, 1.0)
    assert trial.retries.due == 11.0


def test_after_the_wait_an_attempt_begins_with_new_credentials(trial, time):
    trial.decide()
    time.advance_by(5)

    assert trial.begun == [(1.0, None)]
    assert trial.retries.due is None


def test_each_failure_waits_longer(trial, time):
    verdicts = []
    for _ in range(4):
        verdicts.append(trial.decide())
        time.advance_by(10)

    assert verdicts == [
        Retrying(1, 1.0),
        Retrying(2, 2.0),
        Retrying(3, 5.0),
        Retrying(4, 5.0),
    ]


def test_an_attempt_that_fails_at_once_is_decided_inside_its_beginning(time):
    verdicts = []

    def begin(_):
        verdicts.append(retries.decide(LOST, (), (), print).outcome)

    retries = Reconnector(
        Reconnect(STEPS),
        scheduler=lambda: time,
        spawn=time.spawn,
        random=lambda: 0.5,
        begin=begin,
        expired=print,
    )
    begin(None)
    time.advance_by(1)

    assert verdicts == [Retrying(1, 1.0), Retrying(2, 2.0)]
    assert retries.due == 3.0
    retries.stop()


def test_to_start_afresh_is_to_begin_with_the_first_delay(trial, time):
    trial.decide()
    time.advance_by(1)
    trial.retries.start_afresh()

    assert trial.decide() == Retrying(1, 1.0)


def test_an_open_connection_alone_does_not_make_the_delays_start_over(trial, time):
    trial.decide()
    time.advance_by(1)
    trial.retries.opened()

    assert trial.decide() == Retrying(2, 2.0)


def test_a_connection_that_proved_good_makes_them_start_over(trial, time):
    trial.decide()
    time.advance_by(1)
    trial.retries.settled()

    assert trial.decide() == Retrying(1, 1.0)


def test_a_wait_that_is_stopped_begins_nothing(trial, time):
    trial.decide()
    trial.retries.stop()
    time.advance_by(10)

    assert trial.begun == []
    assert trial.retries.due is None


def test_after_a_stop_it_can_wait_again(trial, time):
    trial.decide()
    trial.retries.stop()
    trial.decide()
    time.advance_by(10)

    assert trial.begun == [(2.0, None)]


@pytest.mark.parametrize(("chance", "delay"), [(0, 0.0), (0.25, 1.0), (0.5, 2.0)])
def test_chance_shortens_the_wait(make_trial, chance, delay):
    trial = make_trial(delays=Backoff(4, 2, 60, "full"), chance=chance)

    assert trial.decide() == Retrying(1, delay)


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        ("0", 1.0),
        ("7", 7.0),
        ("3600", 120.0),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 20.0),
        ("soon", 1.0),
    ],
)
def test_a_server_that_asks_for_more_time_gets_it(trial, time, asked, delay):
    time.advance_by(10)
    busy = ConnectError("busy", status=503, headers={"Retry-After": asked})

    assert trial.decide(busy) == Retrying(1, delay)


def test_an_outage_that_began_with_a_restart_stays_one(make_trial):
    trial = make_trial(drain=Backoff.steps(10, 20))

    assert trial.decide(ConnectionLost(1012)) == Retrying(1, 10.0)
    assert trial.decide(ConnectError("not there yet")) == Retrying(2, 20.0)


def test_a_time_of_day_without_a_zone_is_that_of_utc():
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=1)))

    assert aware(noon.replace(tzinfo=None)) == noon
    assert aware(elsewhere) == noon


@pytest.mark.parametrize("end", ["another loss", "afresh"])
def test_a_restart_counts_until_something_else_happened(make_trial, end):
    trial = make_trial(drain=Backoff.steps(10, 20))
    trial.decide(ConnectionLost(1012))
    if end == "afresh":
        trial.retries.start_afresh()
        assert trial.decide(ConnectError("nobody there")) == Retrying(1, 1.0)
    else:
        assert trial.decide(LOST) == Retrying(2, 2.0)
        assert trial.decide(ConnectError("nobody there")) == Retrying(3, 5.0)


# The end.


@pytest.mark.parametrize(
    "error",
    [FORBIDDEN, ConnectionLost(1008), UsageError("no")],
    ids=["404", "1008", "usage"],
)
def test_a_failure_that_is_final_is_followed_by_nothing(trial, time, error):
    assert trial.decide(error) == GaveUp(error)
    assert trial.retries.due is None
    time.advance_by(1000)
    assert trial.begun == []


@pytest.mark.parametrize(
    ("error", "says", "verdict"),
    [
        (LOST, True, GaveUp(LOST)),
        (LOST, False, Retrying(1, 1.0)),
        (FORBIDDEN, False, Retrying(1, 1.0)),
        (FORBIDDEN, None, GaveUp(FORBIDDEN)),
    ],
)
def test_the_user_decides_what_is_final(make_trial, error, says, verdict):
    trial = make_trial(give_up=lambda _: says)

    assert trial.decide(error) == verdict


@pytest.mark.parametrize(
    ("says", "verdict"), [(True, GaveUp(REFUSED)), (False, Retrying(1, 1.0))]
)
@pytest.mark.parametrize("answer", ["old", "new"])
def test_what_the_user_decided_goes_before_what_providers_say(
    make_trial, says, verdict, answer
):
    trial = make_trial(give_up=lambda _: says)

    assert trial.decide(REFUSED, ["old"], [answer]) == verdict


# A user's policy that raises.


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (LOST, Retrying(1, 1.0)),
        (FORBIDDEN, GaveUp(FORBIDDEN)),
        (REFUSED, GaveUp(REFUSED)),
    ],
    ids=["lost", "404", "403"],
)
def test_a_give_up_that_raises_is_reported_and_the_default_decides(
    make_trial, error, verdict
):
    trial = make_trial(give_up=fail)

    assert trial.decide(error) == verdict
    assert [type(error) for error in trial.reported] == [Fault]


@pytest.mark.parametrize("delays", [fail, lambda attempt: -1.0], ids=["fault", "-1"])
def test_delays_that_raise_are_reported_and_the_default_ones_count(make_trial, delays):
    trial = make_trial(delays=delays)

    assert trial.decide() == Retrying(1, 0.125)
    assert trial.decide() == Retrying(2, 0.25)
    assert len(trial.reported) == 2


@pytest.mark.parametrize(
    "error", [LOST, REFUSED, FORBIDDEN], ids=["lost", "403", "404"]
)
@pytest.mark.parametrize("says", [True, False, None])
def test_the_user_is_asked_once_about_each_failure(make_trial, error, says):
    asked = []

    def give_up(failure):
        asked.append(failure)
        return says

    make_trial(give_up=give_up).decide(error, ["old"], ["old"])

    assert asked == [error]


def test_a_give_up_that_raises_about_credentials_is_reported_once(make_trial):
    trial = make_trial(give_up=fail)

    assert trial.decide(REFUSED, ["old"], ["new"]) == Retrying(1, 1.0)
    assert [type(error) for error in trial.reported] == [Fault]


# Credentials that were refused.


def test_refused_credentials_that_are_the_same_again_are_the_end(trial):
    assert trial.decide(REFUSED, [{"a": 1}, "old"], [{"a": 1}, lambda: "old"]) == (
        GaveUp(REFUSED)
    )
    assert trial.retries.due is None


def test_other_credentials_get_an_attempt_after_the_usual_wait(trial, time):
    verdict = trial.decide(REFUSED, [None, "old"], [None, lambda: "new"])
    time.advance_by(10)

    assert verdict == Retrying(1, 1.0)
    assert trial.begun == [(1.0, [None, "new"])]
    assert trial.later == []


def test_other_credentials_that_are_refused_too_are_the_end(trial, time):
    tokens = iter(["new", "newest"])
    providers = [lambda: next(tokens)]
    trial.decide(REFUSED, ["old"], providers)
    time.advance_by(1)

    assert trial.decide(REFUSED, ["new"], providers) == GaveUp(REFUSED)
    assert next(tokens) == "newest"


def test_once_they_were_good_there_is_another_second_chance(trial, time):
    trial.decide(REFUSED, ["old"], ["new"])
    time.advance_by(1)
    trial.retries.opened()

    assert trial.decide(REFUSED, ["new"], ["newest"]) == Retrying(2, 2.0)


def test_to_start_afresh_is_to_have_another_second_chance(trial, time):
    trial.decide(REFUSED, ["old"], ["new"])
    time.advance_by(1)
    trial.retries.start_afresh()

    assert trial.decide(REFUSED, ["new"], ["newest"]) == Retrying(1, 1.0)


def test_another_failure_meanwhile_keeps_the_second_chance_spent(trial, time):
    trial.decide(REFUSED, ["old"], ["new"])
    time.advance_by(1)
    trial.decide(LOST)
    time.advance_by(2)

    assert trial.decide(REFUSED, ["new"], ["newest"]) == GaveUp(REFUSED)


def test_a_provider_that_raises_is_reported_and_asked_again_after_a_wait(trial, time):
    verdict = trial.decide(REFUSED, ["old"], [fail])
    time.advance_by(10)

    assert verdict == Retrying(1, 1.0)
    assert [type(error) for error in trial.reported] == [Fault]
    assert trial.begun == [(1.0, None)]


def test_a_provider_that_raised_leaves_the_second_chance(trial, time):
    trial.decide(REFUSED, ["old"], [fail])
    time.advance_by(1)

    assert trial.decide(REFUSED, ["old"], ["new"]) == Retrying(2, 2.0)


# Providers that are awaited.


def test_while_a_provider_is_awaited_there_is_no_verdict(trial, time):
    verdict = trial.decide(REFUSED, ["old"], [lambda: awaited("new")])
    time.advance_by(0.5)

    assert (verdict, trial.later) == (None, [])
    assert trial.retries.due is None


def test_other_credentials_that_were_awaited_get_an_attempt_too(trial, time):
    trial.decide(REFUSED, ["old"], [lambda: awaited("new")])
    time.advance_by(1)

    assert trial.later == [Retrying(1, 1.0)]
    assert trial.retries.due == 2.0
    time.advance_by(10)
    assert trial.begun == [(2.0, ["new"])]


def test_the_same_ones_that_were_awaited_are_the_end(trial, time):
    trial.decide(REFUSED, ["old"], [lambda: awaited("old")])
    time.advance_by(10)

    assert trial.later == [GaveUp(REFUSED)]
    assert (trial.retries.due, trial.begun) == (None, [])


def test_a_wait_that_their_end_brings_about_goes_on(trial, time):
    trial.retries.decide(
        REFUSED, ["old"], [lambda: awaited("old")], lambda _: trial.decide(LOST)
    )
    time.advance_by(1)

    assert trial.retries.due == 2.0
    time.advance_by(1)
    assert trial.begun == [(2.0, None)]


def test_a_provider_that_raises_while_awaited_is_reported(trial, time):
    trial.decide(REFUSED, ["old"], [awaited_failure])
    time.advance_by(10)

    assert [type(error) for error in trial.reported] == [Fault]
    assert trial.later == [Retrying(1, 1.0)]
    assert trial.begun == [(2.0, None)]


def test_a_stop_ends_the_asking(trial, time):
    trial.decide(REFUSED, ["old"], [lambda: awaited("new")])
    time.advance_by(0.5)
    trial.retries.stop()
    time.advance_by(10)

    assert (trial.later, trial.begun, trial.reported) == ([], [], [])
    assert trial.retries.due is None
