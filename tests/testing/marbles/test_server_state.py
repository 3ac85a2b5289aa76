"""State of the fake server."""

import pytest

from rx_phoenix._protocol.message import Message
from rx_phoenix.testing._marbles.actions import Connects
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane
from rx_phoenix.testing._marbles.server_state import Impossible, ServerState
from rx_phoenix.testing._transports.fake import FakeTransport

JOIN = Message("1", "1", "room:1", "phx_join", {})
OTHER = Message("2", "2", "room:2", "phx_join", {})
LEAVE = Message("1", "3", "room:1", "phx_leave", {})
PUSH = Message("1", "4", "room:1", "new_msg", {})
LATER = Message("1", "5", "room:1", "new_msg", {})


class Client:
    """A client that acts on a fake transport and records its actions."""

    def __init__(self):
        self.lane = ClientLane()
        self.state = ServerState(self.lane)
        self.transport = FakeTransport()

    def connect(self):
        self.transport.connect(None).subscribe(on_error=lambda _: None)
        self.does(Connects())

    def does(self, *actions):
        for action in actions:
            item = Actual(0, action, self.transport.attempt)
            self.lane.done.append(item)
            self.state.record(item)


@pytest.fixture
def client():
    client = Client()
    client.connect()
    return client


@pytest.fixture
def state(client):
    client.transport.attempt.open()
    return client.state


def test_an_attempt_is_pending_until_it_is_decided(client):
    assert client.state.pending() is client.transport.attempt

    client.transport.attempt.open()
    with pytest.raises(Impossible, match="no attempt to connect is pending"):
        client.state.pending()


def test_without_an_attempt_nothing_is_pending():
    with pytest.raises(Impossible, match="no attempt to connect is pending"):
        ServerState(ClientLane()).pending()


def test_an_open_connection_is_known(client, state):
    assert state.connection() is client.transport.connection

    client.transport.connection.lose()
    with pytest.raises(Impossible, match="no connection is open"):
        state.connection()


def test_without_a_connection_nothing_can_be_answered(client):
    client.does(PUSH)

    with pytest.raises(Impossible, match="no connection is open"):
        client.state.request_of("P")


def test_the_oldest_message_is_answered_first(client, state):
    client.does(JOIN, PUSH, LATER)

    assert state.request_of("P").action == PUSH
    state.mark_answered(state.request_of("P"), "ok")
    assert state.request_of("P").action == LATER


def test_a_number_selects_the_message_that_is_answered(client, state):
    client.does(PUSH, LATER)

    assert state.request_of("P", 2).action == LATER


@pytest.mark.parametrize("number", [0, 3])
def test_a_message_that_was_not_sent_cannot_be_answered(client, state, number):
    client.does(PUSH, LATER)

    with pytest.raises(Impossible, match=rf"sent 2 of P .*got number {number}"):
        state.request_of("P", number)


def test_a_message_is_answered_once(client, state):
    client.does(PUSH)
    asked = state.request_of("P")
    state.mark_answered(asked, "ok")

    assert not state.is_unanswered(asked)
    with pytest.raises(Impossible, match=r"no P \(push\) awaits an answer"):
        state.request_of("P")
    with pytest.raises(Impossible, match=r"P number 1 .* awaits no answer"):
        state.request_of("P", 1)


def test_a_request_of_an_older_connection_is_not_answered(client, state):
    client.does(PUSH)
    client.transport.connection.lose()
    client.connect()
    client.transport.attempt.open()

    with pytest.raises(Impossible, match="awaits no answer"):
        state.request_of("P", 1)


def test_the_only_channel_needs_no_topic(client, state):
    client.does(JOIN)

    assert state.channel("E", None).message == JOIN


def test_without_a_join_there_is_no_channel(state):
    with pytest.raises(Impossible, match="the client has not joined a channel"):
        state.channel("E", None)


def test_one_of_several_channels_needs_a_topic_or_a_number(client, state):
    client.does(JOIN, OTHER)

    assert state.channel("E", "room:2").message == OTHER
    assert state.channel("E", None, 1).message == JOIN
    with pytest.raises(
        Impossible, match=r"several .* \(room:1, room:2\): give .* \(m2\)"
    ):
        state.channel("m", None)


def test_a_topic_that_is_not_joined_has_no_channel(client, state):
    client.does(JOIN)

    with pytest.raises(Impossible, match="the client has not joined room:9"):
        state.channel("E", "room:9")


def test_a_channel_that_is_left_gives_way_to_another(client, state):
    client.does(JOIN, OTHER, LEAVE)

    assert state.channel("E", None).message == OTHER


def test_a_channel_that_is_left_still_gets_its_end(client, state):
    client.does(JOIN, LEAVE)

    assert state.channel("E", None).message == JOIN


def test_a_refused_join_makes_no_channel(client, state):
    client.does(JOIN)
    state.mark_answered(state.request_of("J"), "error")

    with pytest.raises(Impossible, match="has not joined a channel"):
        state.channel("E", None)


def test_a_newer_join_takes_the_place_of_the_older(client, state):
    again = Message("7", "7", "room:1", "phx_join", {})
    client.does(JOIN, again)

    assert state.channel("E", "room:1").message == again


def test_the_join_of_a_channel_that_ended_is_answered_no_more(client, state):
    client.does(JOIN)

    state.end_channel(state.channel("E", None))
    client.does(OTHER)

    assert state.request_of("J").action is OTHER
