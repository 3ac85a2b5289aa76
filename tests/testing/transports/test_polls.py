"""A long poll whose server is the test."""

import pytest

from rx_phoenix import ConnectError, Message, UsageError
from rx_phoenix.testing import FakeLongPollTransport


@pytest.fixture
def polls(phx):
    polls = FakeLongPollTransport(poll_timeout=5, send_timeout=2)
    phx.use(transport=polls, heartbeat=None)
    return polls


@pytest.fixture
def joining(phx, polls):
    """The request that sends a join, in a session that was opened."""
    phx.record(phx.socket.channel("room:1").joined)
    phx.run(server="-")
    polls.poll.answer(status=410, token="t")
    phx.run(server="-")
    return polls.sending


def reply_to(message, response):
    payload = {"status": "ok", "response": response}
    return Message(message.join_ref, message.ref, message.topic, "phx_reply", payload)


def test_a_channel_is_joined_over_polls(phx, polls, joining):
    (join,) = joining.messages
    joining.answer()
    polls.poll.answer(reply_to(join, {"n": 1}), Message("1", None, "room:1", "a", 2))
    phx.run(server="-")

    assert phx.socket.channel("room:1").state == "joined"
    assert polls.unanswered == [polls.poll]


@pytest.mark.parametrize("payload", [{"n": 1}, b"abc"])
def test_messages_are_carried_both_ways(phx, polls, joining, payload):
    joining.answer()
    polls.poll.answer(reply_to(joining.messages[0], {}))
    phx.run(server="-")

    push = phx.socket.channel("room:1").push("echo", payload)
    phx.run(server="-")
    (message,) = polls.sending.messages
    polls.poll.answer(reply_to(message, message.payload))

    assert phx.wait_for(push) == payload


def test_a_poll_without_an_answer_ends_the_session(phx, polls, joining):
    joining.answer()
    closes = phx.record(phx.socket.lifecycle)
    phx.run(server=" 5s -")

    assert "no answer within 5 s" in str(closes[0].notification.value)
    assert phx.socket.state == "closed"


def test_a_poll_that_brings_nothing_is_followed_by_another(phx, polls, joining):
    joining.answer()
    first = polls.poll
    first.answer(status=204)
    phx.run(server=" 1s ")

    assert polls.poll is not first
    assert phx.socket.state == "open"


@pytest.mark.parametrize("status", [None, 502])
def test_an_attempt_fails(phx, polls, status):
    failures = phx.record(phx.socket.lifecycle)
    phx.socket.connect()
    phx.run(server="-")
    polls.poll.fail("nothing listens there", status=status)
    phx.run(server="-")

    error = failures[0].notification.value.error
    assert isinstance(error, ConnectError)
    assert error.status == status


def test_a_request_is_answered_once(phx, polls):
    phx.socket.connect()
    phx.run(server="-")
    poll = polls.poll
    poll.answer(status=410, token="t")

    with pytest.raises(UsageError, match="has ended"):
        poll.fail()


def test_a_request_that_was_not_made_cannot_be_answered(polls):
    with pytest.raises(UsageError, match="no poll waits for an answer"):
        polls.poll.answer()
    with pytest.raises(UsageError, match="no request that sends waits"):
        polls.sending.answer()
