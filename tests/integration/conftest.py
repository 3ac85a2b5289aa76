"""A reference app, and what most tests make of it: an open socket, a fresh topic."""

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin, Socket
from tests.integration.app import running_app
from tests.integration.transports import TRANSPORTS
from tests.secrets import credentials

FAST_RETRIES = {
    "reconnect": Reconnect(delays=Backoff(0.01)),
    "rejoin": Rejoin(delays=Backoff.steps(0.02)),
}
"""So that no test waits for a retry."""


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "never(way, because): what the protocol does not allow"
    )


def pytest_generate_tests(metafunc):
    if "way" in metafunc.fixturenames:
        barred = {mark.args[0] for mark in metafunc.definition.iter_markers("never")}
        assert barred <= {*TRANSPORTS}
        metafunc.parametrize("way", [way for way in TRANSPORTS if way not in barred])


@pytest.fixture
def transport_options(way):
    """What a socket is to be told, so that it speaks in this way."""
    return TRANSPORTS[way]()


@pytest.fixture
async def app():
    async with running_app() as app:
        yield app


@pytest.fixture
async def socket(app, transport_options):
    options = {**credentials(), **FAST_RETRIES, **transport_options}
    options["params"] |= {"user_id": app.new("")}
    async with Socket(app.url, **options) as socket:
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
def fast_retries():
    return FAST_RETRIES
