"""A connection that ends without our wish, and what comes after it."""

import logging
from datetime import timedelta

import pytest

from rx_phoenix import (
    AttemptFailed,
    Closed,
    ConnectError,
    ConnectionLost,
    GaveUp,
    Opened,
    Reconnect,
    Retrying,
)
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def steady(make_stage):
    """A stage that tries again after 1, 2, 3 … seconds, and its events."""

    def make(**options):
        stage = make_stage(**{"reconnect": Reconnect(float)} | options)
        stage.events = []
        stage.socket.lifecycle.subscribe(stage.events.append)
        return stage

    return make


def delays(stage):
    return [event.delay for event in stage.events if isinstance(event, Retrying)]


def final(stage):
    return [event for event in stage.events if isinstance(event, GaveUp)]


# The order of a loss.


@pytest.mark.case(57)
def test_a_loss_in_its_order(steady):
    stage = steady()
    story = []
    channel = stage.joined()
    channel.joined.subscribe(lambda _: None)
    stage.socket.states.subscribe(lambda state: story.append(f"socket {state}"))
    channel.states.subscribe(lambda state: story.append(f"channel {state}"))
    channel.push("shout").subscribe(None, lambda _: story.append("push"))
    channel.push("shout").receive("timeout", lambda _: story.append("receive"))
    channel.session.subscribe(None, lambda _: story.append("session"))
    channel.on_error(lambda reason: story.append(reason["reason"]))
    stage.socket.lifecycle.subscribe(lambda event: story.append(type(event).__name__))
    stage.socket.on_close(lambda closed: story.append(closed.code))
    story.clear()
    stage.server.close(1012)

    assert story == [
        "socket closed",
        "channel errored",
        "push",
        "receive",
        "session",
        "connection_closed",
        "Closed",
        1012,
        "Retrying",
    ]


@pytest.mark.defect(11)
def test_a_loss_with_pushes_in_flight_fails_each_at_once_and_once(steady):
    stage = steady()
    channel = stage.joined()
    pushes = [channel.push("shout") for _ in range(3)]
    calls = [call for push in pushes for call in [hook_calls(push)]]
    outcomes = [RecordingObserver() for _ in pushes]
    for push, outcome in zip(pushes, outcomes, strict=True):
        push.subscribe(outcome)
    frames = stage.server.sent("shout")
    stage.lose()
    at_once = [push.status for push in pushes]
    stage.wait(1)
    stage.open()
    for frame in frames:
        stage.answer(frame)

    assert calls == [[("timeout", {})]] * 3
    assert [type(one.errors[0]) for one in outcomes] == [ConnectionLost] * 3
    assert at_once == [push.status for push in pushes] == ["lost"] * 3
    assert stage.server.sent("shout") == frames


@pytest.mark.defect(11)
def test_what_was_buffered_outlives_a_loss(steady):
    stage = steady()
    stage.socket.connect()
    stage.channel().join()
    push = stage.channel().push("shout")
    stage.open()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")
    stage.answer("shout")

    assert push.status == "ok"


def test_a_ping_in_flight_is_lost(steady, notes):
    stage = steady()
    stage.connect()
    stage.socket.ping().subscribe(notes)
    stage.lose()

    assert [type(error) for error in notes.errors] == [ConnectionLost]


def test_the_diagnosis_says_when_the_next_attempt_is_due(steady):
    stage = steady()
    stage.connect()
    stage.lose()
    stage.wait(0.25)
    waiting = stage.socket.diagnosis()
    stage.socket.disconnect()

    assert "closed; the next attempt is due in 0.8 s." in waiting
    assert "closed; disconnect() paused it: call" in stage.socket.diagnosis()


def test_without_demand_the_diagnosis_says_what_creates_it(steady):
    stage = steady()
    lease = stage.socket.stream("room:1").subscribe()
    stage.fail()
    lease.dispose()
    first, *events = stage.socket.diagnosis().splitlines()

    assert "is closed; there is no demand for a connection: call connect()," in first
    assert events[-1].endswith("Retry 1 was due 1.0 s later.")


def test_each_cause_of_an_outage_is_a_warning_and_its_end_says_how_long(steady, caplog):
    caplog.set_level("INFO", "rx_phoenix")
    stage = steady()
    stage.connect()
    caplog.clear()
    stage.lose()
    for status in None, None, 503, 503:
        stage.wait(5)
        stage.fail(ConnectError("no", status=status))
    stage.wait(5)
    stage.open()

    texts = [(r.levelname, r.getMessage().split(": ", 1)[1]) for r in caplog.records]
    assert [text for level, text in texts if level == "WARNING"] == [
        "The connection broke without a close frame.",
        "Attempt 1 failed: no.",
        "Attempt 3 failed: no. The server is overloaded or starting: wait a while.",
    ]
    assert texts[-1] == ("INFO", "The connection opened after 25.0 s.")
    assert all("ws://localhost/socket" in r.getMessage() for r in caplog.records)


def test_a_first_connection_that_took_several_attempts_says_how_long(steady, caplog):
    caplog.set_level("INFO", "rx_phoenix")
    stage = steady()
    stage.wait(5)
    stage.socket.connect()
    stage.wait(2)
    stage.fail()
    stage.wait(1)
    stage.open()

    assert caplog.messages[-1].endswith("The connection opened after 3.0 s.")


# Which end means what.


@pytest.mark.case(53)
@pytest.mark.case(55)
@pytest.mark.defect(2)
@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1006, 1007, 1009, 1011, 1012, 1013, 4000, 4999]
)
def test_every_close_of_the_peer_but_one_is_followed_by_an_attempt(steady, code):
    stage = steady()
    stage.connect()
    stage.server.close(code, "why")
    stage.wait(1)

    closed = stage.events[1]
    assert (closed.code, closed.reason) == (code, "why")
    assert closed.clean == (code != 1006)
    assert stage.attempts == 2


@pytest.mark.case(55)
@pytest.mark.defect(3)
def test_a_violation_of_a_policy_is_final(steady):
    stage = steady()
    stage.connect()
    stage.server.close(1008, "no")
    stage.wait(60)

    _, closed, gave_up = stage.events
    assert closed == Closed(1008, "no", clean=True)
    assert isinstance(gave_up, GaveUp)
    assert (gave_up.error.code, gave_up.error.reason) == (1008, "no")
    assert stage.attempts == 1


@pytest.mark.defect(3)
@pytest.mark.parametrize("status", [None, 408, 425, 429, 500, 502, 503, 504])
def test_a_refusal_that_may_pass_is_followed_by_an_attempt(steady, status):
    stage = steady()
    stage.socket.connect()
    stage.fail(ConnectError("no", status=status))
    stage.wait(1)

    assert stage.attempts == 2


@pytest.mark.defect(3)
@pytest.mark.defect(4)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 426, 451])
def test_a_refusal_that_does_not_pass_is_final(steady, notes, status):
    stage = steady()
    stage.socket.connect().subscribe(notes)
    stage.fail(ConnectError("no", status=status, headers={"A": "b"}, body=b"why"))
    stage.wait(60)

    [error] = notes.errors
    assert (error.status, error.headers, error.body) == (status, {"A": "b"}, b"why")
    assert [type(event) for event in stage.events] == [AttemptFailed, GaveUp]
    assert stage.events[-1].error.status == status
    assert stage.attempts == 1


@pytest.mark.defect(7)
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_patience_gets_it(steady, status):
    stage = steady()
    stage.socket.connect()
    stage.fail(ConnectError("no", status=status, headers={"retry-after": "7"}))

    assert delays(stage) == [7.0]


@pytest.mark.defect(2)
def test_a_users_policy_decides_what_is_final(steady):
    stage = steady(
        reconnect=Reconnect(lambda _: 1.0, give_up=lambda error: error.code == 4001)
    )
    stage.connect()
    stage.server.close(1006)
    stage.wait(1)
    stage.open()
    stage.server.close(4001)
    stage.wait(60)

    assert stage.attempts == 2
    assert [event.error.code for event in final(stage)] == [4001]


def test_a_users_policy_may_forgive_everything(steady):
    stage = steady(reconnect=Reconnect(lambda _: 1.0, give_up=lambda _: False))
    stage.socket.connect()
    stage.fail(ConnectError("no", status=403))
    stage.wait(1)
    stage.fail(ConnectError("no", status=404))
    stage.wait(1)
    stage.open()
    stage.server.close(1008)
    stage.wait(1)

    assert stage.attempts == 4


def test_a_policy_that_raises_is_reported_and_does_not_decide(steady):
    boom = RuntimeError("boom")

    def fail(_):
        raise boom

    stage = steady(reconnect=Reconnect(fail, give_up=fail))
    stage.socket.connect()
    stage.fail(ConnectError("no", status=503))

    assert len(delays(stage)) == 1
    assert set(stage.unhandled) == {boom}
    stage.unhandled.clear()


@pytest.mark.parametrize("calls", [["disconnect"], ["disconnect", "connect"]])
def test_a_policy_that_disconnects_ends_the_wait_that_it_asks_for(steady, calls):
    def give_up(_):
        for call in calls:
            getattr(stage.socket, call)()
        return False

    stage = steady(reconnect=Reconnect(float, give_up=give_up))
    stage.connect()
    stage.lose()
    if "connect" in calls:
        stage.open()
    stage.wait(60)

    assert stage.attempts == len(calls)
    assert delays(stage) == []


def test_a_handler_of_logging_that_raises_is_reported_and_ends_nothing(steady):
    error = OSError("disk full")

    class Broken(logging.Handler):
        def emit(self, _):
            raise error

    stage = steady()
    stage.connect()
    log, handler = logging.getLogger("rx_phoenix"), Broken()
    log.addHandler(handler)
    stage.lose()
    log.removeHandler(handler)
    stage.wait(1)
    stage.open()

    assert set(stage.unhandled) == {error}
    stage.unhandled.clear()


@pytest.mark.parametrize("end", ["disconnect", "aclose"])
@pytest.mark.parametrize(
    ("options", "status"),
    [
        (lambda: {"reconnect": Reconnect(lambda _: 1 / 0)}, 503),
        (lambda: {"reconnect": Reconnect(float, give_up=lambda _: 1 / 0)}, 503),
        (lambda: {"params": [{}].pop}, 403),
    ],
    ids=["delays", "give_up", "params"],
)
def test_an_end_that_a_reported_fault_brings_about_is_one(steady, options, status, end):
    stage = steady(**options())
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.socket.unhandled.subscribe(lambda _: getattr(stage.socket, end)())
    stage.fail(ConnectError("no", status=status))

    assert stage.scheduler.pending == ()
    assert delays(stage) == []
    assert (stage.attempts, stage.socket.state) == (1, "closed")
    assert len(stage.unhandled) == 1
    stage.unhandled.clear()


# When delays start over.


def test_delays_grow_until_a_connection_has_proved_good(steady):
    stage = steady()
    stage.connect()
    for retry in (1, 2, 3):
        stage.lose()
        stage.wait(retry)
        stage.open()

    assert delays(stage) == [1, 2, 3]


@pytest.mark.case(50)
@pytest.mark.case(51)
@pytest.mark.defect(8)
def test_delays_start_over_when_it_was_open_for_long_enough(steady):
    stage = steady()
    stage.connect()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.wait(30)
    stage.lose()

    assert delays(stage) == [1, 1]


@pytest.mark.case(50)
@pytest.mark.case(51)
@pytest.mark.defect(8)
def test_delays_do_not_start_over_a_moment_before(steady):
    stage = steady()
    stage.connect()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.scheduler.advance_before(stage.scheduler.clock + 30)
    stage.lose()

    assert delays(stage) == [1, 2]


def test_how_long_is_long_enough_is_up_to_the_policy(steady):
    policy = Reconnect(float, stable=timedelta(seconds=3))
    stage = steady(reconnect=policy)
    stage.connect()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.wait(3)
    stage.lose()

    assert delays(stage) == [1, 1]


@pytest.mark.case(51)
@pytest.mark.defect(8)
@pytest.mark.parametrize("status", ["ok", "error"])
def test_delays_start_over_five_seconds_after_a_join_was_answered(steady, status):
    stage = steady()
    stage.channel().join().mark_seen()
    stage.open()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.wait(3)
    stage.answer("phx_join", status)
    stage.wait(5)
    stage.lose()

    assert delays(stage) == [1, 1]


@pytest.mark.case(51)
@pytest.mark.defect(8)
def test_an_answer_a_moment_before_is_not_enough(steady):
    stage = steady()
    stage.channel().join()
    stage.open()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")
    stage.scheduler.advance_before(stage.scheduler.clock + 5)
    stage.lose()

    assert delays(stage) == [1, 2]


def test_a_second_answer_does_not_put_it_off(steady):
    stage = steady()
    stage.channel().join()
    stage.channel("room:2").join()
    stage.open()
    stage.lose()
    stage.wait(1)
    stage.open()
    first, second = stage.server.sent("phx_join")[-2:]
    stage.answer(first)
    stage.wait(3)
    stage.answer(second)
    stage.wait(2)
    stage.lose()

    assert delays(stage) == [1, 1]


def test_one_timer_serves_the_answers_of_all_joins(stage):
    stage.joined()
    waiting = len(stage.scheduler.pending)
    for number in range(2, 5):
        stage.joined(f"room:{number}")

    assert len(stage.scheduler.pending) == waiting


@pytest.mark.parametrize("restart", ["disconnect", "last lease"])
def test_delays_start_over_with_a_new_beginning(steady, restart):
    stage = steady()
    lease = stage.socket.connection.subscribe()
    for retry in (1, 2):
        stage.fail()
        stage.wait(retry)
    if restart == "disconnect":
        stage.socket.disconnect()
        stage.socket.connect()
    else:
        lease.dispose()
        stage.socket.connection.subscribe()
    stage.fail()

    assert delays(stage) == [1, 2, 1]
    assert stage.events[-2].attempt == 1


# Skipping the wait.


@pytest.mark.defect(29)
def test_reconnect_now_skips_the_wait(steady):
    stage = steady()
    stage.connect()
    stage.lose()
    stage.socket.reconnect_now()
    stage.open()
    stage.wait(60)

    assert stage.attempts == 2


def test_reconnect_now_does_not_make_the_next_wait_shorter(steady):
    stage = steady()
    stage.connect()
    stage.lose()
    stage.socket.reconnect_now()
    stage.fail()

    assert delays(stage) == [1, 2]


@pytest.mark.parametrize("state", ["new", "connecting", "open", "paused"])
def test_reconnect_now_changes_nothing_where_there_is_no_wait(steady, state):
    stage = steady()
    if state != "new":
        stage.socket.connect()
    if state in {"open", "paused"}:
        stage.open()
    if state == "paused":
        stage.socket.disconnect()
    before = stage.attempts, stage.socket.state
    stage.socket.reconnect_now()

    assert (stage.attempts, stage.socket.state) == before


@pytest.mark.parametrize("place", ["on_error", "states", "closes", "socket's states"])
@pytest.mark.parametrize("wish", ["join", "connect", "lease"])
def test_a_wish_that_a_failure_brings_about_does_not_skip_the_wait(steady, place, wish):
    stage = steady()
    channel = stage.channel()
    wishes = {
        "join": channel.join,
        "connect": stage.socket.connect,
        "lease": channel.joined.subscribe,
    }

    def act(event="errored"):
        if event == "errored" and stage.attempts:
            wishes[wish]()

    if place == "on_error":
        channel.on_error(lambda _: act())
    elif place == "states":
        channel.states.subscribe(act)
    elif place == "closes":
        stage.socket.on_close(lambda _: act())
    else:
        stage.socket.states.subscribe(lambda state: state == "closed" and act())
    channel.join()
    stage.fail()
    before = stage.attempts
    stage.wait(1)
    stage.open()
    stage.lose()
    after = stage.attempts

    assert (before, after) == (1, 2)


def test_a_loss_leaves_no_timer_of_its_pushes(steady):
    stage = steady()
    stage.joined().push("shout")
    stage.lose()
    stage.wait(0)

    assert [timer.when() for timer in stage.scheduler.pending] == [1.0]


# The end of all attempts.


ENDS = {
    "a refusal": lambda stage: stage.fail(ConnectError("no", status=404)),
    "a close": lambda stage: (stage.open(), stage.server.close(1008)),
}


@pytest.mark.parametrize("end", ENDS)
def test_giving_up_ends_connect(steady, notes, end):
    stage = steady()
    stage.socket.connect().subscribe(notes)
    ENDS[end](stage)

    if end == "a refusal":
        assert [error.status for error in notes.errors] == [404]
    assert len(final(stage)) == 1


@pytest.mark.parametrize("end", ENDS)
def test_giving_up_ends_all_leases_and_all_pushes(steady, end):
    stage = steady()
    channel = stage.channel()
    leases = {
        "connection": stage.socket.connection,
        "joined": channel.joined,
        "session": channel.session,
        "stream": channel.stream("shout"),
        "socket's stream": stage.socket.stream("room:2"),
    }
    notes = {name: RecordingObserver() for name in leases}
    for name, lease in leases.items():
        lease.subscribe(notes[name])
    join, push = channel.join(), channel.push("shout")
    calls = hook_calls(join), hook_calls(push)
    ENDS[end](stage)

    assert {name: len(one.errors) for name, one in notes.items()} == dict.fromkeys(
        leases, 1
    )
    assert calls == ([("timeout", {})], [("timeout", {})])
    assert (join.status, push.status) == ("lost", "lost")
    assert stage.socket.state == "closed"
    assert stage.scheduler.pending == ()


def test_a_channel_that_a_lease_wanted_is_closed_by_it(steady):
    stage = steady()
    stage.channel().joined.subscribe(on_error=lambda _: None)
    stage.fail(ConnectError("no", status=404))

    assert stage.channel().state == "closed"


def test_who_takes_a_lease_on_hearing_that_it_closed_is_told_of_the_end(steady, notes):
    stage = steady()
    stage.socket.connect()
    stage.open()
    stage.socket.states.subscribe(
        lambda state: state == "closed" and stage.socket.connection.subscribe(notes)
    )
    stage.server.close(1008)

    assert stage.attempts == 1
    assert len(notes.errors) == 1


def test_attempts_are_counted_anew_after_it(steady):
    stage = steady()
    stage.socket.connect()
    stage.fail(ConnectError("no", status=404))
    stage.socket.connect()
    stage.fail()

    attempts = [one.attempt for one in stage.events if isinstance(one, AttemptFailed)]
    assert attempts == [1, 1]


def test_a_lease_that_it_ended_holds_no_later_connection(steady):
    stage = steady()
    stage.socket.connection.subscribe(on_error=lambda _: None)
    stage.fail(ConnectError("no", status=404))
    channel = stage.channel()
    channel.join()
    stage.open()
    stage.answer("phx_join")
    channel.leave()
    stage.answer("phx_leave")

    assert stage.socket.state == "closed"


def test_a_channel_that_was_joined_stays_wanted(steady):
    stage = steady()
    stage.channel().join()
    stage.fail(ConnectError("no", status=404))

    assert stage.channel().state == "errored"
    assert stage.channel().is_wanted


def test_giving_up_in_its_order(steady):
    stage = steady()
    story = []
    channel = stage.channel()
    channel.joined.subscribe(None, lambda _: story.append("joined"))
    channel.push("shout").subscribe(None, lambda _: story.append("push"))
    stage.socket.connect().subscribe(None, lambda _: story.append("connect()"))
    stage.socket.connection.subscribe(None, lambda _: story.append("connection"))
    stage.socket.lifecycle.subscribe(lambda event: story.append(type(event).__name__))
    stage.fail(ConnectError("no", status=404))

    assert story == [
        "AttemptFailed",
        "push",
        "joined",
        "connect()",
        "GaveUp",
        "connection",
    ]


AFRESH = {
    "connect": lambda stage: stage.socket.connect(),
    "reconnect_now": lambda stage: stage.socket.reconnect_now(),
    "connection": lambda stage: stage.socket.connection.subscribe(),
    "join": lambda stage: stage.channel().join(),
    "another join": lambda stage: stage.channel("room:2").join(),
    "joined": lambda stage: stage.channel().joined.subscribe(),
    "stream": lambda stage: stage.socket.stream("room:2").subscribe(),
}


@pytest.mark.parametrize("wish", AFRESH)
def test_a_new_wish_starts_afresh(steady, wish):
    stage = steady()
    stage.channel().join()
    stage.fail()
    stage.wait(1)
    stage.fail(ConnectError("no", status=404))
    stage.wait(60)
    before = stage.attempts
    AFRESH[wish](stage)
    stage.fail()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")

    assert before == 2
    assert delays(stage) == [1, 1]
    assert stage.attempts == 4
    assert stage.channel().state == "joined" or wish in {"another join", "stream"}


@pytest.mark.parametrize("wish", AFRESH)
@pytest.mark.parametrize(
    "place", ["GaveUp", "join", "connect()", "joined", "connection"]
)
def test_a_new_wish_inside_the_giving_up_starts_afresh(steady, wish, place):
    stage = steady()
    wishes = []

    def act(_):
        if not wishes:
            wishes.append(wish)
            AFRESH[wish](stage)

    channel = stage.channel()
    channel.joined.subscribe(on_error=act if place == "joined" else lambda _: None)
    channel.join().subscribe(on_error=act if place == "join" else lambda _: None)
    connecting = stage.socket.connect()
    connecting.subscribe(on_error=act if place == "connect()" else lambda _: None)
    stage.socket.connection.subscribe(
        on_error=act if place == "connection" else lambda _: None
    )
    if place == "GaveUp":
        stage.socket.lifecycle.subscribe(
            lambda event: act(event) if isinstance(event, GaveUp) else None
        )
    stage.fail(ConnectError("no", status=404))

    assert wishes
    assert stage.socket.state == "connecting"
    stage.open()
    assert stage.socket.state == "open"
    assert stage.channel().state == "joining"


def test_reconnect_now_while_the_end_is_told_overrules_it(steady, notes):
    stage = steady()
    stage.socket.connection.subscribe(notes)
    stage.socket.on_error(lambda _: stage.socket.reconnect_now())
    stage.fail(ConnectError("no", status=404))
    stage.open()

    assert final(stage) == []
    assert notes == RecordingObserver([Opened()])


def test_disconnect_while_the_end_is_told_overrules_it(steady, notes):
    stage = steady()
    stage.socket.connection.subscribe(notes)
    stage.socket.on_error(lambda _: stage.socket.disconnect())
    stage.fail(ConnectError("no", status=404))
    before = final(stage), stage.attempts
    stage.connect()

    assert before == ([], 1)
    assert notes == RecordingObserver([Opened()])


@pytest.mark.case(57)
def test_a_pause_that_a_loss_brings_about_is_a_pause(steady):
    stage = steady()
    stage.connect()
    stage.socket.on_close(lambda _: stage.socket.disconnect())
    stage.lose()
    stage.wait(60)

    assert delays(stage) == []
    assert stage.attempts == 1


def test_nobody_who_wants_it_any_more_is_no_retry(steady):
    stage = steady()
    stage.channel().session.subscribe(on_error=lambda _: None)
    stage.open()
    stage.answer("phx_join")
    stage.lose()
    stage.wait(60)

    assert stage.attempts == 1
    assert stage.channel().state == "closed"
