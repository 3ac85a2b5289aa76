"""Heartbeats: when they go, what answers them, and what a missed one does."""

import pytest

from rx_phoenix import Heartbeat, HeartbeatMissed


@pytest.fixture
def beating(make_stage):
    """A stage with a heartbeat each second, connected to a peer that never closes."""
    stage = make_stage(heartbeat=Heartbeat(1.0, 1.0), answers_close=False)
    stage.connect()
    yield stage
    stage.socket.disconnect()


@pytest.mark.case(69)
def test_without_a_connection_no_heartbeat_goes(make_stage):
    stage = make_stage(heartbeat=Heartbeat(1.0, 1.0))
    stage.socket.connect()

    stage.wait(10)

    assert stage.story == []


@pytest.mark.case(71)
def test_a_reply_with_another_ref_is_no_answer(beating):
    beating.wait_until(1.3)
    beating.receive(
        "phx_reply", {"status": "ok", "response": {}}, ref="77", topic="phoenix"
    )
    beating.wait_until(3.0)

    # An answer would put the next heartbeat off until 2.3.
    assert beating.times("h") == [1.0, 2.0]
    assert beating.server.connections[0].closed_by_us is not None


@pytest.mark.case(75)
def test_a_missed_heartbeat_is_told_and_its_channels_err(beating):
    channel, reasons, happened = beating.joined(), [], []
    channel.on_error(reasons.append)
    beating.socket.lifecycle.subscribe(lambda event: happened.append(type(event)))

    beating.wait_until(2.0)

    assert reasons == [{"source": "transport", "reason": "heartbeat_timeout"}]
    assert happened[0] is HeartbeatMissed


@pytest.mark.case(77)
@pytest.mark.case(78)
@pytest.mark.case(79)
@pytest.mark.defect(9)
@pytest.mark.defect(28)
@pytest.mark.parametrize("buffered", [0, 5])
def test_after_a_missed_heartbeat_the_next_attempt_waits_for_no_goodbye(
    beating, buffered
):
    beating.transport.connection.buffered = buffered

    beating.scheduler.advance_before(2.01)
    assert beating.attempts == 1
    beating.wait_until(2.01)

    assert beating.attempts == 2


@pytest.mark.case(81)
def test_the_answer_to_a_heartbeat_reaches_the_socket_and_no_channel(beating):
    channel, on_channel, on_socket = beating.joined(), [], []
    channel.messages.subscribe(on_channel.append)
    beating.socket.on_message(on_socket.append)
    beating.wait_until(1.0)

    beating.answer("heartbeat")

    assert on_channel == []
    assert [(m.topic, m.event) for m in on_socket] == [("phoenix", "phx_reply")]
