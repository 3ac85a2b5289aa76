"""Pushes, and what becomes of them."""

from array import array

import pytest

from rx_phoenix import (
    NotJoinedError,
    PushTimeout,
)
from tests.conformance.harness import hook_calls


@pytest.mark.case(146)
def test_a_push_while_joined_is_sent_at_once(stage):
    channel = stage.joined()

    push = channel.push("note", {"n": 1})

    assert stage.transport.connection.sent[-1] == '["1","2","room:1","note",{"n":1}]'
    assert (push.ref, push.event, push.payload) == ("2", "note", {"n": 1})


@pytest.mark.case(149)
@pytest.mark.defect(13)
def test_a_push_takes_its_ref_when_it_is_sent(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    push = channel.push("note")
    assert push.ref is None

    stage.answer("phx_join")

    sent = stage.server.last("note")
    assert (push.ref, sent.ref, sent.join_ref) == ("2", "2", "1")


@pytest.mark.case(150)
def test_a_push_that_outlived_no_join_is_never_sent(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    calls = hook_calls(channel.push("note"))

    stage.wait(11)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert "note" not in stage.story
    assert calls == [("timeout", {})]


@pytest.mark.case(153)
def test_after_an_ok_a_push_does_not_time_out(stage):
    calls = hook_calls(stage.joined().push("note"))

    stage.answer("note", "ok", {"n": 1})
    stage.wait(20)

    assert calls == [("ok", {"n": 1})]


@pytest.mark.case(154)
def test_a_push_that_timed_out_while_it_waited_is_not_sent(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    calls = hook_calls(channel.push("note", timeout=5))
    stage.wait(5)
    assert calls == [("timeout", {})]

    stage.wait(4)
    stage.answer("phx_join")

    assert stage.story == ["phx_join"]


@pytest.mark.case(155)
@pytest.mark.parametrize("payload", [None, 0, "", False, {}])
def test_no_payload_is_an_empty_object(stage, payload):
    stage.joined().push("note", payload)

    assert stage.server.last("note").payload == {}


@pytest.mark.case(155)
@pytest.mark.parametrize("payload", [[], [1], {}, {"a": None}, 1, "text", True])
def test_any_other_payload_is_sent_as_it_is(stage, payload):
    stage.joined().push("note", payload)

    assert stage.server.last("note").payload == payload


@pytest.mark.case(158)
@pytest.mark.defect(40)
def test_a_server_that_lost_the_channel_makes_it_rejoin(stage):
    channel = stage.joined()
    push = channel.push("note")
    calls = hook_calls(push)

    unmatched = {"status": "error", "response": {"reason": "unmatched topic"}}
    stage.receive("phx_reply", unmatched, ref=push.ref)
    assert channel.state == "errored"
    stage.wait(1)

    assert calls == [("error", {"reason": "unmatched topic"})]
    assert stage.times("J") == [0, 1]
    stage.answer("phx_join")
    assert channel.state == "joined"


@pytest.mark.case(161)
def test_a_push_while_errored_is_sent_after_the_rejoin_before_its_callbacks(stage):
    stage.connect()
    channel, story = stage.channel(), []
    join = channel.join()
    stage.answer("phx_join")
    stage.say(channel, "phx_error")
    channel.push("note")
    stage.wait(1)
    stage.socket.sent.subscribe(lambda message: story.append(message.event))
    join.receive("ok", lambda _: story.append("ok"))

    stage.answer("phx_join")

    assert story == ["note", "ok"]


@pytest.mark.case(162)
@pytest.mark.defect(14)
def test_a_push_after_the_servers_close_is_refused_at_the_call(stage):
    channel = stage.joined()
    stage.say(channel, "phx_close")

    with pytest.raises(NotJoinedError, match="closed"):
        channel.push("note")


@pytest.mark.case(165)
@pytest.mark.case(166)
@pytest.mark.defect(34)
@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x02",
        bytearray([1, 2]),
        memoryview(b"\x01\x02"),
        memoryview(array("B", [1, 2])),
    ],
    ids=["bytes", "bytearray", "memoryview", "memoryview of an array"],
)
@pytest.mark.parametrize("waits", [False, True])
def test_everything_that_is_bytes_goes_as_a_binary_frame(stage, data, waits):
    if waits:
        stage.connect()
        stage.channel("t").join()
        stage.channel("t").push("g", data)
        stage.answer("phx_join")
    else:
        stage.joined("t").push("g", data)

    assert stage.transport.connection.sent[-1] == b"\x00\x01\x01\x01\x0112tg\x01\x02"


@pytest.mark.defect(33)
def test_a_push_that_times_out_raises_where_it_is_awaited(stage):
    failures = []
    push = stage.joined().push("note", timeout=2)

    async def wait_for_it():
        await push

    stage.scheduler.spawn(wait_for_it(), lambda _: None, failures.append)
    stage.wait(2)

    assert type(failures[0]) is PushTimeout
