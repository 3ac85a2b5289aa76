"""A reference app in a thread, and a blocking socket to it."""

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin
from rx_phoenix.blocking import Socket
from rx_phoenix.testing import reference_app
from tests.blocking.served import served

HASTY = {
    "timeout": 5.0,
    "reconnect": Reconnect(delays=Backoff(0.01)),
    "rejoin": Rejoin(delays=Backoff.steps(0.02)),
}


@pytest.fixture(scope="module")
def app():
    with served(reference_app) as app:
        yield app


@pytest.fixture
def hasty():
    return HASTY


@pytest.fixture
def socket(app):
    with Socket(app.url, **HASTY) as socket:
        yield socket


@pytest.fixture
def room(socket):
    room = socket.channel("room:lobby")
    room.join()
    return room
