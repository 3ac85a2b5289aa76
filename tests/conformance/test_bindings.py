"""Callbacks and the hook."""

import pytest


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


@pytest.mark.defect(21)
@pytest.mark.parametrize("result", [0, "", [], False])
def test_what_the_hook_returns_is_delivered_whatever_its_truth(stage, result):
    channel, payloads = stage.joined(), []
    channel.on("event", payloads.append)
    channel.on_message = lambda event, payload, ref: result

    stage.receive("event", {"n": 1})

    assert payloads == [result]
