"""The hook of a channel: `on_message`, assigned or overridden."""

from contextvars import ContextVar, copy_context

import pytest

from rx_phoenix import Channel, Message, Socket, UsageError
from rx_phoenix.testing import FakeTransport
from tests.conformance.harness import TOPIC, URL


@pytest.fixture
def channel(stage):
    return stage.joined()


@pytest.fixture
def seen(channel):
    """What a hook is called with, as it changes nothing."""
    seen = []

    def hook(event, payload, ref):
        seen.append((event, payload, ref))
        return payload

    channel.on_message = hook
    return seen


@pytest.fixture
def heard(channel):
    """What listeners of ``shout`` get: a callback, a tap and a stream."""
    heard = {"on": [], "events": [], "stream": [], "all": [], "messages": []}
    channel.on("shout", heard["on"].append)
    channel.events("shout").subscribe(heard["events"].append)
    channel.stream("shout").subscribe(heard["stream"].append)
    channel.stream().subscribe(lambda message: heard["all"].append(message.payload))
    channel.messages.subscribe(
        lambda message: heard["messages"].append(message.payload)
    )
    return heard


def only_for_shouts(hook):
    """A hook that lets all but shouts go by."""
    return lambda event, payload, ref: (
        hook(event, payload, ref) if event == "shout" else payload
    )


@pytest.mark.case(193)
@pytest.mark.defect(21)
def test_it_sees_every_message_of_the_topic_once(stage, channel, seen):
    stage.say(channel, "shout", {"n": 1})
    stage.receive("shout", {"n": 2})
    channel.push("ask")
    stage.answer("ask", "ok", {"n": 3})
    stage.say(channel, "phx_error", {"reason": "x"})
    stage.wait(1)
    stage.answer("phx_join", "ok", {"n": 4})
    stage.say(channel, "phx_close", {})

    assert seen == [
        ("shout", {"n": 1}, None),
        ("shout", {"n": 2}, None),
        ("phx_reply", {"status": "ok", "response": {"n": 3}}, "2"),
        ("phx_error", {"reason": "x"}, "1"),
        ("phx_reply", {"status": "ok", "response": {"n": 4}}, "3"),
        ("phx_close", {}, "3"),
    ]


def test_it_sees_what_comes_in_no_frame(stage, channel, seen):
    stage.lose()
    channel.leave()

    assert seen == [
        ("phx_error", {"source": "transport", "reason": "connection_closed"}, None),
        ("phx_close", "leave", None),
    ]


def test_a_stream_of_every_message_has_what_comes_in_no_frame(stage, channel):
    channel.on_message = lambda event, payload, ref: {"was": payload}
    messages = []
    channel.stream().subscribe(messages.append)
    stage.lose()

    [message] = messages
    reason = {"source": "transport", "reason": "connection_closed"}
    assert (message.event, message.payload) == ("phx_error", {"was": reason})


def test_it_sees_nothing_of_other_topics_and_older_joins(stage, channel, seen):
    stage.joined("room:2")
    stage.receive("shout", topic="room:2", join_ref="2")
    stage.receive("shout", join_ref="77")

    assert seen == []


def test_what_it_returns_is_delivered_but_to_messages(stage, channel, heard):
    channel.on_message = lambda event, payload, ref: {"was": payload}
    stage.say(channel, "shout", {"n": 1})

    changed = [{"was": {"n": 1}}]
    assert heard == {
        "on": changed,
        "events": changed,
        "stream": changed,
        "all": changed,
        "messages": [{"n": 1}],
    }


def test_it_can_make_something_of_nothing_and_false_of_something(stage, channel, heard):
    channel.on_message = lambda event, payload, ref: 0
    stage.say(channel, "shout", {"n": 1})
    stage.transport.connection.receive(f'["1",null,"{TOPIC}","shout",null]')

    assert heard["on"] == [0, 0]


def test_none_of_none_is_none(stage, channel, heard):
    channel.on_message = only_for_shouts(lambda event, payload, ref: None)
    stage.transport.connection.receive(f'["1",null,"{TOPIC}","shout",null]')

    assert heard["on"] == [None]


@pytest.mark.case(193)
@pytest.mark.defect(21)
def test_it_does_not_change_what_a_reply_answers(stage, channel):
    channel.on_message = lambda event, payload, ref: "changed"
    push = channel.push("ask")
    answers = []
    push.receive("ok", answers.append)
    stage.answer("ask", "ok", {"n": 1})

    assert answers == [{"n": 1}]


def test_it_can_be_overridden(stage):
    class Loud(Channel):
        def on_message(self, event, payload, ref):
            return {"loud": payload} if event == "shout" else payload

    channel, heard = Loud(TOPIC, None, stage.socket), []
    channel.on("shout", heard.append)
    stage.connect()
    channel.join()
    stage.answer("phx_join")
    stage.say(channel, "shout", {"n": 1})

    assert heard == [{"loud": {"n": 1}}]


@pytest.mark.defect(21)
@pytest.mark.defect(22)
def test_one_that_raises_is_reported_and_the_original_goes_on(stage, channel, heard):
    boom = RuntimeError("boom")

    def hook(event, payload, ref):
        raise boom

    channel.on_message = only_for_shouts(hook)
    stage.say(channel, "shout", {"n": 1})

    assert heard["on"] == heard["stream"] == [{"n": 1}]
    assert stage.unhandled == [boom]
    stage.unhandled.clear()


def test_one_that_forgets_to_return_is_reported(stage, channel, heard):
    channel.on_message = only_for_shouts(lambda event, payload, ref: None)
    stage.say(channel, "shout", {"n": 1})

    (error,) = stage.unhandled
    assert isinstance(error, UsageError)
    assert str(error) == (
        "on_message of 'room:1' returned None for 'shout': return the payload"
    )
    assert heard["on"] == [{"n": 1}]
    stage.unhandled.clear()


def test_one_that_is_a_coroutine_function_is_reported(stage, channel, heard):
    async def hook(event, payload, ref):
        return payload

    channel.on_message = only_for_shouts(hook)
    stage.say(channel, "shout", {"n": 1})

    (error,) = stage.unhandled
    assert str(error) == (
        "on_message of 'room:1' cannot be awaited: make it a plain function"
    )
    assert heard["on"] == [{"n": 1}]
    stage.unhandled.clear()


def test_one_that_acts_on_its_channel_is_fine(stage, channel, heard):
    heard["inside"] = []

    def hook(event, payload, ref):
        if event == "shout":
            channel.push("from inside")
            channel.on("shout", heard["inside"].append)
        return payload

    channel.on_message = hook
    stage.say(channel, "shout", {"n": 1})

    assert stage.story[-1] == "from inside"
    assert heard["on"] == heard["inside"] == [{"n": 1}]


def test_one_that_is_set_late_and_taken_away_changes_what_comes_between(stage, channel):
    heard = []
    channel.on("shout", heard.append)
    stage.say(channel, "shout", 1)
    channel.on_message = lambda event, payload, ref: ("hooked", payload)
    channel.on("whisper", heard.append)
    stage.say(channel, "shout", 2)
    stage.say(channel, "whisper", 3)
    del channel.on_message
    stage.say(channel, "shout", 4)
    stage.say(channel, "whisper", 5)

    assert heard == [1, ("hooked", 2), ("hooked", 3), 4, 5]


class Counted(Channel):
    """A channel with a hook of its own, which counts."""

    def on_message(self, event, payload, ref):
        return {"overridden": payload} if event == "shout" else payload


@pytest.fixture
def counted(stage):
    channel = Counted(TOPIC, None, stage.socket)
    stage.connect()
    channel.join()
    stage.answer("phx_join")
    return channel


def test_an_assigned_one_takes_the_place_of_an_overridden_one(stage, counted):
    heard = []
    counted.on("shout", heard.append)
    counted.on_message = only_for_shouts(lambda event, payload, ref: {"assigned": 1})
    stage.say(counted, "shout", {"n": 1})

    assert heard == [{"assigned": 1}]


def test_an_assigned_one_may_call_the_overridden_one(stage, counted):
    heard, overridden = [], counted.on_message
    counted.on("shout", heard.append)
    counted.on_message = lambda *message: [overridden(*message)]
    stage.say(counted, "shout", {"n": 1})

    assert heard == [[{"overridden": {"n": 1}}]]


def test_to_delete_an_assigned_one_brings_the_overridden_one_back(stage, counted):
    heard = []
    counted.on("shout", heard.append)
    counted.on_message = lambda event, payload, ref: "assigned"
    del counted.on_message
    stage.say(counted, "shout", {"n": 1})

    assert heard == [{"overridden": {"n": 1}}]


async def test_one_runs_in_the_context_in_which_it_was_assigned():
    who, seen, transport = ContextVar("who", default="nobody"), [], FakeTransport()

    def assign():
        who.set("jo")
        channel.on_message = lambda event, payload, ref: seen.append(who.get()) or 1

    # Virtual time has no contexts; the loop of this test has.
    socket = Socket(URL, transport=transport, heartbeat=None)
    socket.connect()
    transport.attempt.open()
    channel = socket.channel(TOPIC)
    copy_context().run(assign)
    channel.messages.subscribe()
    transport.connection.receive(Message(None, None, TOPIC, "shout", {}))
    await socket.aclose()

    assert seen == ["jo"]
