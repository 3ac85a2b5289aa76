"""What the fake server knows of the client."""

import pytest

from rx_phoenix._protocol.message import Message
from rx_phoenix.testing._marbles.actions import Connects
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane
from rx_phoenix.testing._marbles.server_state import Impossible, Ledger
from rx_phoenix.testing._transports.fake import FakeTransport

JOIN = Message("1", "1", "room:1", "phx_join", {})
OTHER = Message("2", "2", "room:2", "phx_join", {})
LEAVE = Message("1", "3", "room:1", "phx_leave", {})
PUSH = Message("1", "4", "room:1", "new_msg", {})
LATER = Message("1", "5", "room:1", "new_msg", {})


class Client:
    """Does things on a fake transport, and has them written down."""

    def __init__(self):
        self.lane = ClientLane()
        self.ledger = Ledger(self.lane)
        self.transport = FakeTransport()

    def connect(self):
        self.transport.connect(None).subscribe(on_error=lambda _: None)
        self.does(Connects())

    def does(self, *actions):
        for action in actions:
            did = Actual(0, action, self.transport.attempt)
            self.lane.done.append(did)
            self.ledger.note(did)


@pytest.fixture
def client():
    client = Client()
    client.connect()
    return client


@pytest.fixture
def ledger(client):
    client.transport.attempt.open()
    return client.ledger


def test_an_attempt_is_pending_until_it_is_decided(client):
    assert client.ledger.pending() is client.transport.attempt

    client.transport.attempt.open()
    with pytest.raises(Impossible, match="does not try to connect"):
        client.ledger.pending()


def test_without_an_attempt_nothing_is_pending():
    with pytest.raises(Impossible, match="does not try to connect"):
        Ledger(ClientLane()).pending()


def test_an_open_connection_is_known(client, ledger):
    assert ledger.connection() is client.transport.connection

    client.transport.connection.lose()
    with pytest.raises(Impossible, match="no open connection"):
        ledger.connection()


def test_without_a_connection_nothing_can_be_answered(client):
    client.does(PUSH)

    with pytest.raises(Impossible, match="no open connection"):
        client.ledger.asked("P")


def test_the_oldest_message_is_answered_first(client, ledger):
    client.does(JOIN, PUSH, LATER)

    assert ledger.asked("P").action == PUSH
    ledger.answered(ledger.asked("P"), "ok")
    assert ledger.asked("P").action == LATER


def test_a_number_says_which_message_is_answered(client, ledger):
    client.does(PUSH, LATER)

    assert ledger.asked("P", 2).action == LATER


@pytest.mark.parametrize("number", [0, 3])
def test_a_message_that_was_not_sent_cannot_be_answered(client, ledger, number):
    client.does(PUSH, LATER)

    with pytest.raises(Impossible, match=rf"sent 2 of P \(push\), not {number}"):
        ledger.asked("P", number)


def test_a_message_is_answered_once(client, ledger):
    client.does(PUSH)
    asked = ledger.asked("P")
    ledger.answered(asked, "ok")

    assert not ledger.is_owed(asked)
    with pytest.raises(Impossible, match=r"no P \(push\) of the client's waits"):
        ledger.asked("P")
    with pytest.raises(Impossible, match=r"P number 1 .* waits no longer"):
        ledger.asked("P", 1)


def test_what_an_older_connection_asked_is_not_answered(client, ledger):
    client.does(PUSH)
    client.transport.connection.lose()
    client.connect()
    client.transport.attempt.open()

    with pytest.raises(Impossible, match="waits no longer"):
        ledger.asked("P", 1)


def test_the_only_channel_is_the_one_that_is_meant(client, ledger):
    client.does(JOIN)

    assert ledger.channel(None).message == JOIN


def test_without_a_channel_none_can_be_meant(ledger):
    with pytest.raises(Impossible, match="the client is not in a channel"):
        ledger.channel(None)


def test_of_several_channels_the_test_says_which(client, ledger):
    client.does(JOIN, OTHER)

    assert ledger.channel("room:2").message == OTHER
    assert ledger.channel(None, 1).message == JOIN
    with pytest.raises(Impossible, match=r"several .* \(room:1, room:2\): say which"):
        ledger.channel(None)


def test_a_topic_that_is_not_joined_cannot_be_meant(client, ledger):
    client.does(JOIN)

    with pytest.raises(Impossible, match="the client is not in room:9"):
        ledger.channel("room:9")


def test_a_channel_that_is_left_gives_way_to_another(client, ledger):
    client.does(JOIN, OTHER, LEAVE)

    assert ledger.channel(None).message == OTHER


def test_a_channel_that_is_left_still_hears_of_its_end(client, ledger):
    client.does(JOIN, LEAVE)

    assert ledger.channel(None).message == JOIN


def test_a_refused_join_makes_no_channel(client, ledger):
    client.does(JOIN)
    ledger.answered(ledger.asked("J"), "error")

    with pytest.raises(Impossible, match="not in a channel"):
        ledger.channel(None)


def test_a_newer_join_takes_the_place_of_the_older(client, ledger):
    again = Message("7", "7", "room:1", "phx_join", {})
    client.does(JOIN, again)

    assert ledger.channel("room:1").message == again


def test_the_join_of_a_channel_that_ended_is_answered_no_more(client, ledger):
    client.does(JOIN)

    ledger.ended(ledger.channel(None))
    client.does(OTHER)

    assert ledger.asked("J").action is OTHER
