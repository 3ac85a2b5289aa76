"""Limits: seconds of an attempt, failures in a row, and seconds of an outage."""

import asyncio

import pytest

from rx_phoenix import (
    AttemptFailed,
    Backoff,
    ConnectError,
    ConnectionLost,
    GaveUp,
    Reconnect,
    Retrying,
)

SECOND = Backoff.steps(1)


class Life:
    """A socket under a policy, and everything that happens to its connection.

    Attributes:
        events: Each event of its lifecycle.
        errors: The errors that ended `connect()`.
    """

    def __init__(self, stage):
        self.stage = stage
        self.events = []
        self.errors = []
        stage.socket.lifecycle.subscribe(self.events.append)

    def connect(self):
        self.stage.socket.connect().subscribe(on_error=self.errors.append)

    @property
    def end(self):
        """The error that ended it, or None."""
        return next((e.error for e in self.events if isinstance(e, GaveUp)), None)

    @property
    def failures(self):
        return [e.attempt for e in self.events if isinstance(e, AttemptFailed)]


@pytest.fixture
def live(make_stage):
    """A life that has begun to connect."""

    def live(delays=SECOND, **policy):
        life = Life(make_stage(reconnect=Reconnect(delays, **policy)))
        life.connect()
        return life

    return live


# One attempt.


def test_an_attempt_takes_as_long_as_the_policy_allows(live):
    life = live(timeout=2.0)
    life.stage.scheduler.advance_before(2)
    before = life.failures
    life.stage.wait(0)

    assert (before, life.failures) == ([], [1])
    assert (
        str(life.events[0].error) == "no connection to ws://localhost/socket within 2 s"
    )


# Failures in a row.


def test_the_last_of_so_many_failures_in_a_row_is_final(live):
    life = live(attempts=3)
    for _ in range(3):
        life.stage.fail(ConnectError("refused"))
        life.stage.wait(1)

    assert life.failures == [1, 2, 3]
    assert str(life.end) == "refused"
    assert [str(error) for error in life.errors] == ["refused"]
    assert life.stage.attempts == 3


def test_a_lease_alone_has_as_many_attempts(make_stage):
    stage = make_stage(reconnect=Reconnect(SECOND, attempts=2))
    stage.socket.connection.subscribe(on_error=lambda _: None)
    stage.fail()
    stage.wait(1)

    assert stage.attempts == 2


def test_one_attempt_may_be_all_there_is(live):
    life = live(attempts=1)
    life.stage.fail(ConnectError("refused"))

    assert str(life.end) == "refused"


def test_a_give_up_that_returns_false_does_not_lift_the_limit(live):
    life = live(attempts=1, give_up=lambda _: False)
    life.stage.fail(ConnectError("refused"))

    assert str(life.end) == "refused"


def test_a_connection_lost_before_it_was_stable_counts(live):
    life = live(attempts=2, stable=30)
    for _ in range(2):
        life.stage.open()
        life.stage.wait(29)
        life.stage.lose()
        life.stage.wait(1)

    assert isinstance(life.end, ConnectionLost)


def test_the_loss_of_a_stable_connection_does_not_count(live):
    life = live(attempts=1, stable=30)
    life.stage.open()
    life.stage.wait(30)
    life.stage.lose()
    before = life.end
    life.stage.wait(1)
    life.stage.fail(ConnectError("refused"))

    assert before is None
    assert str(life.end) == "refused"


def test_after_a_close_of_ours_a_stable_connection_forgives_nothing(live):
    life = live(attempts=1, stable=30)
    life.stage.open()
    life.stage.wait(30)
    life.stage.socket.disconnect()
    life.connect()
    life.stage.fail(ConnectError("refused"))

    assert str(life.end) == "refused"


def test_a_stable_connection_starts_the_count_over(live):
    life = live(attempts=2, stable=30)
    life.stage.fail()
    life.stage.wait(1)
    life.stage.open()
    life.stage.wait(30)
    life.stage.lose()
    life.stage.wait(1)
    life.stage.fail()
    before = life.end
    life.stage.wait(1)
    life.stage.fail()

    assert before is None
    assert life.end is not None


def test_connect_starts_the_count_over(live):
    life = live(attempts=2)
    life.stage.fail()
    life.connect()
    life.stage.wait(1)
    life.stage.fail()

    assert life.end is None


@pytest.mark.parametrize("call", ["connect", "reconnect_now"])
def test_after_the_end_the_count_starts_over(live, call):
    life = live(attempts=1)
    life.stage.fail()
    getattr(life.stage.socket, call)()
    life.stage.open()

    assert life.stage.socket.state == "open"


# Seconds of an outage.


def test_without_a_connection_for_so_long_the_last_failure_is_final(live):
    life = live(delays=Backoff.steps(2), within=5)
    for _ in range(2):
        life.stage.fail(ConnectError("refused"))
        life.stage.wait(2)
    life.stage.wait(0.9)
    before = life.end
    life.stage.wait(0.1)

    assert before is None
    assert str(life.end) == "refused"
    assert [str(error) for error in life.errors] == ["refused"]


def test_the_running_attempt_is_abandoned(live):
    life = live(within=5)
    life.stage.wait(5)

    assert life.stage.transport.attempt.is_disposed
    text = "no connection to ws://localhost/socket within 5 s"
    assert str(life.end) == text
    assert [str(error) for error in life.errors] == [text]
    assert life.stage.socket.state == "closed"


def test_no_wait_outlasts_it(live):
    life = live(delays=Backoff.steps(60), within=5)
    life.stage.fail(ConnectError("refused"))
    life.stage.wait(5)

    assert str(life.end) == "refused"
    assert life.stage.scheduler.pending == ()


def test_an_open_connection_ends_it_and_an_outage_begins_it_again(live):
    life = live(within=5, stable=30)
    life.stage.open()
    life.stage.wait(30)
    life.stage.lose()
    life.stage.wait(4.9)
    before = life.end
    life.stage.wait(0.1)

    assert before is None
    assert isinstance(life.end, ConnectionLost)


def test_seconds_of_a_connection_that_was_open_do_not_count(live):
    life = live(within=5, stable=30)
    life.stage.wait(3)
    life.stage.open()
    life.stage.wait(20)
    life.stage.lose()
    life.stage.wait(1.9)
    before = life.end
    life.stage.wait(0.1)

    assert before is None
    assert isinstance(life.end, ConnectionLost)


def test_connect_starts_the_seconds_over(live):
    life = live(within=5)
    life.stage.wait(4)
    life.connect()
    life.stage.wait(4)
    before = life.end
    life.stage.wait(1)

    assert before is None
    assert life.end is not None


def test_a_disconnect_ends_them(live):
    life = live(within=5)
    life.stage.socket.disconnect()
    life.stage.wait(60)

    assert life.end is None
    assert life.stage.scheduler.pending == ()


# What is final.


@pytest.mark.parametrize("status", [400, 404, 410, 426])
def test_after_the_first_open_a_refusal_is_an_outage(live, status):
    life = live(delays=Backoff.steps(1, 2))
    life.stage.open()
    life.stage.lose()
    life.stage.wait(1)
    life.stage.fail(ConnectError("deploying", status=status))

    assert life.events[-1] == Retrying(2, 2.0)
    life.stage.wait(2)
    life.stage.open()
    assert life.stage.socket.state == "open"


# Providers, and users' functions.


def test_providers_that_hang_when_asked_again_are_a_failed_attempt(make_stage):
    answers = []

    async def params():
        answers.append(None)
        if len(answers) == 2:
            await asyncio.Event().wait()
        return {"token": f"t{len(answers)}"}

    stage = make_stage(params=params, reconnect=Reconnect(SECOND))
    life = Life(stage)
    life.connect()
    stage.wait(0)
    stage.fail(ConnectError("refused", status=401))
    stage.wait(14.9)
    before = life.failures
    stage.wait(0.1)

    assert (before, life.failures) == ([1], [1, 2])
    assert str(life.events[1].error) == "no credentials within 15 s"
    assert life.events[2] == Retrying(1, 1.0)
    stage.wait(1)
    stage.open()
    assert stage.socket.state == "open"


def test_providers_that_hang_are_cancelled_with_the_last_attempt(make_stage):
    asked, cancelled = [], []

    async def params():
        asked.append(stage.scheduler.clock)
        if len(asked) == 2:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(stage.scheduler.clock)

    stage = make_stage(params=params, reconnect=Reconnect(SECOND, attempts=2))
    life = Life(stage)
    life.connect()
    stage.wait(0)
    stage.fail(ConnectError("refused", status=401))
    stage.wait(15)

    assert str(life.end) == "no credentials within 15 s"
    assert (asked, cancelled) == ([0.0, 0.0], [15.0])


@pytest.mark.parametrize(
    "random",
    [lambda: 1 / 0, lambda: "x", lambda: 2.0],
    ids=["it raises", "it is not a number", "it is too large"],
)
def test_a_source_of_randomness_that_fails_is_reported_and_does_not_count(
    make_stage, random
):
    stage = make_stage(random=random, reconnect=Reconnect(Backoff(4, 2, 8, "full")))
    life = Life(stage)
    life.connect()
    stage.open()
    stage.lose()

    assert life.events[-1] == Retrying(1, 2.0)
    assert len(stage.unhandled) == 1
    stage.unhandled.clear()
    stage.wait(2)
    stage.open()
