"""A transport whose peer is the test."""

import pytest

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.testing._transports.fake import FakeTransport

HELLO = Message(None, None, "room:1", "hello", {"n": 1})
ENDPOINT = Endpoint(url="ws://localhost/socket")


class Client:
    """A client that connects and records its notifications."""

    def __init__(self, transport):
        self.connections = []
        self.frames = []
        self.errors = []
        self.ends = 0
        self.subscription = transport.connect(ENDPOINT).subscribe(
            self.opened, self.errors.append, self.ended
        )

    def opened(self, connection):
        self.connections.append(connection)
        connection.batches.subscribe(self.frames.extend)

    def ended(self):
        self.ends += 1


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def client(transport):
    return Client(transport)


@pytest.fixture
def connection(transport, client):
    return transport.attempt.open()


def test_each_subscription_is_an_attempt(transport):
    connect = transport.connect(ENDPOINT)

    connect.subscribe()
    connect.subscribe()

    assert [attempt.endpoint for attempt in transport.attempts] == [ENDPOINT] * 2


def test_an_opened_attempt_gives_the_connection(transport, client, connection):
    assert client.connections == [connection]
    assert transport.connection is connection
    assert connection.is_open


def test_a_failed_attempt_gives_its_error(transport, client):
    error = ConnectError("refused", status=503)

    transport.attempt.fail(error)

    assert client.errors == [error]


def test_an_attempt_that_is_over_stays_so(transport, client, connection):
    with pytest.raises(UsageError, match="is over: it cannot fail"):
        transport.attempt.fail(OSError())


def test_an_abandoned_attempt_does_not_open(transport, client):
    client.subscription.dispose()

    assert transport.attempt.is_disposed
    with pytest.raises(UsageError, match="was abandoned: it cannot open"):
        transport.attempt.open()


def test_sent_frames_are_kept_and_decoded(connection):
    connection.send('[null,null,"room:1","hello",{"n":1}]')

    assert connection.sent == ['[null,null,"room:1","hello",{"n":1}]']
    assert connection.messages == [HELLO]


def test_a_message_arrives_as_a_frame(client, connection):
    connection.receive(HELLO)

    assert client.frames == ['[null,null,"room:1","hello",{"n":1}]']


def test_a_raw_frame_arrives_as_it_is(client, connection):
    connection.receive(b"\x00nonsense")

    assert client.frames == [b"\x00nonsense"]


def test_what_is_received_together_is_one_batch(client, connection):
    batches = []
    connection.batches.subscribe(batches.append)

    connection.receive(HELLO, b"\x00nonsense")

    assert batches == [['[null,null,"room:1","hello",{"n":1}]', b"\x00nonsense"]]


def test_only_a_message_text_or_bytes_can_be_received(connection):
    with pytest.raises(UsageError, match=r"a frame must be a Message.*got \['1'"):
        connection.receive(["1", None, "a", "e", {}])


def test_a_reader_that_raises_raises_in_the_test(transport):
    def read(connection):
        connection.batches.subscribe(lambda batch: 1 / 0)

    transport.connect(ENDPOINT).subscribe(read)

    with pytest.raises(ZeroDivisionError):
        transport.attempt.open().receive("x")


def test_the_clients_close_is_recorded_and_answered(client, connection):
    connection.close(1000, "bye")

    assert connection.closed_by_us == (1000, "bye")
    assert (client.ends, connection.is_open) == (1, False)


def test_a_second_close_does_nothing(client, connection):
    connection.close(1000, "bye")
    connection.close(4000, "again")

    assert (connection.closed_by_us, client.ends) == ((1000, "bye"), 1)


def test_a_silent_peer_leaves_a_close_unanswered():
    transport = FakeTransport(answers_close=False)
    client = Client(transport)
    connection = transport.attempt.open()

    connection.close()
    assert (client.ends, connection.is_open) == (0, True)

    connection.finish_close()
    assert (client.ends, connection.is_open) == (1, False)


def test_a_frame_sent_after_the_close_goes_nowhere(connection):
    connection.close()
    connection.send("late")

    assert connection.sent == []


def test_the_server_closes_with_a_code(client, connection):
    connection.close_from_server(1012, "restart")

    assert repr(client.errors) == repr([ConnectionLost(1012, "restart")])
    assert (client.errors[0].code, client.errors[0].clean) == (1012, True)


def test_a_lost_connection_has_no_close_frame(client, connection):
    connection.lose()

    assert (client.errors[0].code, client.errors[0].clean) == (1006, False)


def test_an_abandoned_connection_is_over(transport, client, connection):
    client.subscription.dispose()

    assert transport.attempt.is_disposed
    with pytest.raises(UsageError, match="has ended: it cannot receive a frame"):
        connection.receive(HELLO)


def test_an_attempt_that_ended_by_itself_was_not_abandoned(
    transport, client, connection
):
    connection.lose()
    client.subscription.dispose()

    assert not transport.attempt.is_disposed


def test_the_test_sets_the_number_of_unwritten_frames(connection):
    connection.buffered = 7

    assert connection.buffered == 7


@pytest.mark.parametrize("property_name", ["attempt", "connection"])
def test_reading_an_attempt_too_early_is_an_error(transport, property_name):
    with pytest.raises(UsageError, match="client has not tried to connect yet"):
        getattr(transport, property_name)


def test_reading_a_connection_before_it_opens_is_an_error(transport, client):
    with pytest.raises(UsageError, match=r"has not opened: call attempt\.open"):
        _ = transport.connection
