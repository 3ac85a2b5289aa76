"""Which message reaches whom."""

import pytest

from rx_phoenix import ProtocolError
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
