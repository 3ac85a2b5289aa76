"""A reference app behind a network that can be broken, and a hasty client."""

import pytest

from rx_phoenix import (
    Backoff,
    Heartbeat,
    LongPollTransport,
    Reconnect,
    Rejoin,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.testing import FaultProxy, reference_app

TRANSPORTS = {
    "websocket": lambda: WebSocketTransport(write_timeout=0.4),
    "longpoll": lambda: LongPollTransport(poll_timeout=12.0, send_timeout=0.6),
}


@pytest.fixture
async def proxy():
    async with reference_app() as server, FaultProxy(server.port) as proxy:
        yield proxy


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return TRANSPORTS[request.param]()


@pytest.fixture
async def socket(proxy, transport):
    socket = Socket(
        proxy.url,
        transport=transport,
        timeout=2.0,
        heartbeat=Heartbeat(interval=0.3, timeout=0.3),
        reconnect=Reconnect(delays=Backoff(0.05, 2.0, 0.2)),
        rejoin=Rejoin(delays=Backoff.steps(0.05)),
    )
    await socket.connect()
    yield socket
    await socket.aclose()


@pytest.fixture
async def joined(socket):
    channel = socket.channel("room:lobby")
    await channel.join()
    return channel
