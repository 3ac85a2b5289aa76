"""What waits for the wire, and what is written at an open."""

import pytest

from rx_phoenix import PushCancelled, SendBuffer
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


@pytest.mark.case(89)
def test_an_open_is_told_once(stage):
    opens = []
    stage.socket.on_open(lambda: opens.append(stage.scheduler.clock))

    stage.connect()
    stage.wait(10)

    assert opens == [0]


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


@pytest.mark.case(91)
@pytest.mark.defect(15)
def test_a_join_that_waited_through_a_failed_attempt_is_sent_once(stage):
    stage.channel().join().mark_seen()

    stage.fail()
    stage.wait(0.01)
    stage.open()

    (join,) = stage.wire
    assert join.event == "phx_join"


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
def test_a_payload_that_changes_while_it_waits_is_sent_as_it_was(stage):
    channel, payload = stage.channel(), {"items": [1]}
    channel.join()
    channel.push("note", payload)

    payload["items"].append(2)
    stage.connect()
    stage.answer("phx_join")

    assert stage.server.last("note").payload == {"items": [1]}


@pytest.mark.defect(14)
def test_a_full_buffer_cancels_the_newest(make_stage):
    stage = make_stage(send_buffer=2)
    channel = stage.channel()
    channel.join()

    pushes = [channel.push("note", {"n": n}) for n in range(3)]
    stage.connect()
    stage.answer("phx_join")

    assert [push.status for push in pushes] == [None, None, "cancelled"]
    assert [message.payload for message in stage.server.sent("note")] == [
        {"n": 0},
        {"n": 1},
    ]


@pytest.mark.defect(14)
def test_a_full_buffer_cancels_the_oldest_if_that_was_chosen(make_stage):
    stage = make_stage(send_buffer=SendBuffer(2, "drop_oldest"))
    channel = stage.channel()
    channel.join()

    pushes = [channel.push("note", {"n": n}) for n in range(3)]

    assert [push.status for push in pushes] == ["cancelled", None, None]


@pytest.mark.defect(39)
def test_pushes_that_the_network_does_not_take_count_as_waiting(make_stage):
    stage = make_stage(send_buffer=2)
    channel = stage.joined()
    stage.transport.connection.buffered = 1

    pushes = []
    for n in range(4):
        pushes.append(channel.push("note", {"n": n}))
        stage.transport.connection.buffered = n + 1

    assert [push.status for push in pushes] == [None, None, "cancelled", "cancelled"]


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


@pytest.mark.defect(14)
def test_a_push_that_timed_out_is_not_sent_at_the_next_join(stage):
    channel = stage.channel()
    channel.join(60)
    push = channel.push("note", timeout=1)
    stage.wait(1)

    stage.connect()
    stage.answer("phx_join")

    assert push.status == "timeout"
    assert stage.story == ["phx_join"]
