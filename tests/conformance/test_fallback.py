"""What happens when the WebSocket does not work."""

import pytest

from rx_phoenix import FallbackTransport
from rx_phoenix.testing import FakeTransport
from tests.conformance.harness import Harness


class TwoRoads(Harness):
    """A stage with a better transport that may fail, and another one."""

    def __init__(self):
        self.websocket, self.longpoll = FakeTransport(), FakeTransport()
        super().__init__(
            transport=FallbackTransport(self.websocket, self.longpoll, after=2.5)
        )

    @property
    def connections(self):
        both = [*self.websocket.attempts, *self.longpoll.attempts]
        return [attempt.connection for attempt in both if attempt.connection]

    def answer_probe(self, connection):
        """The first message: it shows that the connection delivers."""
        connection.receive(
            '[null,"fallback","phoenix","phx_reply",{"status":"ok","response":{}}]'
        )


@pytest.fixture
def stage():
    stage = TwoRoads()
    yield stage
    stage.socket.aclose()
    stage.wait(5)
    assert stage.scheduler.pending == ()


@pytest.mark.case(235)
def test_a_websocket_that_fails_is_replaced_at_once(stage):
    stage.socket.connect()

    stage.websocket.attempt.fail(OSError("blocked"))
    stage.longpoll.attempt.open()

    assert stage.socket.state == "open"


@pytest.mark.case(237)
def test_a_websocket_that_hangs_is_replaced_when_the_time_is_up(stage):
    stage.socket.connect()

    stage.scheduler.advance_before(2.5)
    assert stage.longpoll.attempts == []
    stage.wait_until(2.5)

    assert len(stage.longpoll.attempts) == 1
    assert stage.websocket.attempt.is_disposed


@pytest.mark.case(238)
def test_a_websocket_that_opens_has_the_time_anew_to_deliver(stage):
    stage.socket.connect()
    stage.wait_until(2.4)
    connection = stage.websocket.attempt.open()
    assert connection.sent == ['[null,"fallback","phoenix","heartbeat",{}]']
    stage.scheduler.advance_before(4.9)

    stage.answer_probe(connection)
    stage.wait(60)

    assert stage.longpoll.attempts == []
    assert stage.socket.state == "open"


@pytest.mark.case(239)
def test_a_websocket_that_opens_and_stays_silent_is_replaced(stage):
    stage.socket.connect()
    connection = stage.websocket.attempt.open()

    stage.wait_until(2.5)
    assert not connection.is_open
    stage.wait_until(2.51)

    assert len(stage.longpoll.attempts) == 1


@pytest.mark.case(241)
def test_after_a_good_websocket_dropped_a_failed_attempt_is_replaced(stage):
    stage.socket.connect()
    connection = stage.websocket.attempt.open()
    stage.answer_probe(connection)
    connection.lose()
    stage.wait(0.01)

    stage.websocket.attempt.fail(OSError("blocked"))

    assert len(stage.longpoll.attempts) == 1


@pytest.mark.case(242)
@pytest.mark.defect(27)
def test_a_websocket_that_opens_and_dies_is_replaced(stage):
    stage.socket.connect()
    connection = stage.websocket.attempt.open()
    stage.wait(0.2)

    connection.lose()
    stage.wait(0.01)

    assert len(stage.longpoll.attempts) == 1


@pytest.mark.case(241)
@pytest.mark.defect(27)
def test_the_websocket_is_tried_again_beside_the_long_poll(stage):
    stage.socket.connect()
    stage.websocket.attempt.fail(OSError("blocked"))
    stage.longpoll.attempt.open()

    stage.wait(60)
    stage.answer_probe(stage.websocket.attempt.open())
    stage.wait(0.01)
    stage.websocket.attempt.open()

    assert stage.socket.state == "open"
    assert not stage.longpoll.connection.is_open
