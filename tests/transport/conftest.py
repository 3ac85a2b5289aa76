"""What both transports over aiohttp are tested with."""

import pytest
import trustme

from rx_phoenix import LongPollTransport, WebSocketTransport
from tests.transport.peer import Life


@pytest.fixture(params=[WebSocketTransport, LongPollTransport])
def transport_class(request):
    """Each transport that speaks to a network."""
    return request.param


@pytest.fixture(scope="session")
def authority():
    """Vouches for the certificates of a test."""
    return trustme.CA()


@pytest.fixture
async def live():
    """Subscribes to attempts of transports, and abandons them after the test."""
    lives = []

    def live(transport, endpoint):
        life = Life(transport, endpoint)
        lives.append(life)
        return life

    yield live
    for life in lives:
        life.dispose()
