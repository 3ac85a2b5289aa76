"""What both transports over aiohttp are tested with."""

import pytest
import trustme

from rx_phoenix import LongPollTransport, WebSocketTransport


@pytest.fixture(params=[WebSocketTransport, LongPollTransport])
def transport_class(request):
    """Each transport that speaks to a network."""
    return request.param


@pytest.fixture(scope="session")
def authority():
    """Vouches for the certificates of a test."""
    return trustme.CA()
