"""A reference app, and what most tests make of it: an open socket, a fresh topic."""

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin, Socket
from tests.integration.app import running_app

HASTY = {
    "reconnect": Reconnect(delays=Backoff(0.01)),
    "rejoin": Rejoin(delays=Backoff.steps(0.02)),
}
"""So that no test waits for a retry."""


@pytest.fixture
async def app():
    async with running_app() as app:
        yield app


@pytest.fixture
async def socket(app):
    async with Socket(app.url, params={"user_id": app.new("")}, **HASTY) as socket:
        yield socket


@pytest.fixture
def channel(app, socket):
    """A channel that is not joined yet."""
    return socket.channel(app.new("room:"))


@pytest.fixture
async def joined(channel):
    """A channel that is joined."""
    await channel.join()
    return channel


@pytest.fixture
def hasty():
    return HASTY
