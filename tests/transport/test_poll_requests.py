"""The requests of long polls: a shared pool, encodings, and what ends a session."""

import asyncio
import gzip
import json

import pytest
from aiohttp import ClientSession, TCPConnector

from rx_phoenix import (
    Closed,
    ConnectError,
    ConnectionLost,
    LongPollTransport,
    Retrying,
    Socket,
)
from rx_phoenix._protocol.endpoint import Endpoint
from tests.transport.peer import PATIENCE, Life, soon
from tests.transport.poll_peer import running_poll_peer

NO_FREE_CONNECTION = "no free connection in the session's pool"


@pytest.fixture
async def peer():
    async with running_poll_peer() as peer:
        yield peer


@pytest.fixture
async def shared():
    """A session with one connection."""
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        yield session


async def test_a_session_without_a_free_connection_is_named_when_it_opens(peer, shared):
    transport = LongPollTransport(session=shared)
    first = Life(transport, Endpoint(url=peer.url))
    await peer.welcome()
    second = Life(transport, Endpoint(url=peer.url, timeout=0.2))

    error = await soon(second.ended)

    assert isinstance(error, ConnectError)
    assert NO_FREE_CONNECTION in str(error)
    first.dispose()


async def test_a_session_without_a_free_connection_is_named_when_it_sends(peer, shared):
    life = Life(
        LongPollTransport(session=shared, send_timeout=0.4), Endpoint(url=peer.url)
    )
    await peer.welcome()
    (await soon(life.opened)).send('["1","1","room:1","phx_join",{}]')

    error = await soon(life.ended)

    assert isinstance(error, ConnectionLost)
    assert NO_FREE_CONNECTION in error.reason


async def test_an_answer_may_be_encoded(peer):
    life = Life(LongPollTransport(), Endpoint(url=peer.url))
    poll = await peer.welcome()
    answer = {"status": 200, "token": "T", "messages": ["[1]", "[2]"]}
    poll.reply(
        gzip.compress(json.dumps(answer).encode()), headers={"Content-Encoding": "gzip"}
    )
    await peer.polled()

    assert [life.frames.get_nowait() for _ in range(2)] == ["[1]", "[2]"]
    life.dispose()


async def test_an_answer_that_decodes_into_too_much_is_too_large(peer):
    transport = LongPollTransport(max_frame_size=100_000)
    life = Life(transport, Endpoint(url=peer.url))
    poll = await peer.welcome()
    poll.reply(gzip.compress(b" " * 1_000_000), headers={"Content-Encoding": "gzip"})

    assert (await soon(life.ended)).code == 1009


@pytest.mark.parametrize("status", [429, 503])
async def test_a_poll_in_progress_may_be_told_to_come_back_later(peer, status):
    socket = Socket(peer.url, transport=LongPollTransport())
    events = []
    socket.lifecycle.subscribe(events.append)
    socket.connect()
    poll = await peer.welcome()
    retrying = asyncio.ensure_future(
        asyncio.wait_for(waiting_for(socket.lifecycle, Retrying), PATIENCE)
    )
    await asyncio.sleep(0)
    poll.reply(b"", status=status, headers={"Retry-After": "3"})

    assert 3 <= (await retrying).delay <= 4
    lost = next(event for event in events if isinstance(event, Closed))
    assert (lost.code, lost.reason) == (1011, f"the server answered HTTP {status}")
    await socket.aclose()


async def waiting_for(source, kind):
    """The next value of a kind."""
    future = asyncio.get_running_loop().create_future()
    subscription = source.subscribe(
        lambda value: (
            future.set_result(value)
            if isinstance(value, kind) and not future.done()
            else None
        )
    )
    try:
        return await future
    finally:
        subscription.dispose()
