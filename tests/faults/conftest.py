"""A reference app behind a network that can be broken, and a hasty client."""

import asyncio

import pytest

from rx_phoenix import (
    Backoff,
    Channel,
    Heartbeat,
    LongPollTransport,
    Reconnect,
    Rejoin,
    Socket,
    WebSocketTransport,
)
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.testing import FaultProxy, reference_app
from rx_phoenix.testing._simulation.ends import Ends
from tests.integration.waiting import PATIENCE
from tests.secrets import credentials

# A heartbeat is missed before a request is given up.
TRANSPORTS = {
    "websocket": lambda: WebSocketTransport(write_timeout=0.4),
    "longpoll": lambda: LongPollTransport(poll_timeout=12.0, send_timeout=1.2),
}

FAST_RETRIES = {
    "timeout": 5.0,
    "heartbeat": Heartbeat(interval=0.3, timeout=0.6),
    "reconnect": Reconnect(delays=Backoff(0.05, 2.0, 0.2)),
    "rejoin": Rejoin(delays=Backoff.steps(0.05)),
}
"""So that all that the policies allow for is a second."""


class Watched(Channel):
    """A channel of which every join and push has to end, and once."""

    def __init__(self, topic, socket, ends):
        super().__init__(topic, {}, socket)
        self.ends = ends

    def join(self, timeout=None):
        join = super().join(timeout)
        self.ends.watch_push(join)
        return join

    def push(self, event, payload=None, timeout=None):
        push = super().push(event, payload, timeout)
        self.ends.watch_push(push)
        return push


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def proxy(server):
    async with FaultProxy(server.port) as proxy:
        yield proxy


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return TRANSPORTS[request.param]()


@pytest.fixture
def transport_class(transport):
    """The same with the time that it takes by default."""
    return type(transport)


@pytest.fixture
async def ends():
    ends = Ends(LoopScheduler.current(), lambda _: None)
    yield ends
    # What was told in this turn wakes who awaits it in the next.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert list(ends.unsettled()) == []


@pytest.fixture
async def make(proxy, transport, ends):
    """Makes sockets that end after the test, and whatever is awaited with them."""
    sockets = []

    def make(**options):
        url = options.pop("url", proxy.url)
        options = {"transport": transport, **FAST_RETRIES, **credentials(), **options}
        sockets.append(Socket(url, **options))
        return sockets[-1]

    yield make
    for socket in sockets:
        await socket.aclose()


@pytest.fixture
async def socket(make):
    socket = make()
    await socket.connect()
    return socket


@pytest.fixture
def channels(socket, ends):
    """All that are wanted."""
    return [Watched(f"room:{name}", socket, ends) for name in ("lobby", "other")]


@pytest.fixture
async def joined(channels):
    for channel in channels:
        await channel.join()
    return channels[0]


@pytest.fixture
def healed(channels):
    """Waits until every wanted channel is joined again, and answers."""

    async def healed():
        async with asyncio.timeout(PATIENCE):
            for channel in channels:
                echo = channel.push("echo", {"is": "back"}, timeout=PATIENCE)
                assert await echo == {"is": "back"}
                assert channel.state == "joined"

    return healed
