"""Our own goodbyes: disconnect(), aclose(), and the last to go."""

from asyncio import sleep
from concurrent.futures import ThreadPoolExecutor

import pytest

from rx_phoenix import (
    Closed,
    ConnectionLost,
    NotJoinedError,
    Opened,
    PushCancelled,
    Socket,
    UsageError,
)
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


def silent(make_stage, **options):
    """A stage whose server does not answer a close."""
    return make_stage(answers_close=False, **options)


def parting(make_stage):
    """A stage that has said goodbye to such a server, and what it tells of closes."""
    stage, closes = silent(make_stage), []
    stage.socket.on_close(closes.append)
    stage.connect()
    stage.socket.disconnect()
    return stage, closes


# A pause.


def test_it_says_goodbye_with_code_and_reason(stage):
    stage.connect()
    stage.socket.disconnect(4001, "bye")

    assert stage.transport.connection.closed_by_us == (4001, "bye")
    assert stage.socket.state == "closed"


def test_a_close_of_ours_in_its_order(stage):
    story = []
    channel = stage.joined()
    stage.socket.states.subscribe(lambda state: story.append(f"socket {state}"))
    channel.states.subscribe(lambda state: story.append(f"channel {state}"))
    channel.push("shout").subscribe(None, lambda _: story.append("push"))
    stage.socket.on_close(lambda closed: story.append(closed.code))
    story.clear()
    stage.socket.disconnect(4001)

    assert story == ["socket closing", "channel errored", "push", "socket closed", 4001]


@pytest.mark.case(26)
def test_it_is_closing_until_the_peer_answers(make_stage):
    stage, states = silent(make_stage), []
    stage.socket.states.subscribe(states.append)
    stage.connect()
    stage.socket.disconnect()
    before = stage.socket.state
    stage.transport.connection.finish_close()

    assert (before, stage.socket.state) == ("closing", "closed")
    assert states == ["closed", "connecting", "open", "closing", "closed"]


@pytest.mark.case(34)
@pytest.mark.case(35)
@pytest.mark.parametrize("buffered", [0, 1])
def test_it_waits_two_seconds_for_the_peer(make_stage, notes, buffered):
    stage = silent(make_stage)
    stage.connect().buffered = buffered
    stage.socket.disconnect().subscribe(notes)
    stage.scheduler.advance_before(2)
    before = stage.socket.state, notes.is_open
    stage.wait(0)

    assert before == ("closing", True)
    assert (stage.socket.state, notes.completions) == ("closed", 1)
    assert stage.transport.attempt.is_disposed


@pytest.mark.case(30)
@pytest.mark.case(31)
def test_its_awaitable_ends_when_it_is_closed(stage, notes):
    stage.connect()
    stage.socket.disconnect().subscribe(notes)

    assert notes.completions == 1


def test_it_acts_at_the_call_and_can_be_awaited(stage):
    async def main():
        closing = stage.socket.disconnect()
        state = stage.socket.state
        await closing
        return state

    stage.connect()

    assert stage.scheduler.loop.run_until_complete(main()) == "closed"


def test_a_second_one_waits_for_the_same_end(make_stage, notes):
    stage = silent(make_stage)
    stage.connect()
    stage.socket.disconnect()
    stage.socket.disconnect().subscribe(notes)
    before = notes.is_open
    stage.transport.connection.finish_close()

    assert before
    assert notes.completions == 1


@pytest.mark.case(30)
@pytest.mark.case(31)
@pytest.mark.case(39)
@pytest.mark.case(29)
@pytest.mark.parametrize("state", ["never connected", "closed", "waiting to retry"])
def test_without_a_connection_it_ends_at_once(stage, notes, state):
    if state == "closed":
        stage.connect()
        stage.socket.disconnect()
    elif state == "waiting to retry":
        stage.socket.connect()
        stage.fail()
    attempts = stage.attempts
    stage.socket.disconnect().subscribe(notes)
    at_once = notes.completions
    stage.wait(60)

    assert at_once == notes.completions == 1
    assert stage.socket.state == "closed"
    assert stage.attempts == attempts


@pytest.mark.defect(28)
def test_it_abandons_an_attempt(stage):
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.socket.disconnect()

    assert stage.transport.attempt.is_disposed
    assert stage.socket.state == "closed"


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (99999, ""), (1000, "x" * 200)]
)
def test_what_no_close_frame_can_carry_is_refused_at_the_call(stage, code, reason):
    stage.connect()
    with pytest.raises(UsageError, match="no close frame can carry"):
        stage.socket.disconnect(code, reason)

    assert stage.socket.state == "open"
    assert stage.transport.connection.closed_by_us is None
    stage.lose()
    stage.wait(10)
    assert stage.attempts == 2


def test_while_connecting_its_close_is_told_once(stage):
    events, closes = [], []
    stage.socket.lifecycle.subscribe(events.append)
    stage.socket.on_close(closes.append)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.socket.disconnect(4001, "bye")
    stage.wait(5)

    assert events == closes == [Closed(4001, "bye", clean=False)]
    assert (events[0].ours, events[0].was_open) == (True, False)
    assert "disconnect() ended the attempt with code 4001 (bye)." in (
        stage.socket.diagnosis()
    )


def test_while_waiting_to_retry_there_is_no_close_to_be_told(stage):
    closes = []
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.fail()
    stage.socket.on_close(closes.append)
    stage.socket.disconnect()

    assert closes == []


@pytest.mark.case(42)
@pytest.mark.defect(32)
@pytest.mark.parametrize(
    ("answers", "clean"), [(True, True), (False, False)], ids=["answered", "silent"]
)
def test_its_close_is_clean_if_the_peer_answered(make_stage, answers, clean):
    stage = make_stage(answers_close=answers)
    closes = []
    stage.socket.on_close(closes.append)
    stage.connect()
    stage.socket.disconnect(4001, "bye")
    stage.wait(2)

    assert closes == [Closed(4001, "bye", clean)]


def test_a_connection_that_breaks_meanwhile_was_not_closed_cleanly(make_stage):
    stage, closes = parting(make_stage)
    stage.lose()

    assert closes == [Closed(1000, "", clean=False)]


def test_nothing_more_is_sent_or_heard(make_stage):
    stage = silent(make_stage)
    channel = stage.joined()
    heard_after = []
    channel.messages.subscribe(heard_after.append)
    stage.socket.frames.subscribe(heard_after.append)
    stage.socket.disconnect()
    stage.receive("shout", {"a": 1})
    push = channel.push("late")

    assert heard_after == []
    assert stage.story == ["phx_join"]
    push.cancel()


def test_connect_from_another_thread_does_not_end_a_pause(stage):
    stage.connect()
    stage.socket.disconnect()
    with ThreadPoolExecutor() as threads:
        refusal = threads.submit(stage.socket.connect).exception()
    stage.channel().join()

    assert isinstance(refusal, UsageError)
    assert stage.attempts == 1


def test_its_close_is_told_when_the_state_is_closed(stage):
    states = []
    stage.connect()
    stage.socket.on_close(lambda _: states.append(stage.socket.state))
    stage.socket.disconnect()

    assert states == ["closed"]


def test_a_close_that_a_new_beginning_overtakes_is_ours_and_was_not_answered(
    make_stage,
):
    stage, closes = parting(make_stage)
    stage.socket.connect()

    assert [(closed.clean, closed.ours) for closed in closes] == [(False, True)]


def test_who_connects_on_hearing_of_an_overtaken_close_makes_one_attempt(make_stage):
    stage = silent(make_stage)
    stage.connect()
    stage.socket.on_close(lambda _: stage.socket.connect())
    stage.socket.disconnect()
    stage.socket.connect()

    assert stage.attempts == 2


# What waits until connect().


def test_it_overrides_every_lease(stage):
    stage.socket.connection.subscribe()
    stage.open()
    stage.socket.stream("room:1").subscribe()
    stage.answer("phx_join")
    stage.socket.disconnect()
    stage.socket.stream("room:2").subscribe()
    stage.socket.reconnect_now()
    stage.channel("room:3").join()
    stage.wait(60)

    assert stage.attempts == 1
    assert stage.socket.state == "closed"


def test_wants_wait_for_connect_and_are_joined_then(stage):
    channel = stage.joined()
    joins = []
    channel.joined.subscribe(joins.append)
    stage.socket.disconnect()
    before = channel.state
    stage.wait(60)
    stage.connect()
    stage.answer("phx_join", "ok", {"n": 2})

    assert before == "errored"
    assert channel.state == "joined"
    assert joins == [{}, {"n": 2}]


@pytest.mark.case(47)
@pytest.mark.defect(14)
def test_buffered_pushes_wait_for_connect_with_their_deadlines_running(stage):
    channel = stage.joined()
    stage.socket.disconnect()
    short, long = channel.push("short", timeout=5), channel.push("long", timeout=60)
    calls = hook_calls(short)
    stage.wait(5)
    stage.connect()
    stage.answer("phx_join")

    assert calls == [("timeout", {})]
    assert short.status == "timeout"
    assert [m.event for m in stage.transport.connection.messages] == [
        "phx_join",
        "long",
    ]
    stage.answer("long")
    assert long.status == "ok"


def test_pushes_in_flight_are_lost_with_the_code_that_was_given(stage, notes):
    channel = stage.joined()
    channel.push("shout").subscribe(notes)
    stage.socket.disconnect(4001, "bye")

    (error,) = notes.errors
    assert isinstance(error, ConnectionLost)
    assert (error.code, error.reason) == (4001, "bye")


def test_a_session_that_had_its_join_ends(stage, notes):
    stage.connect()
    stage.channel().session.subscribe(notes)
    stage.answer("phx_join")
    stage.socket.disconnect()

    assert [type(error) for error in notes.errors] == [ConnectionLost]
    assert stage.channel().state == "closed"


def test_a_leave_in_flight_ends_as_good(stage):
    channel = stage.joined()
    calls = hook_calls(channel.leave())
    stage.socket.disconnect()

    assert channel.state == "closed"
    assert calls == [("ok", {})]


def test_what_is_wanted_while_it_is_paused_is_left_again_without_a_word(stage):
    stage.connect()
    stage.socket.disconnect()
    stream = stage.socket.stream("room:1").subscribe()
    before = stage.channel().state
    stream.dispose()
    stage.connect()

    assert (before, stage.channel().state) == ("joining", "closed")
    assert stage.story == []


@pytest.mark.case(37)
@pytest.mark.defect(28)
def test_connect_at_once_does_not_wait_for_the_old_goodbye(make_stage, notes):
    stage = silent(make_stage)
    states = []
    stage.socket.states.subscribe(states.append)
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    old = stage.connect()
    old.buffered = 1
    stage.socket.disconnect().subscribe(notes)
    stage.socket.connect()
    stage.open()
    stage.scheduler.advance_before(2)
    before = notes.is_open
    stage.wait(0)

    assert (before, notes.completions) == (True, 1)
    assert states == [
        "closed",
        "connecting",
        "open",
        "closing",
        "closed",
        "connecting",
        "open",
    ]
    assert events == [Opened(), Closed(1000, "", clean=False), Opened()]
    assert stage.socket.state == "open"
    assert old.closed_by_us == (1000, "")
    assert stage.transport.attempts[0].is_disposed
    stage.socket.disconnect()
    stage.transport.connection.finish_close()


@pytest.mark.case(45)
@pytest.mark.defect(28)
def test_the_end_of_an_old_goodbye_does_not_touch_the_new_connection(make_stage):
    stage = silent(make_stage)
    old = stage.connect()
    stage.socket.disconnect()
    stage.socket.connect()
    stage.open()
    old.finish_close()
    stage.joined()

    assert stage.socket.state == "open"
    assert stage.channel().state == "joined"


def test_nothing_of_an_old_connection_reaches_the_new_one(make_stage):
    stage = silent(make_stage)
    stage.connect()
    channel = stage.joined()
    old = stage.transport.connection
    events = []
    channel.messages.subscribe(events.append)
    stage.socket.disconnect()
    stage.socket.connect()
    stage.open()
    stage.answer("phx_join")
    events.clear()
    stage.transport.attempts[0].connection.receive(
        '[null,null,"room:1","shout",{"from":"the old"}]'
    )

    assert old.is_open
    assert events == []


def test_many_goodbyes_at_once_are_all_waited_for(make_stage, notes):
    stage = silent(make_stage)
    stage.connect()
    stage.socket.disconnect()
    stage.wait(1)
    stage.connect()
    stage.socket.disconnect()
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.socket.aclose().subscribe(notes)
    stage.wait(1.5)
    before = notes.is_open
    stage.wait(0.5)

    assert before
    assert notes.completions == 1
    assert stage.scheduler.pending == ()


# The end.

STATES = {
    "new": lambda stage: None,
    "connecting": lambda stage: stage.socket.connect(),
    "open": lambda stage: stage.connect(),
    "waiting to retry": lambda stage: (stage.socket.connect(), stage.fail()),
    "paused": lambda stage: (stage.connect(), stage.socket.disconnect()),
    "paused, unconnected": lambda stage: stage.socket.disconnect(),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("answers_close", [True, False])
def test_it_ends_from_every_state(make_stage, notes, state, answers_close):
    stage = make_stage(answers_close=answers_close)
    socket, streams = stage.socket, {}
    for name in ("states", "lifecycle", "frames", "sent", "unhandled"):
        streams[name] = RecordingObserver()
        getattr(socket, name).subscribe(streams[name])
    channel = stage.channel()
    for name in ("states", "joins", "errors", "closes", "messages"):
        streams[f"channel's {name}"] = RecordingObserver()
        getattr(channel, name).subscribe(streams[f"channel's {name}"])
    STATES[state](stage)
    socket.aclose().subscribe(notes)
    stage.wait(2)

    assert notes.completions == 1
    assert socket.state == "closed"
    assert {name for name, one in streams.items() if one.is_open} == set()
    assert not any(one.errors for one in streams.values())
    assert stage.scheduler.pending == ()


def test_the_end_says_goodbye_with_1000(stage):
    stage.connect()
    stage.socket.aclose()

    assert stage.transport.connection.closed_by_us == (1000, "")


def test_a_loss_in_the_midst_of_the_end_begins_no_new_attempt(stage):
    stage.joined()
    stage.socket.states.subscribe(lambda state: state == "closing" and stage.lose())
    stage.socket.aclose()
    stage.wait(60)

    assert stage.attempts == 1


def test_the_end_leaves_no_timer_of_a_push_that_was_called_off(stage):
    stage.joined().push("shout").cancel()
    stage.socket.disconnect()
    stage.channel("room:1").push("late").cancel()
    stage.socket.aclose()

    assert stage.scheduler.pending == ()


CHANNEL_STATES = {
    "closed": lambda stage, channel: None,
    "joining": lambda stage, channel: channel.join(),
    "joined": lambda stage, channel: (channel.join(), stage.answer("phx_join")),
    "errored": lambda stage, channel: (
        channel.join().mark_seen(),
        stage.answer("phx_join", "error"),
    ),
    "leaving": lambda stage, channel: (
        channel.join(),
        stage.answer("phx_join"),
        channel.leave(),
    ),
    "leaving, and wanted again": lambda stage, channel: (
        channel.join(),
        stage.answer("phx_join"),
        channel.leave(),
        channel.join(),
        channel.push("next"),
    ),
}


@pytest.mark.parametrize("state", CHANNEL_STATES)
def test_every_channel_ends_from_every_state(stage, state):
    stage.connect()
    channel = stage.channel()
    joined, session, stream = (
        RecordingObserver(),
        RecordingObserver(),
        RecordingObserver(),
    )
    CHANNEL_STATES[state](stage, channel)
    if state not in {"closed", "leaving"}:
        channel.joined.subscribe(joined)
        channel.session.subscribe(session)
        channel.stream().subscribe(stream)
        push = channel.push("shout")
        join = channel.join()
        calls = hook_calls(push) + hook_calls(join)
    else:
        push, calls = None, []
    sent = len(stage.wire)
    stage.socket.aclose()

    assert channel.state == "closed"
    assert len(stage.wire) == sent
    if push is not None:
        assert joined.completions == session.completions == stream.completions == 1
        assert push.status == "cancelled"
        assert not calls or calls[-1] == ("ok", {}) or calls[-1][0] == "timeout"


def test_its_pushes_are_cancelled_and_its_leave_is_answered(stage, notes):
    channel = stage.joined()
    channel.push("shout").subscribe(notes)
    other = stage.joined("room:2")
    calls = hook_calls(other.leave())
    stage.socket.aclose()

    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert calls == [("ok", {})]


def test_a_channel_hears_that_we_left_and_of_no_error(stage):
    channel = stage.joined()
    closes, errors = [], []
    channel.on_close(lambda *arguments: closes.append(arguments))
    channel.on_error(errors.append)
    stage.socket.aclose()

    assert closes == [("leave", None, "1")]
    assert errors == []


def test_its_awaitable_is_the_same_at_every_call(make_stage):
    stage = silent(make_stage)
    stage.connect()
    first = stage.socket.aclose()

    assert stage.socket.aclose() is first
    assert not first.is_settled
    stage.wait(2)
    assert first.is_settled


REFUSED_LATER = {
    "connect": lambda stage, channel: stage.socket.connect(),
    "reconnect_now": lambda stage, channel: stage.socket.reconnect_now(),
    "channel": lambda stage, channel: stage.socket.channel("room:2"),
    "join": lambda stage, channel: channel.join(),
}


@pytest.mark.parametrize("call", REFUSED_LATER)
def test_nothing_begins_after_the_end(stage, call):
    channel = stage.joined()
    stage.socket.aclose()

    with pytest.raises(UsageError):
        REFUSED_LATER[call](stage, channel)


def test_outside_of_a_loop_the_end_is_the_reason_as_well():
    socket = Socket("ws://localhost/socket")
    socket.aclose()

    with pytest.raises(UsageError, match=r"ended by aclose\(\)"):
        socket.connect()


@pytest.mark.parametrize("lease", ["joined", "session", "stream"])
def test_no_lease_can_be_taken_after_the_end(stage, notes, lease):
    channel = stage.joined()
    stage.socket.aclose()
    source = channel.stream() if lease == "stream" else getattr(channel, lease)
    source.subscribe(notes)

    assert [type(error) for error in notes.errors] == [UsageError]


def test_what_does_nothing_may_be_called_after_the_end(stage):
    channel = stage.joined()
    stage.socket.aclose()

    assert channel.leave().status == "ok"
    assert stage.socket.disconnect().is_settled
    assert "closed" in stage.socket.diagnosis()
    with pytest.raises(NotJoinedError):
        channel.push("shout")


def test_taps_taken_after_the_end_complete_at_once(stage):
    channel = stage.joined()
    stage.socket.aclose()
    late = {
        "events": channel.events("shout"),
        "messages": channel.messages,
        "states": channel.states,
        "joins": channel.joins,
        "frames": stage.socket.frames,
        "lifecycle": stage.socket.lifecycle,
        "stats": stage.socket.stats,
    }
    completed = {name: RecordingObserver() for name in late}
    for name, stream in late.items():
        stream.subscribe(completed[name])

    assert [name for name, one in completed.items() if one.completions != 1] == []


def test_it_completes_a_lease_of_the_connection(stage, notes):
    stage.socket.connection.subscribe(notes)
    stage.socket.aclose()

    assert notes == RecordingObserver([], [], 1)


ASYNC_CALLBACKS = {
    "on": lambda channel, socket, call: channel.on("shout", call),
    "on_close": lambda channel, socket, call: channel.on_error(call),
    "receive": lambda channel, socket, call: channel.push("ask").receive("ok", call),
    "a join's receive": lambda channel, socket, call: channel.join().receive(
        "ok", call
    ),
    "on_message": lambda channel, socket, call: socket.on_message(call),
    "on_open": lambda channel, socket, call: socket.on_open(lambda: call(None)),
}


@pytest.mark.parametrize("place", ASYNC_CALLBACKS)
def test_async_callbacks_are_cancelled(stage, place):
    story = []

    async def listen(_):
        story.append("begins")
        try:
            await stage.scheduler.loop.create_future()
        finally:
            story.append("ends")

    channel = stage.joined()
    ASYNC_CALLBACKS[place](channel, stage.socket, listen)
    if place in {"on", "on_message"}:
        stage.say(channel, "shout")
    elif place == "receive":
        stage.answer("ask")
    elif place != "a join's receive":
        stage.lose()
        stage.wait(0.01)
        stage.open()
    stage.wait(0)
    stage.socket.aclose()
    stage.wait(0)

    assert story == ["begins", "ends"]


def test_it_waits_for_what_its_end_cancels(make_stage):
    async def provide():
        try:
            await stage.scheduler.loop.create_future()
        finally:
            await sleep(1)

    stage = make_stage(params=provide)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(0)
    closing = stage.socket.aclose()
    stage.scheduler.advance_before(stage.scheduler.clock + 1)
    before = closing.is_settled
    stage.wait(0)

    assert (before, closing.is_settled) == (False, True)


def test_it_waits_two_seconds_for_what_refuses_to_end(make_stage):
    async def provide():
        try:
            await stage.scheduler.loop.create_future()
        finally:
            await sleep(3)

    stage = make_stage(params=provide)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(0)
    closing = stage.socket.aclose()
    stage.scheduler.advance_before(stage.scheduler.clock + 2)
    before = closing.is_settled
    stage.wait(0)

    assert (before, closing.is_settled) == (False, True)
    stage.wait(1)


def test_a_socket_that_never_saw_a_loop_ends_at_once():
    assert Socket("ws://localhost/socket").aclose().is_settled


def test_params_that_are_asked_for_are_not_waited_for(make_stage):
    async def provide():
        await stage.scheduler.loop.create_future()

    stage = make_stage(params=provide)
    stage.socket.connect().subscribe(on_error=lambda _: None)
    stage.wait(1)
    closing = stage.socket.aclose()
    stage.wait(0)

    assert closing.is_settled
    assert stage.scheduler.pending == ()


def test_a_channel_that_is_let_go_closes_what_nobody_else_holds(stage):
    stage.channel().join()
    stage.open()
    stage.answer("phx_join")
    channel = stage.channel()
    channel.leave()
    before = stage.socket.state
    stage.answer("phx_leave")

    assert (before, stage.socket.state) == ("open", "closed")
