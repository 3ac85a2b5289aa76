"""One channel a topic: whose it is, with which params, and for how long."""

import asyncio
import gc
import weakref

import pytest

from rx_phoenix import Channel, ChannelConflict, Message, Socket, UsageError
from rx_phoenix.testing import FakeTransport
from tests.conformance.harness import TOPIC, URL, hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


BUSY = {
    "joining": lambda stage, channel: channel.join(),
    "joined": lambda stage, channel: (channel.join(), stage.answer("phx_join")),
    "errored": lambda stage, channel: (
        channel.join().mark_seen(),
        stage.answer("phx_join", "error"),
    ),
    "leaving, and wanted": lambda stage, channel: (
        channel.join(),
        stage.answer("phx_join"),
        channel.leave(),
        channel.join(),
    ),
    "leased": lambda stage, channel: channel.joined.subscribe(),
}
IDLE = {
    "new": lambda stage, channel: None,
    "left": lambda stage, channel: (channel.join(), channel.leave()),
    "leaving": lambda stage, channel: (
        channel.join(),
        stage.answer("phx_join"),
        channel.leave(),
    ),
    "listened to": lambda stage, channel: channel.on("shout", print),
}


# One object a topic.


@pytest.mark.case(114)
@pytest.mark.defect(16)
@pytest.mark.parametrize("life", [*BUSY, *IDLE])
def test_a_topic_keeps_its_channel(stage, life):
    stage.connect()
    channel = stage.channel(params={"a": 1})
    (BUSY | IDLE)[life](stage, channel)

    assert stage.socket.channel(TOPIC) is channel
    assert stage.socket.channel(TOPIC, {"a": 1}) is channel


@pytest.mark.parametrize("life", BUSY)
def test_other_params_conflict_while_it_is_wanted(stage, notes, life):
    stage.connect()
    channel = stage.channel(params={"a": 1})
    BUSY[life](stage, channel)
    with pytest.raises(ChannelConflict) as raised:
        stage.socket.channel(TOPIC, {"a": 2})
    stage.socket.stream(TOPIC, params={"a": 2}).subscribe(notes)

    assert str(raised.value) == (
        "'room:1' is in use with other params: leave it first, or call channel() "
        "without params to share it"
    )
    assert [type(error) for error in notes.errors] == [ChannelConflict]


@pytest.mark.parametrize("life", IDLE)
@pytest.mark.parametrize("way", ["channel", "stream"])
def test_other_params_are_taken_while_nobody_wants_it(stage, life, way):
    stage.connect()
    channel = stage.channel(params={"a": 1})
    IDLE[life](stage, channel)
    if way == "channel":
        stage.socket.channel(TOPIC, {"a": 2}).join()
    else:
        stage.socket.stream(TOPIC, params={"a": 2}).subscribe()
    if life in {"left", "leaving"}:
        stage.answer("phx_leave")

    assert stage.socket.channel(TOPIC) is channel
    assert stage.server.last("phx_join").payload == {"a": 2}


def test_left_out_params_never_conflict(stage):
    stage.connect()
    channel = stage.channel(params={"a": 1})
    channel.join()
    stage.socket.stream(TOPIC).subscribe()

    assert stage.socket.channel(TOPIC) is channel
    assert len(stage.server.sent("phx_join")) == 1


def test_a_function_conflicts_with_any_other(stage):
    def params():
        return {}

    channel = stage.channel(params=params)
    channel.join()

    assert stage.socket.channel(TOPIC, params) is channel
    with pytest.raises(ChannelConflict):
        stage.socket.channel(TOPIC, dict)


# Held, or not.


@pytest.mark.parametrize("life", [*BUSY, "listened to"])
def test_a_busy_channel_is_held(stage, life):
    stage.connect()
    channel = stage.channel()
    (BUSY | IDLE)[life](stage, channel)
    reference = weakref.ref(channel)
    del channel
    gc.collect()

    assert reference() is not None
    assert stage.socket.channel(TOPIC) is reference()


@pytest.mark.parametrize("life", ["new", "left"])
def test_an_idle_channel_is_held_by_nobody(stage, life):
    stage.connect()
    channel = stage.channel()
    IDLE[life](stage, channel)
    if life == "left":
        stage.answer("phx_leave")
    reference = weakref.ref(channel)
    del channel
    gc.collect()

    assert reference() is None


def test_a_channel_whose_last_listener_went_is_held_by_nobody(stage):
    channel = stage.channel()
    ref = channel.on("shout", print)
    channel.events("shout").subscribe().dispose()
    channel.states.subscribe().dispose()
    channel.off("shout", ref)
    reference = weakref.ref(channel)
    del channel
    gc.collect()

    assert reference() is None


def test_a_new_channel_may_have_other_params_than_a_forgotten_one(stage):
    stage.channel(params={"a": 1})
    gc.collect()
    stage.channel(params={"a": 2}).join()
    stage.open()

    assert stage.server.last("phx_join").payload == {"a": 2}


# Made by hand.


def test_a_channel_can_be_made_by_hand(stage):
    channel = Channel(TOPIC, {"a": 1}, stage.socket)
    channel.join()
    stage.open()
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert stage.server.last("phx_join").payload == {"a": 1}
    assert stage.socket.channel(TOPIC) is channel


@pytest.mark.parametrize("want", ["join", "joined", "session", "stream"])
def test_it_registers_at_its_first_want(stage, notes, want):
    other = stage.channel()
    channel = Channel(TOPIC, None, stage.socket)
    del other
    gc.collect()
    if want == "join":
        channel.join()
    else:
        source = channel.stream() if want == "stream" else getattr(channel, want)
        source.subscribe(notes)

    assert stage.socket.channel(TOPIC) is channel


@pytest.mark.case(141)
@pytest.mark.defect(16)
@pytest.mark.parametrize("want", ["join", "joined", "session", "stream"])
def test_a_taken_topic_is_a_conflict(stage, notes, want):
    stage.joined()
    channel = Channel(TOPIC, None, stage.socket)
    if want == "join":
        with pytest.raises(ChannelConflict, match="has a channel already"):
            channel.join()
    else:
        source = channel.stream() if want == "stream" else getattr(channel, want)
        source.subscribe(notes)
        assert [type(error) for error in notes.errors] == [ChannelConflict]

    assert channel.state == "closed"
    assert not channel.is_wanted
    assert stage.channel().state == "joined"
    assert stage.story == ["phx_join"]


def test_its_socket_may_be_set_later(stage):
    channel, heard_of = Channel(TOPIC), []
    channel.on("shout", heard_of.append)
    channel.socket = stage.socket
    channel.join()
    stage.open()
    stage.answer("phx_join")
    stage.say(channel, "shout", {"n": 1})

    assert channel.state == "joined"
    assert heard_of == [{"n": 1}]


def test_without_a_socket_it_says_so():
    channel = Channel(TOPIC)
    for act in (channel.join, channel.leave):
        with pytest.raises(UsageError, match="has no socket: give it one"):
            act()

    assert channel.state == "closed"
    assert repr(channel) == "<Channel 'room:1': closed>"


def test_without_a_socket_what_nobody_handles_is_logged(caplog):
    channel, boom = Channel(TOPIC), RuntimeError("boom")

    def fail(_):
        raise boom

    channel.states.subscribe(fail)

    (record,) = caplog.records
    assert record.exc_info[1] is boom
    assert "room:1" in record.getMessage()


def test_a_closed_one_can_be_joined_again(stage):
    channel = Channel(TOPIC, None, stage.socket)
    channel.join()
    channel.leave()
    channel.join()
    stage.open()
    stage.answer("phx_join")

    assert channel.state == "joined"


# Removed.


@pytest.mark.case(195)
def test_a_removal_leaves_and_completes_everything_then(stage, notes):
    channel = stage.joined()
    states = RecordingObserver()
    channel.states.subscribe(states)
    channel.joined.subscribe(notes)
    leave = stage.socket.remove(channel)
    calls = hook_calls(leave)
    before = states.is_open
    stage.answer("phx_leave")

    assert before
    assert calls == [("ok", {})]
    assert states == RecordingObserver(["joined", "leaving", "closed"], [], 1)
    assert notes.completions == 1
    assert stage.wire[-1] == Message("1", "2", TOPIC, "phx_leave", {})


async def test_a_removal_from_another_thread_is_refused_and_changes_nothing():
    # Virtual time has no threads; the loop of this test has.
    transport = FakeTransport()
    socket = Socket(URL, transport=transport, heartbeat=None)
    socket.connect()
    transport.attempt.open()
    channel = socket.channel(TOPIC)
    channel.join()

    with pytest.raises(UsageError, match="belongs to another event loop"):
        await asyncio.to_thread(socket.remove, channel)
    assert socket.channel(TOPIC) is channel
    assert channel.state == "joining"
    await socket.aclose()


@pytest.mark.case(195)
@pytest.mark.parametrize("life", [*BUSY, *IDLE])
def test_a_topic_is_free_once_its_channel_is_removed(stage, life):
    stage.connect()
    channel = stage.channel(params={"a": 1})
    (BUSY | IDLE)[life](stage, channel)
    stage.socket.remove(channel)
    successor = stage.socket.channel(TOPIC, {"a": 2})

    assert successor is not channel
    assert stage.socket.channel(TOPIC) is successor


@pytest.mark.parametrize("want", ["join", "joined", "session", "stream"])
def test_a_removed_channel_cannot_be_used_again(stage, notes, want):
    channel = stage.joined()
    stage.socket.remove(channel)
    stage.answer("phx_leave")
    if want == "join":
        with pytest.raises(UsageError, match="was removed: get a new one"):
            channel.join()
    else:
        source = channel.stream() if want == "stream" else getattr(channel, want)
        source.subscribe(notes)
        assert [type(error) for error in notes.errors] == [UsageError]


@pytest.mark.parametrize("want", ["join", "joined", "session", "stream"])
def test_nor_while_its_leave_is_not_answered(stage, notes, want):
    channel = stage.joined()
    stage.socket.remove(channel)
    if want == "join":
        with pytest.raises(UsageError, match="was removed: get a new one"):
            channel.join()
    else:
        source = channel.stream() if want == "stream" else getattr(channel, want)
        source.subscribe(notes)
        assert [type(error) for error in notes.errors] == [UsageError]
    stage.answer("phx_leave")

    assert channel.state == "closed"


def test_removing_twice_is_as_once(stage):
    channel = stage.joined()
    first = stage.socket.remove(channel)
    second = stage.socket.remove(channel)
    stage.answer("phx_leave")
    stage.socket.remove(channel)

    assert second is first
    assert len(stage.server.sent("phx_leave")) == 1


def test_removing_again_does_not_hurt_the_successor(stage):
    channel = stage.joined()
    stage.socket.remove(channel)
    stage.answer("phx_leave")
    successor = stage.joined()
    stage.socket.remove(channel)
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.answer("phx_join")

    assert successor.state == "joined"


def test_a_successor_waits_for_the_answer_to_the_leave(stage):
    channel = stage.joined()
    stage.socket.remove(channel)
    successor = stage.channel()
    calls = hook_calls(successor.join())
    push = successor.push("shout")
    before = stage.story
    stage.answer("phx_leave")
    stage.answer("phx_join")
    stage.answer("shout")

    assert before == ["phx_join", "phx_leave"]
    assert stage.story == ["phx_join", "phx_leave", "phx_join", "shout"]
    assert calls == [("ok", {})]
    assert push.status == "ok"


@pytest.mark.parametrize("end", ["timeout", "phx_close", "phx_error", "loss"])
def test_a_successor_joins_after_every_kind_of_end(stage, end):
    channel = stage.joined()
    stage.socket.remove(channel)
    successor = stage.channel()
    successor.join(timeout=60)
    if end == "timeout":
        stage.wait(10)
    elif end == "loss":
        stage.lose()
        stage.wait(1)
        stage.open()
    else:
        stage.say(channel, end)
    stage.answer("phx_join")

    assert successor.state == "joined"


def test_a_message_of_the_old_join_does_not_reach_the_successor(stage):
    channel = stage.joined()
    stage.socket.remove(channel)
    successor, heard_of = stage.channel(), []
    successor.messages.subscribe(heard_of.append)
    successor.join()
    stage.say(channel, "shout", {"n": 1})
    stage.answer("phx_leave")
    stage.receive("phx_close", join_ref="1", ref="1")
    stage.answer("phx_join")

    assert [message.event for message in heard_of] == ["phx_reply"]
    assert successor.state == "joined"


def test_a_whole_line_of_successors_waits_its_turn(stage):
    first = stage.joined()
    stage.socket.remove(first)
    second = stage.channel()
    second.join()
    stage.socket.remove(second)
    third = stage.channel()
    third.join()
    before = stage.story
    stage.answer("phx_leave")
    stage.answer("phx_join")

    assert before == ["phx_join", "phx_leave"]
    assert second.state == "closed"
    assert third.state == "joined"


def test_a_removed_channel_keeps_no_callback_alive(stage):
    class Owner:
        def take(self, payload):
            """Do nothing with it."""

    owner, channel = Owner(), stage.joined()
    gone = weakref.ref(owner)
    channel.on("shout", owner.take)
    stage.socket.remove(channel)
    stage.answer("phx_leave")
    del owner
    gc.collect()

    assert gone() is None
    assert channel.state == "closed"


def test_pushes_of_a_removed_channel_are_cancelled(stage):
    channel = stage.joined()
    push = channel.push("shout")
    stage.socket.remove(channel)
    stage.answer("phx_leave")

    assert push.status == "cancelled"


def test_a_successor_may_be_wanted_inside_the_end_of_its_predecessor(stage):
    channel = stage.joined()
    channel.states.subscribe(
        on_completed=lambda: stage.socket.channel(TOPIC, {"n": 2}).join()
    )
    stage.socket.remove(channel)
    stage.answer("phx_leave")
    stage.answer("phx_join")

    assert stage.socket.channel(TOPIC) is not channel
    assert stage.channel().state == "joined"
    assert stage.server.last("phx_join").payload == {"n": 2}


def test_a_refused_leave_of_a_removed_channel_is_nobodys_affair(stage):
    stage.socket.remove(stage.joined())
    stage.answer("phx_leave", "error")
    gc.collect()

    assert stage.unhandled == []


def test_another_sockets_channel_is_not_removed(make_stage):
    mine, others = make_stage(), make_stage()
    channel = others.channel()

    with pytest.raises(ChannelConflict, match="not of this socket"):
        mine.socket.remove(channel)

    assert others.socket.channel(TOPIC) is channel


# What has no name.

NAMELESS = {
    "channel": lambda stage, channel, name: stage.socket.channel(name),
    "Channel": lambda stage, channel, name: Channel(name),
    "push": lambda stage, channel, name: channel.push(name),
    "on": lambda stage, channel, name: channel.on(name, print),
    "events": lambda stage, channel, name: channel.events(name),
}


@pytest.mark.parametrize("call", NAMELESS)
def test_a_name_that_is_no_text_is_refused_at_the_call(stage, call):
    stage.connect()
    channel = stage.joined()

    what = "a topic" if call in {"channel", "Channel"} else "an event"
    for name in (None, 3, b"room:1"):
        with pytest.raises(UsageError, match=f"the name of {what} must be a string"):
            NAMELESS[call](stage, channel, name)
