"""Connecting, disconnecting, and the states between."""

import pytest

from rx_phoenix import Heartbeat
from tests.conformance.harness import hook_calls


class Ends(list):
    """What one outcome told an observer of it: each end, with its time."""

    def __init__(self, stage, outcome):
        super().__init__()
        outcome.subscribe(None, self.append, lambda: self.append(stage.scheduler.clock))


@pytest.mark.case(28)
@pytest.mark.defect(10)
def test_connect_leaves_a_wait_alone_and_reconnect_now_ends_it(stage):
    stage.socket.connect()
    stage.fail()

    stage.socket.connect()
    assert stage.attempts == 1
    stage.socket.reconnect_now()
    assert stage.attempts == 2


@pytest.mark.case(33)
def test_disconnect_says_goodbye_with_1000(stage):
    connection = stage.connect()

    stage.socket.disconnect()

    assert connection.closed_by_us == (1000, "")


@pytest.mark.case(33)
def test_disconnect_says_goodbye_with_a_code_and_no_reason(stage):
    connection = stage.connect()

    stage.socket.disconnect(4000)

    assert connection.closed_by_us == (4000, "")


@pytest.mark.case(38)
@pytest.mark.defect(28)
def test_disconnecting_twice_during_a_goodbye_ends_both(make_stage):
    stage = make_stage(answers_close=False)
    connection = stage.connect()

    first = Ends(stage, stage.socket.disconnect())
    stage.wait(1)
    second = Ends(stage, stage.socket.disconnect())
    stage.wait(10)

    assert len(first) == len(second) == 1
    assert not connection.is_open
    assert stage.attempts == 1


@pytest.mark.case(41)
def test_after_a_disconnect_and_a_connect_a_close_is_retried_once(stage):
    stage.connect()
    stage.socket.disconnect()
    stage.connect()

    stage.server.close(1001)
    stage.wait(0.01)

    assert stage.attempts == 3


@pytest.mark.case(43)
def test_a_joined_channel_errs_at_the_call_of_disconnect(make_stage):
    stage = make_stage(answers_close=False)
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)

    stage.socket.disconnect()

    assert reasons == [{"source": "transport", "reason": "connection_closed"}]
    assert channel.state == "errored"


@pytest.mark.case(46)
def test_after_a_disconnect_no_heartbeat_goes_and_none_is_missed(make_stage):
    stage = make_stage(heartbeat=Heartbeat(30, 30))
    stage.connect()
    stage.wait(29)

    stage.socket.disconnect()
    stage.wait(60)

    assert stage.story == []
    assert stage.attempts == 1


@pytest.mark.case(163)
def test_a_push_during_a_goodbye_waits_in_the_channel(make_stage):
    stage = make_stage(answers_close=False)
    channel = stage.joined()
    stage.socket.disconnect()

    calls = hook_calls(channel.push("note"))
    assert stage.story == ["phx_join"]
    stage.connect()
    assert stage.story == ["phx_join", "phx_join"]
    stage.answer("phx_join")

    assert stage.story == ["phx_join", "phx_join", "note"]
    stage.answer("note")
    assert calls == [("ok", {})]
