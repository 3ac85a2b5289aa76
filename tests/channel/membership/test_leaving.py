"""Leaving a channel, and waiting for the end of that."""

import pytest

from rx_phoenix import PushCancelled, PushRefused
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


def closes_of(channel):
    closes = []
    channel.on_close(lambda *arguments: closes.append(arguments))
    return closes


# What is sent.


@pytest.mark.case(167)
@pytest.mark.defect(1)
@pytest.mark.parametrize("state", ["joining", "joined"])
def test_it_is_sent_with_the_joins_ref(stage, channel_in, state):
    channel = channel_in(state)
    leave = channel.leave()

    message = stage.server.last("phx_leave")
    assert (message.join_ref, message.ref) == ("1", leave.ref)
    assert (leave.ref, message.payload) == ("2", {})


@pytest.mark.case(173)
@pytest.mark.parametrize("state", ["closed", "errored"])
def test_it_is_not_sent_where_nothing_is_joined(stage, channel_in, state):
    channel = channel_in(state)
    leave = channel.leave()
    stage.wait(60)

    assert stage.server.sent("phx_leave") == []
    assert leave.status == "ok"
    assert channel.state == "closed"


def test_it_is_not_sent_where_no_join_was(stage):
    channel = stage.channel()
    join = channel.join()
    leave = channel.leave()

    assert (join.status, leave.status) == ("cancelled", "ok")
    assert channel.state == "closed"
    assert stage.socket.state == "closed"


def test_a_leave_that_another_one_overtakes_in_its_midst_ends_too(stage, channel_in):
    channel = channel_in("errored")
    later = []

    def come_back(state):
        if state == "closed" and not later:
            channel.join()
            later.append(channel.leave())

    channel.states.subscribe(come_back)
    leave = channel.leave()
    stage.wait(60)

    assert (leave.status, later[0].is_settled) == ("ok", True)


def test_it_is_not_sent_while_the_params_are_asked_for(stage):
    async def params():
        await stage.scheduler.loop.create_future()

    stage.connect()
    channel = stage.channel(params=params)
    channel.join()
    leave = channel.leave()

    assert leave.status == "ok"
    assert stage.wire == []


@pytest.mark.case(173)
def test_a_close_is_told_only_where_there_was_something_to_close(stage, channel_in):
    channel = channel_in("closed")
    closes = closes_of(channel)
    channel.leave()

    assert closes == []


# Its end.


@pytest.mark.case(169)
@pytest.mark.case(170)
@pytest.mark.defect(1)
@pytest.mark.parametrize(
    ("status", "error"), [("ok", None), ("error", PushRefused), ("odd", PushRefused)]
)
def test_the_answer_ends_it_whatever_it_is(stage, channel_in, notes, status, error):
    channel = channel_in("leaving")
    closes, leave = closes_of(channel), channel.leave()
    calls = hook_calls(leave, status)
    leave.subscribe(notes)
    before = channel.state, [*closes], [*calls]
    stage.answer("phx_leave", status, {"a": 1})

    assert before == ("leaving", [], [])
    assert channel.state == "closed"
    assert calls == [(status, {"a": 1})]
    assert closes == [("leave", None, "1")]
    assert [type(one) for one in notes.errors] == ([error] if error else [])


@pytest.mark.defect(1)
def test_the_servers_close_ends_it(stage, channel_in):
    channel = channel_in("leaving")
    closes, calls = closes_of(channel), hook_calls(channel.leave())
    stage.say(channel, "phx_close", {"from": "the server"})

    assert channel.state == "closed"
    assert calls == [("ok", {})]
    assert closes == [("leave", None, "1")]


@pytest.mark.case(171)
@pytest.mark.case(267)
def test_the_answer_and_then_the_close_are_one_end(stage, channel_in):
    channel = channel_in("leaving")
    closes = closes_of(channel)
    join_ref = channel.join_ref
    stage.answer("phx_leave")
    stage.receive("phx_close", join_ref=join_ref, ref=join_ref)

    assert closes == [("leave", None, "1")]


@pytest.mark.defect(1)
def test_a_crash_ends_it(stage, channel_in):
    channel = channel_in("leaving")
    errors, calls = [], hook_calls(channel.leave())
    channel.on_error(errors.append)
    stage.say(channel, "phx_error")

    assert channel.state == "closed"
    assert calls == [("ok", {})]
    assert errors == []


@pytest.mark.defect(1)
def test_a_loss_ends_it_and_nothing_is_joined_again(stage, channel_in):
    channel = channel_in("leaving")
    calls, reasons = hook_calls(channel.leave()), []
    channel.on_error(reasons.append)
    stage.lose()
    stage.wait(60)

    assert channel.state == "closed"
    assert calls == [("ok", {})]
    assert reasons == []


def test_an_answer_after_the_timeout_is_a_late_one(stage, channel_in):
    channel = channel_in("leaving")
    stage.wait(10)
    stage.answer("phx_leave")

    assert channel.state == "closed"


@pytest.mark.parametrize("end", ["answer", "timeout", "phx_close", "loss"])
def test_cancelling_its_push_ends_that_wait_only(stage, channel_in, end):
    channel = channel_in("leaving")
    closes = closes_of(channel)
    leave = channel.leave()
    leave.cancel()
    before = channel.state, leave.status
    if end == "answer":
        stage.answer("phx_leave")
    elif end == "timeout":
        stage.wait(10)
    elif end == "loss":
        stage.lose()
    else:
        stage.say(channel, "phx_close")

    assert before == ("leaving", "cancelled")
    assert channel.state == "closed"
    assert closes == [("leave", None, "1")]


# Twice, and with a join in between.


@pytest.mark.case(174)
@pytest.mark.defect(19)
def test_leaving_twice_is_the_same_leave(stage, channel_in):
    channel = channel_in("joined")
    first = channel.leave()

    assert channel.leave() is first
    assert len(stage.server.sent("phx_leave")) == 1
    stage.answer("phx_leave")
    assert channel.leave() is not first


@pytest.mark.defect(17)
@pytest.mark.defect(19)
def test_a_join_meanwhile_waits_for_the_end(stage, channel_in):
    channel = channel_in("leaving")
    join = channel.join()
    calls = hook_calls(join)
    before = len(stage.server.sent("phx_join"))
    stage.answer("phx_leave")
    stage.answer("phx_join")

    assert before == 1
    assert len(stage.server.sent("phx_join")) == 2
    assert calls == [("ok", {})]
    assert channel.state == "joined"


@pytest.mark.parametrize("end", ["answer", "timeout", "phx_close", "phx_error"])
def test_a_join_meanwhile_is_sent_after_every_kind_of_end(stage, channel_in, end):
    channel = channel_in("leaving")
    channel.join(timeout=60)
    if end == "answer":
        stage.answer("phx_leave")
    elif end == "timeout":
        stage.wait(10)
    else:
        stage.say(channel, end)
    stage.answer("phx_join")

    assert channel.state == "joined"


def test_a_join_meanwhile_survives_the_loss_of_the_connection(stage, channel_in):
    channel = channel_in("leaving")
    channel.join()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")

    assert channel.state == "joined"


def test_a_second_join_meanwhile_is_the_same(channel_in):
    channel = channel_in("leaving")

    assert channel.join() is channel.join()


def test_a_leave_after_that_join_takes_it_back(stage, channel_in, notes):
    channel = channel_in("leaving")
    leave = channel.leave()
    channel.join().subscribe(notes)
    push = channel.push("shout")
    again = channel.leave()
    stage.answer("phx_leave")
    stage.wait(60)

    assert again is leave
    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert push.status == "cancelled"
    assert channel.state == "closed"
    assert len(stage.server.sent("phx_join")) == 1
    assert stage.scheduler.pending == ()


def test_the_time_of_a_join_starts_when_the_leave_before_it_has_ended(
    stage, channel_in, notes
):
    channel = channel_in("joined")
    channel.leave(timeout=20)
    channel.join(timeout=5).subscribe(notes)
    stage.wait(19)
    stage.answer("phx_leave")
    stage.wait(4)
    stage.answer("phx_join", "ok", {"n": 1})

    assert (notes.values, notes.errors) == ([{"n": 1}], [])
    assert channel.state == "joined"


@pytest.mark.parametrize("kind", ["joined", "session", "stream"])
def test_a_lease_taken_meanwhile_joins_after_the_end(stage, channel_in, notes, kind):
    channel = channel_in("leaving")
    source = channel.stream() if kind == "stream" else getattr(channel, kind)
    source.subscribe(notes)
    before = notes.is_open
    stage.answer("phx_leave")
    stage.answer("phx_join", "ok", {"n": 2})

    assert before
    assert channel.state == "joined"
    assert notes.is_open
    if kind != "stream":
        assert notes.values == [{"n": 2}]


def test_a_lease_taken_and_given_back_meanwhile_changes_nothing(stage, channel_in):
    channel = channel_in("leaving")
    channel.joined.subscribe().dispose()
    stage.answer("phx_leave")

    assert channel.state == "closed"
    assert len(stage.server.sent("phx_join")) == 1


# What it ends.


@pytest.mark.parametrize("state", ["joining", "joined", "errored"])
def test_it_ends_every_want(stage, channel_in, state):
    channel = channel_in(state)
    leases = {
        "joined": channel.joined,
        "session": channel.session,
        "stream": channel.stream("shout"),
        "socket's stream": stage.socket.stream("room:1"),
    }
    heard_of = {name: RecordingObserver() for name in leases}
    for name, lease in leases.items():
        lease.subscribe(heard_of[name])
    join = channel.join()
    pushes = [channel.push("shout"), channel.push("shout")]
    channel.leave()

    assert {name: one.completions for name, one in heard_of.items()} == dict.fromkeys(
        leases, 1
    )
    assert not channel.is_wanted
    assert {push.status for push in pushes} == {"cancelled"}
    assert join.status == ("ok" if state == "joined" else "cancelled")


@pytest.mark.defect(1)
def test_a_join_under_way_is_cancelled_by_it(stage, channel_in, notes):
    channel = channel_in("joining")
    join = channel.join()
    join.subscribe(notes)
    calls = hook_calls(join)
    channel.leave()
    stage.answer("phx_join")
    stage.answer("phx_leave")

    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert str(notes.errors[0]) == "the channel 'room:1' was left"
    assert calls == [("timeout", {})]
    assert channel.state == "closed"


def test_nothing_of_the_server_is_delivered_until_the_next_join(stage, channel_in):
    channel, told = channel_in("joined"), []
    channel.on("shout", told.append)
    channel.events("shout").subscribe(told.append)
    channel.messages.subscribe(told.append)
    channel.on_message = lambda event, payload, _: told.append(event) or payload
    ref = channel.join_ref
    channel.leave()
    stage.say(channel, "shout", {"n": 1})
    stage.receive("shout", {"n": 2})
    stage.answer("phx_leave")
    stage.receive("phx_close", {}, join_ref=ref, ref=ref)
    stage.receive("shout", {"n": 3})

    assert told == ["phx_close"]


@pytest.mark.defect(17)
def test_it_is_delivered_again_from_the_next_join_on(stage, channel_in):
    channel, shouts = channel_in("joined"), []
    channel.on("shout", shouts.append)
    channel.leave()
    stage.answer("phx_leave")
    join = channel.join()
    stage.receive("shout", {"n": 1})
    stage.answer("phx_join")
    stage.say(channel, "shout", {"n": 2})
    stage.receive("shout", {"n": 3})

    assert (join.status, channel.state) == ("ok", "joined")
    assert shouts == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_listener_that_comes_meanwhile_is_quiet_as_well(stage, channel_in):
    channel, shouts = channel_in("leaving"), []
    channel.on("shout", shouts.append)
    stage.receive("shout", {"n": 1})
    stage.answer("phx_leave")
    channel.on_message = lambda _, payload, __: payload
    del channel.on_message
    stage.receive("shout", {"n": 2})

    assert shouts == []


@pytest.mark.parametrize("event", ["shout", "phx_error", "phx_close"])
def test_only_the_servers_own_end_of_the_join_ends_the_leave(stage, channel_in, event):
    channel = channel_in("joined")
    channel.messages.subscribe()
    leave = channel.leave()
    stage.receive("shout", join_ref=channel.join_ref)
    stage.receive(event)  # a broadcast, even if it has that name

    assert (leave.status, channel.state) == (None, "leaving")


def test_closes_and_states_still_report(stage, channel_in):
    channel, told = channel_in("joined"), []
    channel.states.subscribe(told.append)
    channel.closes.subscribe(told.append)
    channel.leave()
    stage.answer("phx_leave")

    assert told == ["joined", "leaving", "closed", "leave"]


def test_a_channel_that_the_server_closed_is_quiet_as_well(stage, channel_in):
    channel, shouts = channel_in("joined"), []
    channel.on("shout", shouts.append)
    stage.say(channel, "phx_close")
    stage.receive("shout", {"n": 1})

    assert shouts == []


# The server's close.


@pytest.mark.case(182)
@pytest.mark.case(183)
@pytest.mark.case(185)
@pytest.mark.defect(18)
@pytest.mark.parametrize("state", ["joining", "joined"])
def test_the_servers_close_ends_every_want(stage, channel_in, state):
    channel = channel_in(state)
    closes, joined = closes_of(channel), RecordingObserver()
    channel.joined.subscribe(joined)
    join, push = channel.join(), channel.push("shout")
    ref = channel.join_ref
    stage.say(channel, "phx_close", {"why": "enough"})
    stage.wait(60)

    assert channel.state == "closed"
    assert not channel.is_wanted
    assert closes == [({"why": "enough"}, ref, ref)]
    assert joined.completions == 1
    assert push.status == "cancelled"
    assert join.status == ("ok" if state == "joined" else "cancelled")
    assert len(stage.server.sent("phx_join")) == 1
    assert stage.scheduler.pending == ()


def test_it_closes_a_channel_that_crashed_before(stage, channel_in):
    channel = channel_in("joined")
    ref = channel.join_ref
    stage.say(channel, "phx_error")
    stage.receive("phx_close", join_ref=ref, ref=ref)

    assert channel.state == "closed"


def test_what_it_says_to_a_push(stage, channel_in, notes):
    channel = channel_in("joined")
    channel.push("shout").subscribe(notes)
    stage.say(channel, "phx_close")

    assert str(notes.errors[0]) == "the channel 'room:1' was closed"


def test_after_it_a_join_is_a_fresh_one(stage, channel_in):
    channel = channel_in("joined")
    first = channel.join()
    stage.say(channel, "phx_close")
    second = channel.join()
    stage.answer("phx_join")

    assert second is not first
    assert channel.state == "joined"


def test_a_leave_is_answered_by_its_ref_whatever_join_the_answer_names(stage):
    channel = stage.joined()
    closes = []
    channel.on_close(lambda *close: closes.append(close))
    leave = channel.leave()
    answer = {"status": "ok", "response": {}}
    stage.receive("phx_reply", answer, join_ref="77", ref=leave.ref)

    assert (leave.status, channel.state) == ("ok", "closed")
    assert closes == [("leave", None, "1")]


def test_an_answer_that_names_another_join_and_no_known_ref_is_dropped(stage):
    channel, before = stage.joined(), stage.stats
    ref = channel.push("shout").ref
    stage.answer("shout")
    answer = {"status": "ok", "response": {}}
    for late in (ref, None, "99"):
        stage.receive("phx_reply", answer, join_ref="77", ref=late)
    stage.receive("phx_reply", {}, join_ref="77", ref=channel.push("shout").ref)

    assert stage.stats.stale == before.stale + 4
