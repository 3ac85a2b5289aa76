"""Callbacks and the hook."""

import pytest

from tests.conformance.harness import hook_calls


@pytest.mark.case(186)
def test_a_callback_hears_its_event_and_no_other(stage):
    channel, payloads = stage.joined(), []
    channel.on("event", payloads.append)

    stage.receive("event", 1)
    stage.receive("other", 2)

    assert payloads == [1]


@pytest.mark.case(189)
def test_off_by_event_removes_all_its_callbacks_and_no_others(stage):
    channel, removed, kept = stage.joined(), [], []
    channel.on("event", removed.append)
    channel.on("event", removed.extend)
    channel.on("other", kept.append)

    channel.off("event")
    stage.receive("event", 1)
    stage.receive("other", 2)

    assert (removed, kept) == ([], [2])


@pytest.mark.case(189)
def test_off_by_ref_removes_that_callback(stage):
    channel, removed, kept = stage.joined(), [], []
    ref = channel.on("event", removed.append)
    channel.on("event", kept.append)

    channel.off("event", ref)
    stage.receive("event", 1)

    assert (removed, kept) == ([], [1])


@pytest.mark.defect(31)
def test_callbacks_of_close_and_error_can_be_removed(stage):
    channel, calls = stage.joined(), []
    close_ref = channel.on_close(lambda *arguments: calls.append(arguments))
    error_ref = channel.on_error(calls.append)

    channel.off("phx_close", close_ref)
    channel.off("phx_error", error_ref)
    stage.say(channel, "phx_error")
    stage.say(channel, "phx_close")

    assert calls == []


@pytest.mark.defect(31)
def test_a_subscription_is_disposed_of(stage):
    channel, payloads = stage.joined(), []
    subscription = channel.events("event").subscribe(payloads.append)

    subscription.dispose()
    stage.receive("event", 1)

    assert payloads == []


@pytest.mark.case(190)
@pytest.mark.defect(20)
@pytest.mark.parametrize(
    "event", ["phx_reply", "phx_close", "phx_error", "phx_join", "phx_leave"]
)
def test_off_cannot_break_the_client(stage, event):
    channel = stage.joined()

    channel.off(event)
    push = channel.push("note")
    stage.answer("note")
    assert push.status == "ok"
    stage.say(channel, "phx_error")
    assert channel.state == "errored"
    stage.wait(1)
    stage.answer("phx_join")
    assert channel.state == "joined"
    stage.say(channel, "phx_close")
    assert channel.state == "closed"
    channel.join()
    stage.answer("phx_join")
    leave = channel.leave()
    stage.answer("phx_leave")

    assert (channel.state, leave.status) == ("closed", "ok")


@pytest.mark.case(191)
def test_without_a_hook_a_payload_passes_unchanged(stage):
    channel, payloads = stage.joined(), []
    channel.on("event", payloads.append)

    stage.receive("event", {"one": "two"})

    assert channel.on_message("event", {"one": "two"}, None) == {"one": "two"}
    assert payloads == [{"one": "two"}]


@pytest.mark.case(193)
@pytest.mark.defect(21)
def test_the_hook_sees_a_reply_once_and_does_not_change_it(stage):
    channel, seen = stage.joined(), []

    def hook(event, payload, ref):
        seen.append((event, payload, ref))
        return {"changed": True}

    channel.on_message = hook
    calls = hook_calls(channel.push("note"))
    stage.answer("note", "ok", {"n": 1})

    assert seen == [("phx_reply", {"status": "ok", "response": {"n": 1}}, "2")]
    assert calls == [("ok", {"n": 1})]


@pytest.mark.defect(21)
@pytest.mark.parametrize("result", [0, "", [], False])
def test_what_the_hook_returns_is_delivered_whatever_its_truth(stage, result):
    channel, payloads = stage.joined(), []
    channel.on("event", payloads.append)
    channel.on_message = lambda event, payload, ref: result

    stage.receive("event", {"n": 1})

    assert payloads == [result]


@pytest.mark.case(194)
def test_a_callback_of_replies_runs_after_the_pushs_own(stage):
    channel, story = stage.joined(), []
    channel.on("phx_reply", lambda _: story.append("reply"))
    channel.push("note").receive("ok", lambda _: story.append("ok"))

    stage.answer("note")

    assert story == ["ok", "reply"]


@pytest.mark.case(195)
def test_removing_a_channel_leaves_it_and_frees_its_topic(stage):
    channel, story = stage.joined(), []
    channel.events("event").subscribe(None, None, lambda: story.append("completed"))

    stage.socket.remove(channel)
    stage.answer("phx_leave")

    assert stage.story == ["phx_join", "phx_leave"]
    assert story == ["completed"]
    assert stage.channel() is not channel
