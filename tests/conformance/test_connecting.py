"""Connecting, disconnecting, and the states between."""

import pytest

from rx_phoenix import Closed, Heartbeat, Opened
from tests.conformance.harness import hook_calls


@pytest.fixture
def secret_options():
    """No secrets: addresses are compared as a whole."""
    return {}


class Ends(list):
    """What one outcome told an observer of it: each end, with its time."""

    def __init__(self, stage, outcome):
        super().__init__()
        outcome.subscribe(None, self.append, lambda: self.append(stage.scheduler.clock))


@pytest.mark.case(22)
def test_connect_begins_an_attempt_at_the_endpoint(stage):
    stage.socket.connect()

    endpoint = stage.transport.attempt.endpoint
    assert endpoint.address("websocket") == (
        "ws://localhost/socket/websocket?vsn=2.0.0"
    )


@pytest.mark.case(23)
def test_connecting_twice_is_one_attempt(stage):
    stage.socket.connect()
    stage.socket.connect()
    assert stage.attempts == 1

    stage.open()
    stage.socket.connect()
    assert stage.attempts == 1


@pytest.mark.case(25)
def test_a_socket_that_never_connected_is_closed(stage):
    assert stage.socket.state == "closed"


@pytest.mark.case(26)
def test_the_state_follows_the_connection(make_stage):
    stage = make_stage(answers_close=False)
    states = []
    stage.socket.states.subscribe(states.append)

    stage.connect()
    stage.socket.disconnect()
    stage.transport.connection.finish_close()

    assert states == ["closed", "connecting", "open", "closing", "closed"]


@pytest.mark.case(28)
@pytest.mark.defect(10)
def test_connect_leaves_a_wait_alone_and_reconnect_now_ends_it(stage):
    stage.socket.connect()
    stage.fail()

    stage.socket.connect()
    assert stage.attempts == 1
    stage.socket.reconnect_now()
    assert stage.attempts == 2


@pytest.mark.case(29)
def test_disconnecting_what_was_never_connected_ends_at_once(stage):
    ended = Ends(stage, stage.socket.disconnect())

    assert ended == [0]
    assert stage.attempts == 0


@pytest.mark.case(30)
@pytest.mark.case(31)
def test_each_disconnect_ends_once(stage):
    stage.connect()

    first = Ends(stage, stage.socket.disconnect())
    second = Ends(stage, stage.socket.disconnect())
    stage.wait(10)

    assert (first, second) == ([0], [0])
    assert stage.socket.state == "closed"


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


@pytest.mark.case(34)
@pytest.mark.case(35)
def test_a_silent_peer_holds_a_disconnect_up_for_two_seconds(make_stage):
    stage = make_stage(answers_close=False)
    stage.connect().buffered = 1

    ended = Ends(stage, stage.socket.disconnect())
    stage.wait(1.9)
    assert ended == []
    stage.wait(0.1)

    assert ended == [2.0]
    assert stage.socket.state == "closed"


@pytest.mark.case(37)
@pytest.mark.defect(28)
def test_connecting_during_a_goodbye_opens_a_connection_that_stays(make_stage):
    stage = make_stage(answers_close=False)
    old = stage.connect()
    old.buffered = 1

    ended = Ends(stage, stage.socket.disconnect())
    stage.wait(0.15)
    new = stage.connect()
    stage.wait(10)

    assert ended == [2.0]
    assert stage.attempts == 2
    assert (old.is_open, new.is_open) == (False, True)
    assert stage.socket.state == "open"
    new.close_from_server()


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


@pytest.mark.case(39)
def test_disconnecting_during_a_wait_ends_the_retries(stage):
    stage.socket.connect().subscribe(None, lambda _: None)
    stage.fail()

    stage.socket.disconnect()
    stage.wait(20)

    assert stage.attempts == 1


@pytest.mark.case(41)
def test_after_a_disconnect_and_a_connect_a_close_is_retried_once(stage):
    stage.connect()
    stage.socket.disconnect()
    stage.connect()

    stage.server.close(1001)
    stage.wait(0.01)

    assert stage.attempts == 3


@pytest.mark.case(42)
@pytest.mark.defect(32)
def test_the_close_of_a_disconnect_is_told_with_code_and_reason(stage):
    closes = []
    stage.socket.on_close(closes.append)
    stage.connect()

    stage.socket.disconnect(4000, "why")

    assert closes == [Closed(4000, "why", clean=True)]


@pytest.mark.defect(32)
def test_the_close_of_a_disconnect_is_told_when_the_peer_is_silent(make_stage):
    stage = make_stage(answers_close=False)
    closes = []
    stage.socket.on_close(closes.append)
    stage.connect()

    stage.socket.disconnect()
    stage.wait(2)

    assert closes == [Closed(1000, "", clean=False)]


@pytest.mark.case(43)
def test_a_joined_channel_errs_at_the_call_of_disconnect(make_stage):
    stage = make_stage(answers_close=False)
    channel, reasons = stage.joined(), []
    channel.on_error(reasons.append)

    stage.socket.disconnect()

    assert reasons == [{"source": "transport", "reason": "connection_closed"}]
    assert channel.state == "errored"


@pytest.mark.case(45)
@pytest.mark.defect(28)
def test_the_late_goodbye_of_an_old_connection_leaves_the_new_one_alone(make_stage):
    stage = make_stage(answers_close=False)
    old = stage.connect()

    stage.socket.disconnect()
    new = stage.connect()
    old.finish_close()
    stage.wait(10)

    assert stage.attempts == 2
    assert new.is_open
    new.close_from_server()


@pytest.mark.case(46)
def test_after_a_disconnect_no_heartbeat_goes_and_none_is_missed(make_stage):
    stage = make_stage(heartbeat=Heartbeat(30, 30))
    stage.connect()
    stage.wait(29)

    stage.socket.disconnect()
    stage.wait(60)

    assert stage.story == []
    assert stage.attempts == 1


@pytest.mark.case(47)
def test_a_push_that_waits_survives_a_disconnect(stage):
    channel = stage.joined()
    stage.socket.disconnect()
    push = channel.push("note", {"n": 1})

    stage.connect()
    stage.answer("phx_join")
    stage.answer("note")

    assert push.status == "ok"
    assert stage.server.connections[1].messages[-1].payload == {"n": 1}


@pytest.mark.defect(28)
def test_an_attempt_that_is_given_up_is_abandoned_at_once(stage):
    stage.socket.connect().subscribe(None, lambda _: None)

    stage.socket.disconnect()

    assert stage.transport.attempt.is_disposed
    assert stage.socket.state == "closed"


@pytest.mark.defect(33)
def test_the_first_open_can_be_awaited(stage):
    opened = []

    async def wait_for_it():
        await stage.socket.connect()
        opened.append(stage.scheduler.clock)

    stage.scheduler.spawn(wait_for_it(), lambda _: None, stage.unhandled.append)
    stage.wait(1)
    stage.open()
    stage.wait(0)

    assert opened == [1.0]


@pytest.mark.defect(33)
def test_the_connection_is_a_stream_of_its_opens(stage):
    opens = []
    lease = stage.socket.connection.subscribe(opens.append)
    stage.open()
    stage.lose()
    stage.wait(0.01)
    stage.open()

    lease.dispose()

    assert opens == [Opened(), Opened()]
    assert stage.socket.state == "closed"


@pytest.mark.defect(29)
def test_a_hint_from_outside_skips_the_wait(stage):
    stage.connect()
    stage.lose()

    stage.socket.reconnect_now()

    assert stage.attempts == 2


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
