"""What the contract says, of every transport, on loopback."""

import asyncio
import json

import pytest

from rx_phoenix import (
    ConnectError,
    ConnectionLost,
    FallbackTransport,
    LongPollTransport,
    WebSocketTransport,
)
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix.testing import reference_app
from tests.transport.peer import PATIENCE, soon

TRANSPORTS = {
    "websocket": WebSocketTransport,
    "long poll": LongPollTransport,
    "fallback": lambda: FallbackTransport(WebSocketTransport(), LongPollTransport()),
}


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS)
def begin(request, server, live):
    """Subscribes to an attempt of a transport."""

    def begin(**params):
        return live(request.param(), Endpoint(url=server.url, params=params))

    return begin


async def message(life):
    """The next message of a channel; a fallback has heartbeats of its own."""
    while True:
        async with asyncio.timeout(PATIENCE):
            message = json.loads(await life.frames.get())
        if message[2] != "phoenix":
            return message


JOIN = '["1","1","room:contract","phx_join",{}]'


async def joined(life):
    """The connection, with a channel on it."""
    connection = await soon(life.opened)
    connection.send(JOIN)
    assert (await message(life))[3] == "phx_reply"
    return connection


async def test_frames_travel_both_ways_in_order(begin):
    life = begin()
    connection = await joined(life)

    for n in range(20):
        connection.send(f'["1","{n + 2}","room:contract","echo",{{"n":{n}}}]')
    replies = [await message(life) for _ in range(20)]

    assert [reply[4]["response"] for reply in replies] == [{"n": n} for n in range(20)]
    assert connection.buffered == 0


async def test_what_was_answered_waits_no_longer(begin):
    life = begin()
    connection = await soon(life.opened)

    connection.send(JOIN)
    await message(life)

    assert connection.buffered == 0


async def test_our_close_completes_it(begin):
    life = begin()
    connection = await joined(life)

    connection.close()
    connection.close()
    connection.send("too late")

    assert await soon(life.ended) is None


async def test_the_end_of_the_server_is_a_loss(begin, server):
    life = begin()
    await joined(life)

    await server.stop()

    assert isinstance(await soon(life.ended), ConnectionLost)


async def test_a_refusal_is_an_error_before_the_connection(begin):
    life = begin(token="bad")

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert error.status == 403
    assert not life.opened.done()


async def test_a_server_that_is_not_there_is_an_error(begin, server):
    await server.stop()
    life = begin()

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert error.status is None


async def test_what_was_abandoned_says_nothing_more(begin, server):
    life = begin()
    await joined(life)

    life.dispose()
    await server.stop()

    assert not life.ended.done()
    assert life.frames.empty()
