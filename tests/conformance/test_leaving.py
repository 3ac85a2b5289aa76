"""Leaving, the server's close, and errors."""

import pytest

from rx_phoenix import PushTimeout
from tests.conformance.harness import hook_calls


def closes_of(channel):
    """The arguments of each call of a close callback."""
    calls = []
    channel.on_close(lambda *arguments: calls.append(arguments))
    return calls


@pytest.mark.case(170)
@pytest.mark.defect(1)
def test_a_leave_without_an_answer_ends_at_its_timeout(stage):
    channel = stage.joined()
    closes, failures = closes_of(channel), []
    leave = channel.leave(timeout=3)
    leave.subscribe(None, failures.append)
    calls = hook_calls(leave)

    stage.scheduler.advance_before(3)
    assert channel.state == "leaving"
    stage.wait_until(3)

    assert channel.state == "closed"
    assert [type(error) for error in failures] == [PushTimeout]
    assert calls == [("timeout", {})]
    assert closes == [("leave", None, "1")]


@pytest.mark.case(175)
def test_leaving_in_an_error_callback_ends_the_rejoins(stage):
    channel = stage.joined()
    channel.on_error(lambda _: channel.leave())

    stage.say(channel, "phx_error")
    stage.wait(60)

    assert channel.state == "closed"
    assert stage.times("J") == [0]


@pytest.mark.case(177)
def test_after_a_leave_the_loss_of_the_connection_is_no_error(stage):
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)
    channel.leave()
    stage.answer("phx_leave")
    stage.socket.connect()

    stage.lose()

    assert reasons == []
    assert channel.state == "closed"


@pytest.mark.case(178)
def test_the_loss_of_the_connection_is_an_error_of_a_channel_that_joins(stage):
    stage.connect()
    channel, reasons = stage.channel(), []
    channel.on_error(reasons.append)
    channel.join().mark_seen()

    stage.lose()

    assert channel.state == "errored"
    assert reasons == [{"source": "transport", "reason": "connection_closed"}]


@pytest.mark.case(184)
@pytest.mark.defect(19)
def test_a_channel_left_before_its_join_can_be_joined(stage):
    stage.connect()
    channel = stage.channel()
    channel.leave()

    channel.join()
    stage.answer("phx_join")

    assert channel.state == "joined"
