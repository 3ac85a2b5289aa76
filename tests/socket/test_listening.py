"""What a socket tells, as streams and as callbacks."""

import gc
import logging
from asyncio import sleep
from random import Random
from threading import Thread

import pytest

from rx_phoenix import (
    Closed,
    ConnectError,
    EncodeError,
    Message,
    ProtocolError,
    Socket,
    UsageError,
)
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


# States.


def test_states_begin_with_the_current_one(stage, notes):
    stage.connect()
    stage.socket.states.subscribe(notes)
    stage.lose()
    stage.wait(0.01)

    assert notes == RecordingObserver(["open", "closed", "connecting"])


def test_between_attempts_it_is_closed(stage):
    stage.socket.connect()
    before = stage.socket.state
    stage.fail()

    assert (before, stage.socket.state) == ("connecting", "closed")


# Frames and what is sent.


def test_frames_are_every_message_that_arrives(stage, notes):
    stage.connect()
    stage.socket.frames.subscribe(notes)
    for topic in ("room:1", "nobody's", "phoenix"):
        stage.receive("shout", {"n": 1}, topic=topic)

    assert [message.topic for message in notes.values] == [
        "room:1",
        "nobody's",
        "phoenix",
    ]


def test_sent_is_every_message_that_leaves(stage, notes):
    stage.socket.sent.subscribe(notes)
    channel = stage.joined()
    channel.push("shout", {"n": 1})
    channel.leave()
    stage.answer("phx_leave")

    assert notes.values == stage.wire
    assert notes.values[1] == Message("1", "2", "room:1", "shout", {"n": 1})


def test_pushes_are_those_of_events_sent_or_waiting(stage, notes):
    stage.socket.pushes.subscribe(notes)
    channel = stage.channel()
    channel.join()
    waiting = channel.push("early")
    stage.connect()
    stage.answer("phx_join")
    sent = channel.push("late")
    channel.leave()
    stage.answer("phx_leave")

    assert notes.values == [waiting, sent]


def test_a_push_that_cannot_be_said_is_none(stage, notes):
    channel = stage.joined()
    stage.socket.pushes.subscribe(notes)
    with pytest.raises(EncodeError):
        channel.push("shout", object())

    assert notes.values == []


def test_its_url_has_no_secrets(make_stage):
    stage = make_stage(url="https://jo:pass@phx.test/socket/?token=secret")

    assert stage.socket.url == "wss://phx.test/socket"


FRAMES = [
    "no json",
    "[]",
    "[1,2,3,4]",
    "[1,2,3,4,5]",
    "{}",
    '["1","1",7,"shout",{}]',
    '{"topic":"room:1"}',
    "[" * 100_000,
    b"\x00",
    b"\x00\xff",
    b"\x05",
    b"\xff",
    "",
]


@pytest.mark.defect(22)
@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
def test_a_frame_that_is_no_message_is_dropped_counted_and_told(stage, notes, frame):
    channel = stage.joined()
    heard, lifecycle = [], RecordingObserver()
    channel.messages.subscribe(heard.append)
    stage.socket.frames.subscribe(heard.append)
    stage.socket.lifecycle.subscribe(lifecycle)
    stage.socket.stats.subscribe(notes)
    stage.transport.connection.receive(frame)
    stage.wait(1)

    assert heard == []
    assert [type(event) for event in lifecycle.values] == [ProtocolError]
    assert notes.values[-1].protocol_errors == 1
    assert stage.socket.state == "open"
    assert channel.state == "joined"
    stage.say(channel, "shout", {"n": 1})
    assert [message.event for message in heard] == ["shout", "shout"]


# Callbacks, in phoenix.js's spelling.


@pytest.mark.case(89)
def test_on_open_is_called_at_each_open_without_arguments(stage):
    calls = []
    stage.socket.on_open(lambda: calls.append(stage.socket.state))
    stage.connect()
    stage.lose()
    stage.wait(1)
    stage.open()

    assert calls == ["open", "open"]


def test_on_close_gets_the_close_and_on_error_the_error(stage):
    closes, errors = [], []
    stage.socket.on_close(closes.append)
    stage.socket.on_error(errors.append)
    refused = ConnectError("refused")
    stage.socket.connect()
    stage.fail(refused)
    stage.wait(1)
    stage.open()
    stage.server.close(1012, "restart")
    stage.wait(1)
    stage.open()
    stage.socket.disconnect(4001, "bye")

    assert errors == [refused]
    assert closes == [Closed(1012, "restart", True), Closed(4001, "bye", True)]


@pytest.mark.case(99)
@pytest.mark.case(98)
def test_on_message_gets_each_message_after_its_channel(stage):
    story = []
    channel = stage.joined()
    stage.socket.on_message(story.append)
    channel.on("shout", lambda _: story.append("channel"))
    message = Message("1", "ref", "room:1", "shout", "payload")
    stage.transport.connection.receive(message)

    assert story == ["channel", message]


@pytest.mark.case(110)
def test_off_removes_callbacks_of_any_kind(stage):
    calls, kept = [], []
    socket = stage.socket
    socket.on_message(kept.append)
    refs = [
        socket.on_open(lambda: calls.append("open")),
        socket.on_close(lambda _: calls.append("close")),
        socket.on_error(lambda _: calls.append("error")),
        socket.on_message(lambda _: calls.append("message")),
    ]
    socket.off(*refs)
    socket.off(*refs, 77)
    socket.off()
    stage.connect()
    stage.receive("shout")
    stage.lose()
    stage.wait(0.01)
    stage.fail()

    assert len(set(refs)) == 4
    assert calls == []
    assert [message.event for message in kept] == ["shout"]


def test_callbacks_may_be_coroutine_functions(stage):
    calls = []

    async def opened():
        await sleep(1)
        calls.append("open")

    async def closed(event):
        calls.append(event.code)

    stage.socket.on_open(opened)
    stage.socket.on_close(closed)
    stage.connect()
    stage.wait(1)
    stage.lose()
    stage.wait(0)

    assert calls == ["open", 1006]


@pytest.mark.parametrize("place", ["on_open", "on_close", "on_error", "on_message"])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_callback_that_raises_is_told_and_lives_on(stage, place, is_late):
    boom, calls = RuntimeError("boom"), []

    def fail(*_):
        calls.append(1)
        raise boom

    async def fail_later(*_):
        fail()

    getattr(stage.socket, place)(fail_later if is_late else fail)
    for _ in range(2):
        stage.socket.connect()
        stage.wait(0.5)
        stage.fail()
        stage.wait(0.5)
        stage.open()
        stage.receive("shout")
        stage.lose()
    stage.wait(0)

    assert len(calls) == 2
    assert stage.unhandled == [boom] * 2
    stage.unhandled.clear()


# What nobody handles.


def test_it_is_logged_while_nobody_listens(caplog):
    time, transport = VirtualScheduler(), FakeTransport()
    socket = Socket("ws://localhost/socket", transport=transport, scheduler=time)
    boom = RuntimeError("boom")

    def fail(_):
        raise boom

    socket.states.subscribe(fail)
    heard = []
    subscription = socket.unhandled.subscribe(heard.append)
    socket.states.subscribe(fail)
    subscription.dispose()
    socket.states.subscribe(fail)

    records = [r for r in caplog.records if r.name == "rx_phoenix"]
    assert heard == [boom]
    assert [record.exc_info[1] for record in records] == [boom, boom]
    assert {record.levelno for record in records} == {logging.ERROR}


def test_who_listens_to_it_may_raise_too(stage, caplog):
    boom, other = RuntimeError("boom"), RuntimeError("other")
    heard = []

    def fail(error):
        heard.append(error)
        if error is boom:
            raise other

    def fail_first(_):
        raise boom

    stage.socket.unhandled.subscribe(fail)
    stage.socket.states.subscribe(fail_first)

    assert heard[0] is boom
    assert "other" in caplog.text or other in heard + stage.unhandled
    stage.unhandled.clear()


# The figures.


def test_stats_come_at_once_and_then_every_second(stage, notes):
    channel = stage.joined()
    stage.socket.stats.subscribe(notes)
    channel.push("shout")
    stage.wait(2)

    assert len(notes.values) == 3
    first, *_, last = notes.values
    assert (first.frames_out, last.frames_out) == (1, 2)
    assert (last.frames_in, last.channels, last.buffered) == (1, 1, 0)
    assert last.bytes_out == sum(map(len, stage.transport.connection.sent))


def test_stats_stop_with_their_subscription(stage, notes):
    stage.socket.stats.subscribe(notes).dispose()
    stage.wait(10)

    assert len(notes.values) == 1
    assert stage.scheduler.pending == ()


def test_stats_complete_with_the_socket(stage, notes):
    stage.socket.stats.subscribe(notes)
    stage.socket.aclose()

    assert notes.completions == 1


def test_a_listener_of_stats_that_raises_is_told_and_lives_on(stage):
    boom, calls = RuntimeError("boom"), []

    def fail(_):
        calls.append(1)
        raise boom

    stage.socket.stats.subscribe(fail)
    stage.wait(2)

    assert len(calls) == 3
    assert stage.unhandled == [boom] * 3
    stage.unhandled.clear()


def test_messages_of_another_join_are_counted(stage, notes):
    stage.joined()
    stage.receive("shout", join_ref="77")
    stage.receive("shout", join_ref="77")
    stage.socket.stats.subscribe(notes)

    assert notes.values[-1].stale == 2


def test_reconnects_are_counted_by_their_cause(stage, notes):
    stage.connect()
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.server.close(1012)
    stage.wait(1)
    stage.open()
    stage.socket.stats.subscribe(notes)

    assert notes.values[-1].reconnects == {"connection_closed": 2}


# From another thread.


def run_in_a_thread(function):
    thread = Thread(target=function)
    thread.start()
    thread.join()


def test_a_call_from_another_thread_is_made_on_the_loop(stage):
    channel = stage.joined()
    run_in_a_thread(
        lambda: stage.socket.call_soon_threadsafe(lambda: channel.push("shout"))
    )
    before = stage.server.sent("shout")
    stage.wait(0)

    assert before == []
    assert len(stage.server.sent("shout")) == 1


def test_one_that_raises_is_told(stage):
    boom = RuntimeError("boom")

    def fail():
        raise boom

    run_in_a_thread(lambda: stage.socket.call_soon_threadsafe(fail))
    stage.wait(0)

    assert stage.unhandled == [boom]
    stage.unhandled.clear()


# A socket's own options.


def test_what_it_says_of_itself(stage):
    assert repr(stage.socket) == "<Socket ws://localhost/socket: closed>"


@pytest.mark.parametrize("random", [None, Random(7), lambda: 0.5])
def test_chance_may_be_left_to_it(make_stage, random):
    stage = make_stage(random=random)
    stage.socket.connect()
    stage.fail()
    stage.wait(1)

    assert stage.attempts == 2


def test_a_socket_that_is_forgotten_leaves_no_cycle_that_reports(caplog):
    # What earlier tests forgot may report as it is collected.
    gc.collect()
    caplog.clear()

    socket = Socket("ws://localhost/socket", transport=FakeTransport())
    socket.channel("room:1").on("shout", print)
    del socket
    gc.collect()

    assert caplog.records == []


# Async with.


def test_async_with_connects_and_ends(stage):
    async def main():
        async with stage.socket as socket:
            return socket, socket.state

    stage.scheduler.call_later(1, stage.open)
    socket, state = stage.scheduler.loop.run_until_complete(main())

    assert socket is stage.socket
    assert (state, socket.state) == ("open", "closed")
    with pytest.raises(UsageError):
        socket.connect()


def test_async_with_that_cannot_connect_raises_and_ends(stage):
    async def main():
        async with stage.socket:
            pytest.fail("it never opened")

    stage.scheduler.call_later(1, lambda: stage.fail(ConnectError("no", status=404)))
    with pytest.raises(ConnectError, match="no"):
        stage.scheduler.loop.run_until_complete(main())

    with pytest.raises(UsageError):
        stage.socket.connect()


def test_async_with_ends_it_whatever_its_body_raises(stage):
    async def main():
        async with stage.socket:
            raise KeyError("mine")

    stage.scheduler.call_later(1, stage.open)
    with pytest.raises(KeyError, match="mine"):
        stage.scheduler.loop.run_until_complete(main())

    assert stage.socket.state == "closed"
