"""Version 1 of the protocol, whose messages do not say which join they belong to."""

import pytest

from rx_phoenix import SerializerV1
from tests.conformance.harness import hook_calls


@pytest.fixture
def stage(make_stage):
    return make_stage(serializer=SerializerV1())


def reply(stage, message, status="ok"):
    answer = {"status": status, "response": {}}
    stage.receive("phx_reply", answer, ref=message.ref)


@pytest.fixture
def joined(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    reply(stage, stage.server.last("phx_join"))
    assert channel.state == "joined"
    return channel


def test_replies_are_matched_by_their_ref(stage, joined):
    push = joined.push("shout")
    reply(stage, stage.server.last("shout"))

    assert push.status == "ok"


def test_events_are_heard(stage, joined):
    payloads = []
    joined.on("shout", payloads.append)
    stage.receive("shout", {"n": 1})

    assert payloads == [{"n": 1}]


def test_a_crash_needs_no_join_ref(stage, joined):
    reasons = []
    joined.on_error(reasons.append)
    stage.receive("phx_error", {"reason": "x"})
    before = joined.state
    stage.wait(1)
    reply(stage, stage.server.last("phx_join"))

    assert reasons == [{"reason": "x"}]
    assert (before, joined.state) == ("errored", "joined")


def test_a_close_needs_no_join_ref(stage, joined):
    closes = []
    joined.on_close(lambda *arguments: closes.append(arguments))
    stage.receive("phx_close", {})

    assert joined.state == "closed"
    assert closes == [({}, None, "1")]


@pytest.mark.parametrize("event", ["phx_close", "phx_error"])
def test_the_end_of_a_join_that_was_replaced_is_dropped(stage, joined, event):
    replaced = stage.server.last("phx_join").ref
    stage.receive("phx_error", {}, ref=replaced)
    stage.wait(1)
    rejoin = stage.server.last("phx_join")
    reply(stage, rejoin)
    stage.receive(event, {}, ref=replaced)
    assert joined.state == "joined"
    stage.receive(event, {}, ref=rejoin.ref)

    assert joined.state == {"phx_close": "closed", "phx_error": "errored"}[event]


def test_a_leave_is_one_close(stage, joined):
    closes, calls = [], hook_calls(joined.leave())
    joined.on_close(lambda *arguments: closes.append(arguments))
    reply(stage, stage.server.last("phx_leave"))
    before = joined.state
    stage.receive("phx_close", {})

    assert (before, joined.state) == ("leaving", "closed")
    assert calls == [("ok", {})]
    assert closes == [("leave", None, "1")]


def test_a_leave_without_a_close_is_over_at_its_timeout(stage, joined):
    calls = hook_calls(joined.leave())
    reply(stage, stage.server.last("phx_leave"))
    stage.wait(10)

    assert joined.state == "closed"
    assert calls == [("ok", {})]


def test_a_leave_that_the_server_does_not_know_of_is_over_at_once(stage, joined):
    calls = hook_calls(joined.leave())
    reply(stage, stage.server.last("phx_leave"), "error")

    assert joined.state == "closed"
    assert calls == [("error", {})]


def test_a_join_waits_for_the_close_that_follows_the_answer_to_a_leave(stage, joined):
    joined.leave()
    calls = hook_calls(joined.join())
    reply(stage, stage.server.last("phx_leave"))
    stage.receive("phx_close", {})
    reply(stage, stage.server.last("phx_join"))

    assert calls == [("ok", {})]
    assert joined.state == "joined"


def test_a_crash_of_a_channel_that_never_joined_is_an_event_like_others(stage):
    stage.connect()
    channel, messages = stage.channel(), []
    channel.messages.subscribe(messages.append)
    stage.receive("phx_error", {"reason": "x"})

    assert [message.event for message in messages] == ["phx_error"]
    assert channel.state == "closed"
