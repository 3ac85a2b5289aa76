"""Callbacks and taps of a channel."""

import gc
from asyncio import sleep
from dataclasses import dataclass

import pytest

from rx_phoenix import Message, PayloadError, UsageError
from rx_phoenix._channel.core import core_of
from tests.conformance.harness import TOPIC
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def channel(stage):
    return stage.joined()


@pytest.fixture
def notes():
    return RecordingObserver()


# Callbacks, by event and by ref.


@pytest.mark.case(186)
def test_a_callback_gets_the_payloads_of_its_event(stage, channel):
    heard = []
    channel.on("shout", heard.append)
    stage.say(channel, "shout", {"n": 1})
    stage.say(channel, "other", {"n": 2})
    stage.say(channel, "shout", [3])

    assert heard == [{"n": 1}, [3]]


@pytest.mark.case(189)
def test_off_with_a_ref_removes_one(stage, channel):
    heard = []
    first = channel.on("shout", lambda _: heard.append("first"))
    channel.on("shout", lambda _: heard.append("second"))
    channel.off("shout", first)
    stage.say(channel, "shout")

    assert heard == ["second"]


@pytest.mark.case(189)
def test_off_without_a_ref_removes_all_of_the_event(stage, channel, notes):
    heard = []
    channel.on("shout", lambda _: heard.append("first"))
    channel.on("shout", lambda _: heard.append("second"))
    channel.on("other", lambda _: heard.append("other"))
    channel.events("shout").subscribe(notes)
    channel.off("shout")
    stage.say(channel, "shout")
    stage.say(channel, "other")

    assert heard == ["other"]
    assert notes.values == [{}]


def test_off_with_the_ref_of_another_event_removes_nothing(stage, channel):
    heard = []
    ref = channel.on("shout", heard.append)
    channel.off("other", ref)
    channel.off("nobody listens to this")
    stage.say(channel, "shout")

    assert heard == [{}]


def test_off_twice_is_as_once(channel):
    ref = channel.on("shout", print)
    channel.off("shout", ref)
    channel.off("shout", ref)


def test_refs_are_told_apart_over_all_kinds(channel):
    refs = [
        channel.on("shout", print),
        channel.on_error(print),
        channel.on_close(print),
        channel.on("shout", repr),
    ]

    assert len(set(refs)) == 4


def test_on_close_gets_payload_ref_and_join_ref(stage, channel):
    closes = []
    channel.on_close(lambda *arguments: closes.append(arguments))
    stage.say(channel, "phx_close", {"a": 1})
    channel.join()
    stage.answer("phx_join")
    channel.leave()
    stage.answer("phx_leave")

    assert closes == [({"a": 1}, "1", "1"), ("leave", None, "2")]


def test_on_close_in_a_close_gets_its_own_refs(stage, channel):
    closes = []

    def again(*arguments):
        closes.append(arguments)
        if len(closes) == 1:
            channel.join()
            stage.answer("phx_join")
            stage.say(channel, "phx_close", {"n": 2})

    other = []
    channel.on_close(again)
    channel.on_close(lambda *arguments: other.append(arguments))
    stage.say(channel, "phx_close", {"n": 1})

    assert closes == other == [({"n": 1}, "1", "1"), ({"n": 2}, "2", "2")]


@pytest.mark.defect(31)
def test_on_close_is_removed_by_off(stage, channel):
    closes = []
    ref = channel.on_close(lambda *_: closes.append(1))
    channel.on_close(lambda *_: closes.append(2))
    channel.off("phx_close", ref)
    stage.say(channel, "phx_close")

    assert closes == [2]


@pytest.mark.case(178)
@pytest.mark.case(179)
@pytest.mark.case(271)
@pytest.mark.defect(30)
@pytest.mark.defect(31)
def test_on_error_gets_the_reason_and_is_removed_by_off(stage, channel):
    reasons, others = [], []
    ref = channel.on_error(reasons.append)
    channel.on_error(others.append)
    stage.say(channel, "phx_error", {"reason": "channel_crash"})
    channel.off("phx_error", ref)
    stage.lose()

    assert reasons == [{"reason": "channel_crash"}]
    assert others == [{"reason": "channel_crash"}]
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")
    stage.lose()
    assert others[1:] == [{"source": "transport", "reason": "connection_closed"}]


REGISTRATIONS = {
    "on": lambda stage, channel, call: channel.on("shout", call),
    "on_close": lambda stage, channel, call: channel.on_close(call),
    "on_error": lambda stage, channel, call: channel.on_error(call),
    "receive": lambda stage, channel, call: channel.join().receive("ok", call),
    "on_open": lambda stage, channel, call: stage.socket.on_open(call),
    "on_message": lambda stage, channel, call: stage.socket.on_message(call),
}


@pytest.mark.parametrize("registration", REGISTRATIONS)
def test_what_cannot_be_called_is_refused_at_the_call(stage, channel, registration):
    for callback in (None, 7, "shout"):
        with pytest.raises(UsageError, match="a callback must be a function"):
            REGISTRATIONS[registration](stage, channel, callback)


# The short way of an event, from the router to its listeners.


def test_it_is_closed_from_a_leave_to_the_next_join(stage, channel):
    direct = core_of(channel).direct
    channel.on("shout", lambda _: None)
    events = [[*direct]]
    channel.leave()
    events.append([*direct])
    stage.answer("phx_leave")
    channel.join()
    events.append([*direct])

    assert events == [["shout"], [], ["shout"]]


# What bears the name of the channel's own.


@pytest.mark.defect(20)
@pytest.mark.parametrize("event", ["phx_close", "phx_error"])
def test_a_broadcast_by_the_name_of_an_end_is_none(stage, channel, event, notes):
    heard, messages, streamed = [], [], []
    channel.stream().subscribe(streamed.append)
    channel.on_close(lambda *_: heard.append("on_close"))
    channel.on_error(lambda *_: heard.append("on_error"))
    channel.closes.subscribe(lambda _: heard.append("closes"))
    channel.errors.subscribe(lambda _: heard.append("errors"))
    channel.messages.subscribe(messages.append)
    channel.joined.subscribe(notes)
    stage.receive(event, {"from": "a prankster"})

    assert heard == []
    assert channel.state == "joined"
    assert messages == [Message(None, None, TOPIC, event, {"from": "a prankster"})]
    assert streamed == messages
    assert notes == RecordingObserver([{}])


def test_a_hook_sees_it_all_the_same(stage, channel):
    seen = []

    def hook(event, payload, ref):
        seen.append(event)
        return payload

    channel.on_message = hook
    stage.receive("phx_close", {"from": "a prankster"})

    assert seen == ["phx_close"]


# Isolation.


LISTENERS = {
    "on": lambda channel, socket, call: channel.on("shout", call),
    "events": lambda channel, socket, call: channel.events("shout").subscribe(call),
    "events as a type": lambda channel, socket, call: channel.events(
        "shout", as_type=dict
    ).subscribe(call),
    "messages": lambda channel, socket, call: channel.messages.subscribe(call),
    "stream": lambda channel, socket, call: channel.stream("shout").subscribe(call),
    "stream of all": lambda channel, socket, call: channel.stream().subscribe(call),
    "stream as a type": lambda channel, socket, call: channel.stream(
        "shout", as_type=dict
    ).subscribe(call),
    "socket's stream": lambda channel, socket, call: socket.stream(
        TOPIC, "shout"
    ).subscribe(call),
    "socket's stream as a type": lambda channel, socket, call: socket.stream(
        TOPIC, "shout", as_type=dict
    ).subscribe(call),
    "frames": lambda channel, socket, call: socket.frames.subscribe(call),
    "on_message": lambda channel, socket, call: socket.on_message(call),
}


@pytest.mark.defect(22)
@pytest.mark.parametrize("listen", LISTENERS)
def test_no_listener_breaks_a_stream(stage, channel, listen):
    boom, calls, before, after = RuntimeError("boom"), [], [], []

    def fail(heard):
        if getattr(heard, "event", "shout") == "shout":
            calls.append(1)
            raise boom

    channel.on("shout", before.append)
    LISTENERS[listen](channel, stage.socket, fail)
    channel.on("shout", after.append)
    for _ in range(2):
        stage.say(channel, "shout")

    assert len(calls) == 2
    assert len(before) == len(after) == 2
    assert stage.unhandled == [boom, boom]
    assert channel.state == "joined"
    stage.unhandled.clear()


# Coroutine functions.


def test_an_async_callback_runs_one_call_at_a_time_in_order(stage, channel):
    story = []

    async def listen(payload):
        story.append(("begins", payload["n"]))
        await sleep(3 - payload["n"])
        story.append(("ends", payload["n"]))

    channel.on("shout", listen)
    for n in (1, 2):
        stage.say(channel, "shout", {"n": n})
    stage.wait(5)

    assert story == [("begins", 1), ("ends", 1), ("begins", 2), ("ends", 2)]


@pytest.mark.parametrize("end", ["off", "remove", "aclose"])
def test_an_async_callback_is_cancelled_at_its_end(stage, channel, end):
    story = []

    async def listen(payload):
        story.append(payload["n"])
        try:
            await sleep(60)
        finally:
            story.append("cancelled")

    ref = channel.on("shout", listen)
    for n in (1, 2):
        stage.say(channel, "shout", {"n": n})
    stage.wait(0)
    if end == "off":
        channel.off("shout", ref)
    elif end == "remove":
        stage.socket.remove(channel)
        stage.answer("phx_leave")
    else:
        stage.socket.aclose()
    stage.wait(0)

    assert story == [1, "cancelled"]


def test_a_coroutine_function_cannot_subscribe(channel):
    async def listen(_):
        pass

    for stream in (channel.events("shout"), channel.messages, channel.states):
        with pytest.raises(UsageError, match="coroutine"):
            stream.subscribe(listen)


def test_a_callback_may_return_a_push(stage, channel):
    channel.on("shout", lambda _: channel.push("echo"))
    stage.say(channel, "shout")
    stage.answer("echo")
    stage.wait(0)

    assert stage.story[-1] == "echo"


# Taps.


def test_taps_outlive_everything_but_the_removal(stage, channel):
    taps = {
        "events": channel.events("shout"),
        "messages": channel.messages,
        "states": channel.states,
        "joins": channel.joins,
        "closes": channel.closes,
        "errors": channel.errors,
    }
    heard = {name: RecordingObserver() for name in taps}
    for name, tap in taps.items():
        tap.subscribe(heard[name])
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join")
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")
    stage.say(channel, "phx_close")
    channel.join()
    stage.answer("phx_join")
    channel.leave()
    stage.answer("phx_leave")
    channel.join()
    stage.answer("phx_join")
    stage.say(channel, "shout", {"n": 1})
    before = all(notes.is_open for notes in heard.values())
    stage.socket.remove(channel)
    still = all(notes.is_open for notes in heard.values())
    stage.answer("phx_leave")

    assert (before, still) == (True, True)
    assert heard["events"] == RecordingObserver([{"n": 1}], [], 1)
    assert len(heard["joins"].values) == 4
    assert heard["closes"].values == [{}, "leave", "leave"]
    assert len(heard["errors"].values) == 2
    assert {notes.completions for notes in heard.values()} == {1}


@pytest.mark.case(103)
def test_a_broadcast_reaches_listeners_whatever_the_state(stage):
    channel, heard = stage.channel(), []
    channel.on("shout", heard.append)
    stage.connect()
    stage.receive("shout", {"n": 1})

    assert heard == [{"n": 1}]


def test_a_channel_with_listeners_is_kept(stage):
    heard = []
    stage.channel().on("shout", heard.append)
    gc.collect()
    stage.connect()
    stage.channel().join()
    stage.answer("phx_join")
    stage.receive("shout", {"n": 1})

    assert heard == [{"n": 1}]


# As a type.


@dataclass
class Shout:
    n: int


@pytest.mark.parametrize("kind", ["events", "stream", "socket's stream"])
def test_a_payload_becomes_a_value_of_a_type(stage, channel, notes, kind):
    streams = {
        "events": lambda: channel.events("shout", as_type=Shout),
        "stream": lambda: channel.stream("shout", as_type=Shout),
        "socket's stream": lambda: stage.socket.stream(TOPIC, "shout", as_type=Shout),
    }
    streams[kind]().subscribe(notes)
    stage.say(channel, "shout", {"n": 1})
    stage.say(channel, "shout", {"n": "two"})
    stage.say(channel, "shout", {"n": 3})

    assert notes == RecordingObserver([Shout(1), Shout(3)])
    assert [type(error) for error in stage.unhandled] == [PayloadError]
    assert stage.unhandled[0].payload == {"n": "two"}
    stage.unhandled.clear()


def test_a_type_that_nothing_becomes_is_refused_at_the_call(channel):
    class Odd:
        def __init__(self, n):
            self.n = n

    with pytest.raises(UsageError):
        channel.events("shout", as_type=Odd)


def test_a_type_that_nothing_becomes_is_an_error_of_the_sockets_stream(stage, notes):
    class Odd:
        def __init__(self, n):
            self.n = n

    stage.socket.stream(TOPIC, "shout", as_type=Odd).subscribe(notes)

    assert [type(error) for error in notes.errors] == [UsageError]
    assert stage.attempts == 0
