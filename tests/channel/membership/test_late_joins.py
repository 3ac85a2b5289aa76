"""Joins that wait before they are sent: their caller's time, and their own."""

from asyncio import sleep

import pytest

from rx_phoenix import Backoff, ConnectionLost, JoinRefused, PushTimeout, Rejoin
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def late(stage, notes):
    """A join sent 0.05 s before its caller's deadline."""
    channel = stage.channel()
    channel.joins.subscribe(notes)
    join = channel.join()
    join.mark_seen()
    stage.wait(9.95)
    stage.open()
    return channel, join


# Behind a leave, or a removed channel.


def test_a_join_behind_a_leave_without_an_answer_is_sent_once(make_stage, notes):
    stage = make_stage(timeout=2.0)
    channel = stage.joined()
    channel.leave().mark_seen()
    channel.join().subscribe(notes)
    stage.wait(2)
    stage.answer("phx_join", "ok", {"n": 1})

    assert (stage.times("L"), stage.times("J")) == ([0], [0, 2])
    assert (notes.values, notes.errors) == ([{"n": 1}], [])


def test_a_join_behind_a_leave_still_has_an_end_of_its_own(make_stage, notes):
    stage = make_stage(timeout=2.0)
    channel = stage.joined()
    channel.leave().mark_seen()
    channel.join().subscribe(notes)
    stage.wait(4)

    assert [type(error) for error in notes.errors] == [PushTimeout]
    channel.leave()


def test_the_connection_may_be_lost_meanwhile_and_the_clock_starts_then(
    make_stage, notes
):
    stage = make_stage(timeout=2.0)
    channel = stage.joined()
    channel.leave()
    channel.join().subscribe(notes)
    stage.wait(1)
    stage.lose()
    stage.wait(2)

    assert [type(error) for error in notes.errors] == [PushTimeout]
    channel.leave()


def test_a_channel_behind_a_removed_one_waits_for_its_leave_likewise(make_stage, notes):
    stage = make_stage(timeout=2.0)
    stage.socket.remove(stage.joined())
    stage.channel().join().subscribe(notes)
    stage.wait(2)
    stage.answer("phx_join", "ok", {"n": 1})

    assert stage.times("J") == [0, 2]
    assert (notes.values, notes.errors) == ([{"n": 1}], [])


# Behind an outage.


def test_a_join_sent_late_is_not_given_up_when_its_caller_is(stage, late, notes):
    channel, join = late
    stage.wait(0.05)
    before = channel.state, join.status
    stage.wait(0.05)
    stage.answer("phx_join", "ok", {"n": 1})

    assert before == ("joining", "timeout")
    assert (channel.state, notes.values) == ("joined", [{"n": 1}])
    assert stage.server.sent("phx_leave") == []


def test_its_caller_gets_the_timeout_everywhere_and_once(stage, late):
    _, join = late
    calls, notes, statuses = hook_calls(join), RecordingObserver(), []
    join.subscribe(notes)
    join.outcome.subscribe(lambda reply: statuses.append(reply.status))
    stage.wait(0.05)
    for_now = [*calls]
    stage.answer("phx_join", "ok", {"n": 1})

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert (join.status, statuses) == ("timeout", ["timeout"])
    assert for_now == [("timeout", {})]
    assert calls == [("timeout", {}), ("ok", {"n": 1})]


def test_it_has_all_its_time_from_its_sending(stage, late, notes):
    channel, join = late
    calls = hook_calls(join)
    stage.wait(9.9)
    before = channel.state
    stage.wait(0.1)

    assert (before, channel.state) == ("joining", "errored")
    assert calls == [("timeout", {})]
    assert stage.times("L") == [19.95]
    channel.leave()


def test_a_late_refusal_runs_the_hooks_and_is_tried_again(stage, late):
    channel, join = late
    calls = hook_calls(join)
    stage.wait(1)
    stage.answer("phx_join", "error", {"reason": "full"})
    stage.wait(1)

    assert calls == [("timeout", {}), ("error", {"reason": "full"})]
    assert len(stage.server.sent("phx_join")) == 2
    channel.leave()


def test_a_session_alone_ends_with_its_caller(stage, notes):
    stage.channel().session.subscribe(notes)
    stage.wait(9.95)
    stage.open()
    stage.wait(0.05)

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert stage.story == ["phx_join", "phx_leave"]


@pytest.mark.parametrize("kind", ["joined", "stream"])
def test_a_lease_keeps_its_join_as_well(stage, notes, kind):
    channel = stage.channel()
    lease = (channel.joined if kind == "joined" else channel.stream()).subscribe(notes)
    stage.wait(9.95)
    stage.open()
    stage.wait(5)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert stage.server.sent("phx_leave") == []
    lease.dispose()
    stage.answer("phx_leave")


def test_a_lost_connection_ends_it_as_any_join(stage, late, notes):
    channel, join = late
    join.subscribe(notes)
    calls = hook_calls(join)
    stage.lose()

    assert (channel.state, calls) == ("errored", [("timeout", {})])
    assert [type(error) for error in notes.errors] == [ConnectionLost]
    channel.leave()


def test_params_that_take_long_take_nothing_from_the_time_of_the_join(make_stage):
    async def params():
        await sleep(4)
        return {"n": 1}

    stage = make_stage()
    channel = stage.channel(params=params)
    stage.connect()
    channel.join().mark_seen()
    stage.wait(4)
    stage.wait(9)
    before = channel.state
    stage.wait(1)

    assert (before, channel.state) == ("joining", "errored")
    assert stage.times("L") == [14]
    channel.leave()


# A second look.


def test_another_join_meanwhile_is_a_push_of_the_same_attempt(stage, late, notes):
    channel, join = late
    stage.wait(1)
    again = channel.join()
    again.subscribe(notes)
    stage.answer("phx_join", "ok", {"n": 1})

    assert (again is join, again.ref) == (False, join.ref)
    assert notes.values == [{"n": 1}, {"n": 1}]
    assert len(stage.server.sent("phx_join")) == 1


def test_another_join_while_params_are_awaited_is_the_push_that_is_sent(make_stage):
    async def params():
        await sleep(3)
        return {"a": 1}

    stage = make_stage()
    channel = stage.channel(params=params)
    channel.join().mark_seen()
    stage.wait(9)
    stage.open()
    stage.wait(1.5)
    again = channel.join()
    stage.wait(2)

    assert stage.times("J") == [12]
    assert (again.ref, again.payload) == (channel.join_ref, {"a": 1})
    stage.answer("phx_join", "ok", {"n": 1})
    assert again.status == "ok"


def test_another_join_afterwards_is_answered_at_once(stage, late):
    channel, _ = late
    stage.wait(1)
    stage.answer("phx_join", "ok", {"n": 1})

    assert channel.join().status == "ok"
    assert len(stage.server.sent("phx_join")) == 1


def test_another_join_meanwhile_ends_with_the_attempt(stage, late):
    channel, _ = late
    stage.wait(1)
    again = channel.join()
    stage.lose()

    assert again.status == "lost"
    channel.leave()


# Attempts.


@pytest.mark.parametrize(
    ("failure", "kind"), [("error", JoinRefused), ("timeout", PushTimeout)]
)
def test_so_many_failures_in_a_row_end_the_lease(make_stage, notes, failure, kind):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), attempts=3))
    stage.connect()
    channel = stage.channel()
    channel.joined.subscribe(notes)
    for _ in range(3):
        if failure == "error":
            stage.answer("phx_join", "error", {"reason": "forbidden"})
        else:
            stage.wait(10)
        stage.wait(1)

    assert [type(error) for error in notes.errors] == [kind]
    assert channel.state == "closed"
    assert len(stage.server.sent("phx_join")) == 3


def test_give_up_cannot_lift_the_limit(make_stage, notes):
    stage = make_stage(rejoin=Rejoin(attempts=1, give_up=lambda _: False))
    stage.connect()
    stage.channel().joined.subscribe(notes)
    stage.answer("phx_join", "error")

    assert [type(error) for error in notes.errors] == [JoinRefused]


def test_an_accepted_join_starts_the_count_over(make_stage, notes):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), attempts=2))
    stage.connect()
    channel = stage.channel()
    lease = channel.joined.subscribe(notes)
    for _ in range(3):
        stage.answer("phx_join", "error")
        stage.wait(2)
        stage.answer("phx_join")
        stage.say(channel, "phx_error")
        stage.wait(2)

    assert notes.errors == []
    lease.dispose()
    stage.answer("phx_leave")


def test_losses_do_not_count_and_do_not_start_it_over(make_stage, notes):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), attempts=2))
    stage.connect()
    stage.channel().joined.subscribe(notes)
    for _ in range(5):
        stage.lose()
        stage.wait(5)
        stage.open()
    stage.answer("phx_join", "error")
    stage.lose()
    stage.wait(5)
    stage.open()
    stage.answer("phx_join", "error")

    assert [type(error) for error in notes.errors] == [JoinRefused]


def test_a_leave_starts_the_count_over(make_stage, notes):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), attempts=2))
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    stage.answer("phx_join", "error")
    channel.leave()
    channel.join().subscribe(notes)
    stage.answer("phx_join", "error")

    assert channel.state == "errored"
    channel.leave()
