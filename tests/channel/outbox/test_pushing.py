"""Pushes: sent, buffered, answered, or not."""

from asyncio import CancelledError, create_task, sleep
from threading import Lock

import pytest

from rx_phoenix import (
    ChannelCrashed,
    EncodeError,
    NotJoinedError,
    PushCancelled,
    PushRefused,
    PushTimeout,
    Reply,
    SerializerV2,
)
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def joining(stage):
    """A channel whose join is under way."""
    stage.connect()
    channel = stage.channel()
    channel.join()
    return channel


# Sent.


@pytest.mark.case(96)
@pytest.mark.defect(34)
@pytest.mark.parametrize("is_joined", [True, False])
@pytest.mark.parametrize(
    "payload",
    [{"a": object()}, {"a": float("nan")}, {"a": {1j}}, {"a": Lock()}, "\ud800"],
)
def test_a_payload_that_cannot_be_said_is_refused_at_the_call(
    stage, joining, is_joined, payload
):
    if is_joined:
        stage.answer("phx_join")
    sent = len(stage.wire)
    with pytest.raises(EncodeError):
        joining.push("shout", payload)
    push = joining.push("next")
    if not is_joined:
        stage.answer("phx_join")

    assert [message.event for message in stage.wire[sent:]] == ["next"]
    stage.answer("next")
    assert push.status == "ok"


# Buffered.


@pytest.mark.case(147)
def test_pushes_wait_for_the_join_and_keep_their_order(stage, joining):
    for event in "abc":
        joining.push(event)
    before = stage.story
    stage.answer("phx_join")

    assert before == ["phx_join"]
    assert stage.story == ["phx_join", "a", "b", "c"]


MUTABLE = [
    ({"a": [1]}, lambda payload: payload["a"].append(2)),
    ([{"a": 1}], lambda payload: payload[0].clear()),
]


@pytest.mark.defect(14)
@pytest.mark.parametrize("is_joined", [True, False])
@pytest.mark.parametrize(("payload", "change"), MUTABLE, ids=["dict", "list"])
def test_what_is_sent_is_what_was_given_then(
    stage, joining, is_joined, payload, change
):
    payload = [*payload] if isinstance(payload, list) else {**payload}
    given = repr(payload)
    if is_joined:
        stage.answer("phx_join")
    joining.push("shout", payload)
    if not is_joined:
        change(payload)
        stage.answer("phx_join")
    said = repr(stage.server.last("shout").payload)

    assert said == given


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_that_change_later_are_sent_as_they_were(stage, joining, kind):
    buffer = bytearray(b"before")
    joining.push("shout", kind(buffer) if kind is memoryview else buffer)
    buffer[:] = b"after!"
    stage.answer("phx_join")

    assert stage.transport.connection.sent[-1].endswith(b"before")


def test_one_that_cannot_be_encoded_when_it_is_sent_holds_up_no_other(make_stage):
    known = {complex: 0}
    serializer = SerializerV2(enc_hook=lambda value: known[type(value)])
    stage = make_stage(serializer=serializer)
    stage.connect()
    channel = stage.channel()
    channel.join()
    pushes = [channel.push("fails", 1j) for _ in range(2)]
    after = channel.push("next")
    channel.cast("fails", 1j)
    known.clear()
    stage.answer("phx_join")
    stage.answer("next")

    *errors, dropped = stage.unhandled
    assert [push.status for push in (*pushes, after)] == ["cancelled"] * 2 + ["ok"]
    assert [type(error) for error in errors] == [EncodeError] * 2
    assert type(dropped) is PushCancelled
    assert "encoding it raised KeyError" in str(dropped)
    stage.unhandled.clear()


def test_what_can_be_said_can_wait(stage, joining):
    joining.push("shout", {"a": memoryview(b"hi")})
    stage.answer("phx_join")

    assert stage.server.last("shout").payload == {"a": "aGk="}


# Answered.


@pytest.mark.parametrize(
    ("status", "response"),
    [("ok", {"a": 1}), ("ok", [1, 2]), ("ok", None), ("error", {}), ("odd", "x")],
)
def test_the_reply_answers_it(stage, notes, status, response):
    push = stage.joined().push("shout")
    push.outcome.subscribe(notes)
    calls = hook_calls(push, status)
    frame = stage.server.last("shout")
    stage.receive(
        "phx_reply",
        {"status": status, "response": response},
        join_ref="1",
        ref=frame.ref,
    )

    assert notes.values == [Reply(status, response)]
    assert calls == [(status, response)]


def test_a_reply_is_matched_by_its_ref_whatever_its_join_ref(stage):
    channel = stage.joined()
    pushes = [channel.push("shout") for _ in range(3)]
    for push, join_ref in zip(pushes, ["1", None, "77"], strict=True):
        answer = {"status": "ok", "response": {}}
        stage.receive("phx_reply", answer, join_ref=join_ref, ref=push.ref)

    assert [push.status for push in pushes] == ["ok"] * 3
    assert stage.stats.stale == 0


def test_replies_may_come_in_any_order(stage):
    channel = stage.joined()
    first, second = channel.push("first"), channel.push("second")
    stage.answer("second", "ok", {"n": 2})
    stage.answer("first", "ok", {"n": 1})

    assert [first.status, second.status] == ["ok", "ok"]


@pytest.mark.case(157)
def test_a_second_reply_is_a_late_one(stage, notes):
    push = stage.joined().push("shout")
    push.subscribe(notes)
    stage.answer("shout", "ok", {"n": 1})
    stage.answer("shout", "error", {"n": 2})

    assert notes == RecordingObserver([{"n": 1}], [], 1)
    assert stage.stats.late_replies == 1


def test_replies_that_nobody_waits_for_are_counted(stage):
    channel = stage.joined()
    channel.push("shout", timeout=1)
    stage.wait(1)
    stage.answer("shout")
    cancelled = channel.push("other")
    cancelled.cancel()
    stage.answer("other")
    answer = {"status": "ok", "response": {}}
    stage.receive("phx_reply", answer, ref="77")
    stage.receive("phx_reply", answer, ref="77", topic="nobody's")

    assert stage.stats.late_replies == 4


@pytest.mark.parametrize(
    "payload", [None, [], "ok", {"status": 1, "response": {}}, {"response": {}}]
)
def test_a_reply_that_is_none_answers_nothing(stage, payload):
    push = stage.joined().push("shout")
    stage.transport.connection.receive(
        stage.server.last("shout").__class__(
            "1", push.ref, "room:1", "phx_reply", payload
        )
    )

    assert push.status is None


def test_a_reply_without_a_response_has_none(stage):
    push = stage.joined().push("shout")
    calls = hook_calls(push)
    stage.receive("phx_reply", {"status": "ok"}, join_ref="1", ref=push.ref)

    assert calls == [("ok", None)]


# Not answered.


@pytest.mark.case(154)
@pytest.mark.defect(12)
def test_waiting_for_the_join_counts(stage, joining, notes):
    joining.push("shout", timeout=5).subscribe(notes)
    stage.wait(4)
    stage.answer("phx_join")
    before = notes.is_open
    stage.wait(1)

    assert before
    assert stage.story == ["phx_join", "shout"]
    assert [type(error) for error in notes.errors] == [PushTimeout]


@pytest.mark.case(151)
def test_the_sockets_timeout_is_the_default(make_stage):
    stage = make_stage(timeout=3)
    push = stage.joined().push("shout")
    stage.scheduler.advance_before(3)
    before = push.status
    stage.wait(0)

    assert (before, push.status) == (None, "timeout")


def test_a_timeout_of_none_at_all_is_over_at_once(stage):
    push = stage.joined().push("shout", timeout=0)
    before = push.status
    stage.wait(0)

    assert (before, push.status) == (None, "timeout")


def test_cancelling_one_that_was_sent_ends_the_wait(stage, notes):
    push = stage.joined().push("shout")
    push.subscribe(notes)
    push.cancel()
    stage.answer("shout")

    assert [type(error) for error in notes.errors] == [PushCancelled]


@pytest.mark.case(161)
@pytest.mark.defect(11)
def test_a_crash_cancels_what_was_sent_and_not_what_waits(stage, notes):
    channel = stage.joined()
    sent = channel.push("sent")
    sent.subscribe(notes)
    stage.say(channel, "phx_error", {"reason": "channel_crash"})
    [error] = notes.errors
    waiting = channel.push("waiting")
    stage.wait(1)
    stage.answer("phx_join")
    stage.answer("waiting")

    assert isinstance(error, ChannelCrashed)
    assert error.reason == {"reason": "channel_crash"}
    assert (sent.status, waiting.status) == ("cancelled", "ok")


# Awaited.


def test_a_push_can_be_awaited(stage):
    channel = stage.joined()
    stage.scheduler.call_later(1, lambda: stage.answer("shout", "ok", {"n": 1}))

    async def main():
        return await channel.push("shout")

    assert stage.scheduler.loop.run_until_complete(main()) == {"n": 1}


def test_cancelling_an_await_does_not_cancel_the_push(stage):
    channel = stage.joined()

    async def main():
        push = channel.push("shout")

        async def wait():
            await push

        impatient = create_task(wait())
        await sleep(1)
        impatient.cancel()
        with pytest.raises(CancelledError):
            await impatient
        stage.answer("shout", "ok", {"n": 1})
        return await push

    assert stage.scheduler.loop.run_until_complete(main()) == {"n": 1}


# A refusal that nobody looked at, in the whole.


def test_a_refusal_that_nobody_looked_at_is_told(stage):
    stage.joined().push("shout")
    stage.answer("shout", "error", {"reason": "full"})

    (error,) = stage.unhandled
    assert isinstance(error, PushRefused)
    assert error.response == {"reason": "full"}
    stage.unhandled.clear()


@pytest.mark.parametrize("end", ["timeout", "crash", "loss", "leave"])
def test_no_other_end_that_nobody_looked_at_is_told(stage, end):
    channel = stage.joined()
    channel.push("shout")
    if end == "timeout":
        stage.wait(10)
    elif end == "crash":
        stage.say(channel, "phx_error")
    elif end == "loss":
        stage.lose()
    else:
        channel.leave()

    assert stage.unhandled == []


# The cold twin.


def test_each_subscription_to_a_request_sends(stage, notes):
    request = stage.joined().request("ask", {"a": 1})
    before = stage.server.sent("ask")
    request.subscribe(notes)
    request.subscribe(notes)
    for n, frame in enumerate(stage.server.sent("ask")):
        stage.answer(frame, "ok", {"n": n})

    assert before == []
    assert notes.values == [{"n": 0}, {"n": 1}]
    assert notes.completions == 2


def test_disposing_a_request_cancels_its_push(stage, joining):
    joining.request("ask").subscribe().dispose()
    stage.answer("phx_join")

    assert stage.server.sent("ask") == []


def test_a_request_where_nobody_is_joined_is_an_error_of_its_observer(stage, notes):
    stage.channel().request("ask").subscribe(notes)

    [error] = notes.errors
    assert isinstance(error, NotJoinedError)
    assert "call join() first" in str(error)
