"""What waits for the wire, and what is written at an open."""

import pytest

from rx_phoenix import PushCancelled
from tests.conformance.harness import hook_calls


@pytest.mark.case(87)
def test_what_is_said_offline_is_written_once_online(stage):
    channel = stage.channel()
    channel.join()
    channel.push("note")
    assert stage.wire == []

    stage.connect()
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "note"]


@pytest.mark.case(90)
def test_at_an_open_channels_join_in_their_order_before_it_is_told(stage):
    first, second = stage.joined("room:first"), stage.channel("room:second")
    story = []
    stage.socket.on_open(lambda: story.append("open"))
    second.join()
    stage.answer("phx_join")
    stage.socket.sent.subscribe(lambda message: story.append(message.topic))

    stage.lose()
    stage.wait(0.01)
    stage.open()

    assert story == ["room:first", "room:second", "open"]
    assert (first.state, second.state) == ("joining", "joining")


@pytest.mark.case(93)
@pytest.mark.defect(15)
def test_a_leave_while_offline_is_never_sent(stage):
    channel = stage.joined()
    stage.socket.connect()
    stage.lose()

    leave = channel.leave()
    stage.wait(0.01)
    stage.open()

    assert leave.status == "ok"
    assert stage.transport.connection.messages == []


@pytest.mark.defect(14)
def test_a_waiting_push_can_be_cancelled(stage):
    channel = stage.channel()
    channel.join()
    push = channel.push("note")
    calls, failures = hook_calls(push), []
    push.subscribe(None, failures.append)

    push.cancel()
    stage.connect()
    stage.answer("phx_join")

    assert stage.story == ["phx_join"]
    assert calls == [("timeout", {})]
    assert isinstance(failures[0], PushCancelled)


@pytest.mark.defect(14)
def test_leaving_cancels_what_waits(stage):
    channel = stage.channel()
    channel.join().mark_seen()
    calls = hook_calls(channel.push("note"))

    channel.leave()
    assert calls == [("timeout", {})]
    channel.join()
    stage.connect()
    stage.answer("phx_join")

    assert stage.story == ["phx_join"]
