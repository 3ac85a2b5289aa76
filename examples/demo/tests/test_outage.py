"""Connections that break on purpose, on a real network."""

import asyncio

import pytest
from reactivex import operators as ops

from rx_phoenix import (
    AttemptFailed,
    Backoff,
    Closed,
    Opened,
    Reconnect,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.operators import first_value
from rx_phoenix_demo.outage import BreakableTransport, restart

FAST_RETRIES = Reconnect(Backoff.steps(0.01))


@pytest.fixture
def transport():
    return BreakableTransport(WebSocketTransport())


@pytest.fixture
async def socket(server, transport):
    async with Socket(
        server.url, reconnect=FAST_RETRIES, transport=transport
    ) as socket:
        yield socket


async def kinds_until_open(socket, outage):
    """What happens to a socket during an outage, until it is open again."""
    kinds = []
    socket.lifecycle.subscribe(lambda event: kinds.append(type(event)))
    await outage
    if Opened not in kinds:
        openings = socket.lifecycle.pipe(ops.filter(lambda e: isinstance(e, Opened)))
        await first_value(openings, timeout=10)
    return kinds


async def test_a_restart_ends_connections_and_takes_them_again(socket, server):
    kinds = await kinds_until_open(socket, restart(server, 0.05))

    assert kinds[0] is Closed
    assert AttemptFailed in kinds
    assert kinds[-1] is Opened


async def test_a_broken_transport_ends_connections_and_opens_none(socket, transport):
    kinds = await kinds_until_open(socket, transport.break_for(0.05))

    assert kinds[0] is Closed
    assert AttemptFailed in kinds
    assert kinds[-1] is Opened


async def test_the_server_sees_a_broken_transport_go(socket, server, transport):
    breaking = asyncio.create_task(transport.break_for(10))
    async with asyncio.timeout(10):
        while server.sockets:  # noqa: ASYNC110 - the server emits no event
            await asyncio.sleep(0)
    breaking.cancel()

    assert server.sockets == []


async def test_an_outage_that_is_cancelled_is_over(socket, transport):
    breaking = asyncio.create_task(transport.break_for(60))
    await asyncio.sleep(0)
    breaking.cancel()

    assert await socket.connect() is None


async def test_our_own_close_passes_through(server, transport):
    socket = Socket(server.url, transport=transport)
    await socket.connect()
    await socket.aclose()

    assert socket.state == "closed"
