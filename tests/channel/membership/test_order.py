"""What one message brings about, in its order."""

import pytest

from rx_phoenix import Rejoin

EVENTS = ("shout", "phx_reply", "phx_error", "phx_close")


@pytest.fixture
def story():
    return []


@pytest.fixture
def stage(stage):
    stage.connect()
    return stage


@pytest.fixture
def listen(stage, story):
    """Write down everything that can be heard of a channel, in short words."""

    def listen(channel):
        def note(word):
            return lambda *_: story.append(word)

        def hook(event, payload, ref):
            story.append(f"hook {event}")
            return payload

        channel.on_message = hook
        channel.states.subscribe(lambda state: story.append(f"state {state}"))
        channel.joins.subscribe(note("joins"))
        for event in EVENTS:
            channel.on(event, note(f"on {event}"))
        channel.on_error(note("on_error"))
        channel.on_close(note("on_close"))
        channel.errors.subscribe(note("errors"))
        channel.closes.subscribe(note("closes"))
        channel.messages.subscribe(note("messages"))
        stage.socket.frames.subscribe(note("frames"))
        stage.socket.on_message(note("on_message"))
        stage.socket.sent.subscribe(lambda message: story.append(f"> {message.event}"))
        return channel

    return listen


def watch(story, push, name):
    for status in ("ok", "error", "timeout"):
        push.receive(status, lambda _, s=status: story.append(f"{name}.receive {s}"))
    push.subscribe(
        lambda _: story.append(f"{name} ok"), lambda _: story.append(f"{name} failed")
    )
    push.outcome.subscribe(lambda outcome: story.append(f"{name} {outcome.status}!"))


@pytest.mark.case(125)
def test_an_accepted_join(stage, story, listen):
    channel = listen(stage.channel())
    watch(story, channel.join(), "join")
    channel.joined.subscribe(lambda _: story.append("joined"))
    channel.session.subscribe(lambda _: story.append("session"))
    channel.push("first")
    channel.push("second")
    story.clear()
    stage.answer("phx_join")

    assert story == [
        "state joined",
        "join ok!",
        "join ok",
        "session",
        "joined",
        "joins",
        "> first",
        "> second",
        "join.receive ok",
        "hook phx_reply",
        "on phx_reply",
        "messages",
        "frames",
        "on_message",
    ]


def test_a_refused_join(stage, story, listen):
    channel = listen(stage.channel())
    watch(story, channel.join(), "join")
    channel.session.subscribe(None, lambda _: story.append("session failed"))
    story.clear()
    stage.answer("phx_join", "error")

    assert story == [
        "state errored",
        "join error!",
        "join failed",
        "join.receive error",
        "session failed",
        "hook phx_reply",
        "on phx_reply",
        "messages",
        "frames",
        "on_message",
    ]


def test_a_join_whose_params_raise(stage, story):
    failure = ValueError("mine")

    def params():
        raise failure

    channel = stage.channel(params=params)
    channel.states.subscribe(lambda state: story.append(f"state {state}"))
    stage.socket.unhandled.subscribe(lambda _: story.append("unhandled"))
    watch(story, channel.join(), "join")

    assert story == [
        "state closed",
        "state joining",
        "unhandled",
        "state errored",
        "join.receive timeout",
        "join failed",
        "join cancelled!",
    ]
    assert stage.unhandled == [failure]
    stage.unhandled.clear()


def test_a_join_that_is_refused_for_good(make_stage, story):
    stage = make_stage(rejoin=Rejoin(give_up=lambda _: True))
    stage.connect()
    channel = stage.channel()
    watch(story, channel.join(), "join")
    channel.states.subscribe(lambda state: story.append(f"state {state}"))
    channel.joined.subscribe(None, lambda _: story.append("joined failed"))
    channel.session.subscribe(None, lambda _: story.append("session failed"))
    channel.on_close(lambda *_: story.append("on_close"))
    story.clear()
    stage.answer("phx_join", "error")

    assert story == [
        "state errored",
        "join error!",
        "join failed",
        "join.receive error",
        "session failed",
        "joined failed",
        "state closed",
        "on_close",
    ]


@pytest.mark.case(194)
def test_an_answered_push(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.push("shout"), "push")
    story.clear()
    stage.answer("shout")

    assert story == [
        "push ok!",
        "push ok",
        "push.receive ok",
        "hook phx_reply",
        "on phx_reply",
        "messages",
        "frames",
        "on_message",
    ]


def test_an_event(stage, story, listen):
    channel = listen(stage.joined())
    story.clear()
    stage.say(channel, "shout")

    assert story == ["hook shout", "on shout", "messages", "frames", "on_message"]


def test_a_crash(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.push("shout"), "push")
    channel.session.subscribe(None, lambda _: story.append("session failed"))
    story.clear()
    stage.say(channel, "phx_error")

    assert story == [
        "state errored",
        "push cancelled!",
        "push failed",
        "push.receive timeout",
        "session failed",
        "hook phx_error",
        "on phx_error",
        "on_error",
        "errors",
        "messages",
        "frames",
        "on_message",
    ]


def test_a_crash_of_what_nobody_wants_any_more(stage, story, listen):
    channel = listen(stage.channel())
    channel.session.subscribe(None, lambda _: story.append("session failed"))
    stage.answer("phx_join")
    story.clear()
    stage.say(channel, "phx_error")

    assert story == [
        "state errored",
        "session failed",
        "hook phx_error",
        "on phx_error",
        "on_error",
        "errors",
        "messages",
        "state closed",
        "hook phx_close",
        "on phx_close",
        "on_close",
        "closes",
        "frames",
        "on_message",
    ]


def test_a_close_by_the_server(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.push("shout"), "push")
    channel.joined.subscribe(None, None, lambda: story.append("joined completed"))
    story.clear()
    stage.say(channel, "phx_close")

    assert story == [
        "state closed",
        "push cancelled!",
        "push failed",
        "push.receive timeout",
        "hook phx_close",
        "on phx_close",
        "on_close",
        "closes",
        "joined completed",
        "messages",
        "frames",
        "on_message",
    ]


def test_a_leave(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.join(), "join")
    watch(story, channel.push("shout"), "push")
    channel.joined.subscribe(None, None, lambda: story.append("joined completed"))
    story.clear()
    channel.leave()

    assert story == [
        "state leaving",
        "> phx_leave",
        "push cancelled!",
        "push failed",
        "push.receive timeout",
        "joined completed",
    ]
    stage.answer("phx_leave")


@pytest.mark.parametrize("end", ["an answer", "a close"])
def test_the_end_of_a_leave(stage, story, listen, end):
    channel = listen(stage.joined())
    watch(story, channel.leave(), "leave")
    story.clear()
    if end == "an answer":
        stage.answer("phx_leave")
    else:
        stage.say(channel, "phx_close")

    assert story == [
        "state closed",
        "leave ok!",
        "leave ok",
        "leave.receive ok",
        "hook phx_close",
        "on phx_close",
        "on_close",
        "closes",
        "frames",
        "on_message",
    ]


def test_a_reply_that_says_the_server_lost_the_channel(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.push("shout"), "push")
    watch(story, channel.push("other"), "other")
    story.clear()
    lost = {"status": "error", "response": {"reason": "unmatched topic"}}
    stage.receive("phx_reply", lost, ref=stage.server.last("shout").ref)

    assert story == [
        "state errored",
        "other cancelled!",
        "other failed",
        "other.receive timeout",
        "push error!",
        "push failed",
        "push.receive error",
        "hook phx_reply",
        "on phx_reply",
        "messages",
        "hook phx_error",
        "on phx_error",
        "on_error",
        "errors",
        "frames",
        "on_message",
    ]


def test_such_a_reply_where_nobody_wants_to_be_any_more(stage, story):
    channel = stage.channel()
    channel.session.subscribe(on_error=lambda _: story.append("session failed"))
    stage.answer("phx_join")
    watch(story, channel.push("shout"), "push")
    channel.states.subscribe(lambda state: story.append(f"state {state}"))
    channel.on_error(lambda _: story.append("on_error"))
    story.clear()
    stage.answer("shout", "error", {"reason": "unmatched topic"})

    assert story == [
        "state errored",
        "session failed",
        "push error!",
        "push failed",
        "push.receive error",
        "on_error",
        "state closed",
    ]


def test_the_loss_of_the_connection(stage, story, listen):
    channel = listen(stage.joined())
    watch(story, channel.push("shout"), "push")
    story.clear()
    stage.lose()

    assert story == [
        "state errored",
        "push lost!",
        "push failed",
        "push.receive timeout",
        "hook phx_error",
        "on phx_error",
        "on_error",
        "errors",
    ]


def test_the_end_of_the_socket(stage, story):
    channel = stage.joined()
    watch(story, channel.push("ask"), "push")
    for name in ("states", "joins", "session", "joined", "closes", "messages"):
        getattr(channel, name).subscribe(
            on_completed=lambda name=name: story.append(f"end of {name}")
        )
    channel.on_close(lambda *_: story.append("on_close"))
    story.clear()
    stage.socket.aclose()

    assert story == [
        "push cancelled!",
        "push failed",
        "push.receive timeout",
        "on_close",
        "end of joined",
        "end of session",
        "end of states",
        "end of joins",
        "end of closes",
        "end of messages",
    ]


# In order of registration.


@pytest.mark.parametrize("event", EVENTS)
def test_callbacks_and_taps_of_one_event_run_in_order_of_registration(
    stage, story, event
):
    channel = stage.joined()
    channel.on(event, lambda _: story.append(1))
    channel.events(event).subscribe(lambda _: story.append(2))
    if event == "phx_close":
        channel.on_close(lambda *_: story.append(3))
    elif event == "phx_error":
        channel.on_error(lambda *_: story.append(3))
    else:
        channel.on(event, lambda _: story.append(3))
    channel.events(event).subscribe(lambda _: story.append(4))
    channel.on(event, lambda _: story.append(5))
    if event == "phx_reply":
        channel.push("shout")
        stage.answer("shout")
    else:
        stage.say(channel, event)

    assert story == [1, 2, 3, 4, 5]


# What is emitted inside an emission waits its turn.


def test_the_state_changes_at_the_call_and_is_told_in_order(stage, story):
    channel = stage.channel()

    def leave(state):
        if state == "joined":
            channel.leave()
            story.append(f"it is {channel.state}")

    channel.states.subscribe(leave)
    channel.states.subscribe(story.append)
    channel.join()
    story.clear()
    stage.answer("phx_join")

    assert story == ["it is leaving", "joined", "leaving"]
    stage.answer("phx_leave")


def test_every_listener_sees_the_same_order(stage, story):
    channel = stage.joined()
    other = []

    def push_on(payload):
        story.append(payload["n"])
        if payload["n"] == 1:
            stage.say(channel, "shout", {"n": 2})

    channel.on("shout", push_on)
    channel.on("shout", lambda payload: other.append(payload["n"]))
    stage.say(channel, "shout", {"n": 1})

    assert story == other == [1, 2]


# Pushes made inside any of these keep their order on the wire.

PLACES = {
    "states": lambda channel, act: channel.states.subscribe(act),
    "join": lambda channel, act: channel.join().subscribe(act),
    "joined": lambda channel, act: channel.joined.subscribe(act),
    "session": lambda channel, act: channel.session.subscribe(act),
    "joins": lambda channel, act: channel.joins.subscribe(act),
    "receive": lambda channel, act: channel.join().receive("ok", act),
    "on": lambda channel, act: channel.on("phx_reply", act),
    "messages": lambda channel, act: channel.messages.subscribe(act),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_push_made_while_a_join_is_accepted_goes_after_those_that_waited(
    stage, place
):
    channel = stage.channel()
    channel.join()

    def act(event):
        if channel.state == "joined":
            channel.push("inside")

    PLACES[place](channel, act)
    channel.push("first")
    channel.push("second")
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "first", "second", "inside"]


def test_a_push_made_while_those_that_waited_are_sent_goes_last(stage):
    channel = stage.channel()
    channel.join()
    channel.push("first")
    channel.push("second")

    def act(message):
        if message.event == "first":
            channel.push("inside")

    stage.socket.sent.subscribe(act)
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "first", "second", "inside"]


def test_pushes_that_wait_stop_where_the_channel_is_left(stage):
    channel = stage.channel()
    channel.join()
    pushes = [channel.push(event) for event in ("first", "second", "third")]

    def act(message):
        if message.event == "first":
            channel.leave()

    stage.socket.sent.subscribe(act)
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "first", "phx_leave"]
    assert {push.status for push in pushes} == {"cancelled"}
    stage.answer("phx_leave")


def test_the_rest_of_what_waits_stays_where_the_connection_is_lost(stage):
    channel = stage.channel()
    channel.join()
    first, second = channel.push("first"), channel.push("second")

    def act(message):
        if message.event == "first" and first.ref == message.ref:
            stage.lose()

    stage.socket.sent.subscribe(act)
    stage.answer("phx_join")
    before = first.status, second.status
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")
    stage.answer("second")

    assert before == ("lost", None)
    assert second.status == "ok"
