"""Which message reaches whom."""

import pytest

from rx_phoenix import Message, ProtocolError
from tests.conformance.harness import TOPIC, hook_calls


def listen(channel, event="event"):
    """The payloads that a listener of an event hears."""
    payloads = []
    channel.on(event, payloads.append)
    return payloads


@pytest.mark.case(97)
def test_a_message_reaches_the_channel_of_its_topic_alone(stage):
    stage.connect()
    on_topic = listen(stage.channel("topic"))
    off_topic = listen(stage.channel("off-topic"))

    stage.transport.connection.receive('[null,"ref","topic","event","payload"]')

    assert on_topic == ["payload"]
    assert off_topic == []


@pytest.mark.case(98)
def test_the_socket_hears_every_message_whole(stage):
    messages = []
    stage.socket.on_message(messages.append)
    stage.connect()

    stage.transport.connection.receive('["1","ref","topic","event","payload"]')

    assert messages == [Message("1", "ref", "topic", "event", "payload")]


@pytest.mark.case(99)
def test_a_channel_hears_a_message_before_its_socket_does(stage):
    story = []
    stage.socket.on_message(lambda _: story.append("socket"))
    stage.connect()
    stage.channel().on("event", lambda _: story.append("channel"))

    stage.receive("event")

    assert story == ["channel", "socket"]


@pytest.mark.case(101)
@pytest.mark.parametrize("join_ref", [None, ""])
def test_a_message_that_belongs_to_no_join_is_heard(stage, join_ref):
    payloads = listen(stage.joined())

    stage.receive("event", 1, join_ref=join_ref)

    assert payloads == [1]


@pytest.mark.case(101)
def test_a_message_of_another_join_is_dropped(stage):
    payloads = listen(stage.joined())

    stage.receive("event", 1, join_ref="77")

    assert payloads == []


@pytest.mark.case(102)
def test_a_join_ref_that_is_a_number_matches_no_join(stage):
    channel, errors = stage.joined(), []
    payloads = listen(channel)
    stage.socket.lifecycle.subscribe(errors.append)

    stage.transport.connection.receive(f'[{channel.join_ref},null,"{TOPIC}","event",1]')

    assert payloads == []
    assert isinstance(errors[0], ProtocolError)


@pytest.mark.case(103)
def test_a_broadcast_reaches_a_channel_that_never_joined(stage):
    stage.connect()
    payloads = listen(stage.channel())

    stage.receive("event", 1)

    assert payloads == [1]


@pytest.mark.case(105)
def test_a_reply_of_another_topic_answers_nothing(stage):
    channel = stage.joined()
    push = channel.push("note")
    other = stage.joined("room:2")

    stage.receive(
        "phx_reply",
        {"status": "ok", "response": {}},
        join_ref=other.join_ref,
        ref=push.ref,
        topic="room:2",
    )

    assert push.status is None


@pytest.mark.case(105)
def test_a_reply_with_an_unknown_ref_answers_nothing(stage):
    channel = stage.joined()
    calls = hook_calls(channel.push("note"))

    stage.receive("phx_reply", {"status": "ok", "response": {}}, ref="77")

    assert calls == []


@pytest.mark.case(106)
def test_after_a_join_timed_out_its_messages_are_dropped_and_broadcasts_heard(stage):
    stage.connect()
    channel = stage.channel()
    channel.join().mark_seen()
    payloads, join_ref = listen(channel), channel.join_ref
    stage.wait(10)

    stage.receive("event", "of the old join", join_ref=join_ref)
    stage.receive("event", "broadcast")

    assert payloads == ["broadcast"]


@pytest.mark.case(110)
def test_off_removes_just_the_callbacks_that_are_named(stage):
    kept, removed = [], []
    stage.socket.on_message(kept.append)
    ref = stage.socket.on_message(removed.append)
    stage.connect()

    stage.socket.off(ref)
    stage.receive("event")

    assert len(kept) == 1
    assert removed == []


@pytest.mark.case(110)
def test_off_removes_callbacks_of_every_kind(stage):
    calls = []
    refs = [
        stage.socket.on_open(lambda: calls.append("open")),
        stage.socket.on_close(calls.append),
        stage.socket.on_error(calls.append),
    ]

    stage.socket.off(*refs)
    stage.connect()
    stage.lose()
    stage.wait(0.01)
    stage.fail()

    assert calls == []


@pytest.mark.defect(20)
@pytest.mark.parametrize("event", ["phx_close", "phx_error"])
def test_a_broadcast_that_is_named_like_the_lifecycle_does_not_move_it(stage, event):
    channel = stage.joined()

    stage.receive(event, {"reason": "imitated"})

    assert channel.state == "joined"


@pytest.mark.defect(22)
@pytest.mark.parametrize(
    "frame", ["no json", "[]", "[1,2,3,4,5]", "{}", b"\x05", b"\x00\xff"]
)
def test_what_is_not_a_frame_is_reported_and_the_connection_lives(stage, frame):
    happened = []
    payloads = listen(stage.joined())
    stage.socket.lifecycle.subscribe(happened.append)

    stage.transport.connection.receive(frame)
    stage.receive("event", 1)

    (error,) = happened
    assert isinstance(error, ProtocolError)
    assert payloads == [1]
