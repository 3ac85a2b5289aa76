"""What comes after a join that failed, and after the end of a membership."""

from asyncio import sleep

import pytest

from rx_phoenix import (
    Backoff,
    ChannelCrashed,
    ConnectionLost,
    JoinRefused,
    PushCancelled,
    Rejoin,
)
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


# Refused.


def test_a_refused_join_says_why(stage, notes):
    stage.connect()
    stage.channel().join().subscribe(notes)
    stage.answer("phx_join", "error", {"reason": "full"})

    (error,) = notes.errors
    assert isinstance(error, JoinRefused)
    assert (error.status, error.response) == ("error", {"reason": "full"})
    assert str(error) == (
        "the join of 'room:1' was answered 'error': {'reason': 'full'}"
    )


@pytest.mark.case(140)
@pytest.mark.defect(6)
@pytest.mark.parametrize("status", ["error", "odd", "timeout"])
def test_every_status_but_ok_is_a_refusal_and_tried_again(stage, notes, status):
    stage.connect()
    channel = stage.channel()
    join = channel.join()
    join.subscribe(notes)
    calls = hook_calls(join, "ok", status)
    stage.answer("phx_join", status, {"n": 1})
    before = channel.state
    stage.wait(1)
    stage.answer("phx_join", "ok", {"n": 2})

    [error] = notes.errors
    assert (error.status, error.response) == (status, {"n": 1})
    assert (before, channel.state) == ("errored", "joined")
    assert calls == [(status, {"n": 1}), ("ok", {"n": 2})]


def test_the_default_delays_have_a_jitter_of_a_fifth(make_stage):
    chances = [0.0, 0.5, 0.999999, 0.25]
    stage = make_stage(rejoin=Rejoin(), random=lambda: chances.pop(0))
    stage.connect()
    stage.channel().join().mark_seen()
    for delay in (0.8, 2, 6, 9):
        stage.answer("phx_join", "error")
        stage.wait(delay)

    assert stage.times("J") == pytest.approx([0, 0.8, 2.8, 8.8, 17.8])


@pytest.mark.defect(3)
@pytest.mark.defect(5)
@pytest.mark.parametrize("wants", [("join",), ("joined",), ("join", "joined")])
def test_a_refusal_that_is_final_ends_the_wants_and_the_trying(make_stage, wants):
    stage = make_stage(
        rejoin=Rejoin(
            lambda _: 1.0,
            give_up=lambda error: error.response["reason"] == "never",
        )
    )
    stage.connect()
    channel, notes = stage.channel(), RecordingObserver()
    if "join" in wants:
        channel.join().mark_seen()
    if "joined" in wants:
        channel.joined.subscribe(notes)
    stage.answer("phx_join", "error", {"reason": "later"})
    stage.wait(1)
    stage.answer("phx_join", "error", {"reason": "never"})
    stage.wait(60)

    assert channel.state == "closed"
    assert not channel.is_wanted
    assert len(stage.server.sent("phx_join")) == 2
    if "joined" in wants:
        assert [error.response["reason"] for error in notes.errors] == ["never"]


def test_what_waited_for_a_join_that_is_refused_for_good_is_cancelled(make_stage):
    stage = make_stage(rejoin=Rejoin(give_up=lambda _: True))
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    push = channel.push("shout")
    stage.answer("phx_join", "error")

    assert push.status == "cancelled"


def test_a_lease_may_be_taken_again_inside_its_final_end(make_stage):
    refusals = [True, False]
    stage = make_stage(rejoin=Rejoin(give_up=lambda _: refusals.pop(0)))
    stage.connect()
    channel, again = stage.channel(), RecordingObserver()
    join = channel.join()
    channel.joined.subscribe(on_error=lambda _: channel.joined.subscribe(again))
    stage.answer("phx_join", "error")
    stage.answer("phx_join", "ok", {"n": 2})

    assert join.status == "error"
    assert again == RecordingObserver([{"n": 2}])
    assert channel.state == "joined"


def test_an_end_that_a_reported_fault_brings_about_leaves_no_wait(make_stage):
    stage = make_stage(rejoin=Rejoin(lambda _: 1 / 0))
    channel = stage.joined()
    stage.socket.unhandled.subscribe(lambda _: stage.socket.aclose())
    stage.say(channel, "phx_error")

    assert (channel.state, stage.scheduler.pending) == ("closed", ())
    assert len(stage.unhandled) == 1
    stage.unhandled.clear()


def test_a_policy_that_raises_is_reported_and_does_not_decide(make_stage):
    boom = RuntimeError("boom")

    def fail(_):
        raise boom

    stage = make_stage(rejoin=Rejoin(fail, give_up=fail), random=lambda: 0.5)
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error")
    stage.wait(1)

    assert stage.times("J") == [0, 1]
    assert stage.unhandled == [boom, boom]
    stage.unhandled.clear()


def test_a_join_during_the_wait_for_a_rejoin_is_sent_at_once(stage):
    stage.connect()
    channel = stage.channel()
    first = channel.join()
    first.mark_seen()
    stage.answer("phx_join", "error")
    second = channel.join()
    stage.answer("phx_join")
    stage.wait(60)

    assert second is not first
    assert stage.times("J") == [0, 0]
    assert channel.state == "joined"


# Crashed and lost.


def test_a_crash_while_joining_cancels_the_join(stage, notes):
    stage.connect()
    channel = stage.channel()
    join = channel.join()
    join.subscribe(notes)
    calls = hook_calls(join)
    stage.receive("phx_error", {"reason": "x"}, join_ref="1", ref="1")
    before = channel.state
    stage.wait(1)
    stage.answer("phx_join")

    (error,) = notes.errors
    assert isinstance(error, ChannelCrashed)
    assert error.reason == {"reason": "x"}
    assert before == "errored"
    assert calls == [("timeout", {}), ("ok", {})]


@pytest.mark.case(181)
def test_a_crash_while_errored_puts_the_rejoin_off(stage):
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)
    stage.say(channel, "phx_error")
    stage.wait(0.5)
    stage.say(channel, "phx_error")
    stage.wait(10)

    assert len(reasons) == 2
    assert stage.times("J") == [0, 1.5]


def test_a_loss_while_joining_ends_the_join_at_once(stage, notes):
    stage.connect()
    channel = stage.channel()
    channel.join().subscribe(notes)
    stage.lose()

    assert [type(error) for error in notes.errors] == [ConnectionLost]


@pytest.mark.case(91)
@pytest.mark.defect(15)
def test_a_failed_attempt_to_connect_does_not_end_a_join_that_waits(stage, notes):
    stage.channel().join().subscribe(notes)
    stage.fail()
    before = notes.is_open
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join")

    assert before
    assert notes == RecordingObserver([{}], [], 1)
    assert stage.story == ["phx_join"]


@pytest.mark.parametrize("kind", ["joined", "session", "stream"])
def test_a_lease_takes_part_in_a_join_that_waits(stage, kind):
    channel = stage.channel()
    calls = hook_calls(channel.join())
    stage.fail()
    source = channel.stream() if kind == "stream" else getattr(channel, kind)
    source.subscribe()
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join")

    assert calls == [("ok", {})]
    assert len(stage.server.sent("phx_join")) == 1


def test_a_newer_join_takes_the_place_of_one_that_waits(stage, notes):
    channel = stage.channel()
    channel.join().subscribe(notes)
    stage.fail()
    second = channel.join()
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join")

    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert str(notes.errors[0]) == "a newer join of 'room:1' took its place"
    assert second.status == "ok"


# The seed's way of rejoining: five attempts, exponential backoff, reset on success.


def test_the_seeds_rejoin_works(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1000)))
    stage.connect()
    channel, attempts = stage.channel(), []

    async def again(_):
        if len(attempts) < 5:
            delay = 2.0 ** len(attempts)
            attempts.append(delay)
            await sleep(delay)
            channel.join().receive("ok", lambda _: attempts.clear()).receive(
                "error", lambda _: None
            )

    channel.on_error(again)
    channel.join().mark_seen()
    stage.answer("phx_join")
    for delay in (1, 2):
        stage.say(channel, "phx_error")
        stage.receive("phx_error", join_ref=channel.join_ref)
        stage.wait(delay)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert attempts == []
