"""Closes of ours, towards servers that answer them late or never."""

import asyncio
import json
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from rx_phoenix import Closed, Socket
from tests.integration.waiting import listing

LATE = 0.3
"""Seconds after which a server answers a close."""


@asynccontextmanager
async def answering_closes(answer):
    """Serve joins, and hand each close frame to a function of the transport below.

    Yields:
        The URL, and the events of the messages that arrived.
    """
    arrived = []

    async def serve(request):
        websocket = web.WebSocketResponse(autoclose=False)
        await websocket.prepare(request)
        async for message in websocket:
            if message.type is not WSMsgType.TEXT:
                break
            join_ref, ref, topic, event, _ = json.loads(message.data)
            arrived.append(event)
            reply = [join_ref, ref, topic, "phx_reply", {"status": "ok", "response": 0}]
            await websocket.send_json(reply)
        await answer(websocket, request.transport)
        return websocket

    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    try:
        yield str(server.make_url("/socket")), arrived
    finally:
        await server.close()


async def late(websocket, _):
    await asyncio.sleep(LATE)
    await websocket.close(code=WSCloseCode.OK)


async def never(_, transport):
    await asyncio.sleep(60)


async def by_a_reset(_, transport):
    transport.abort()


@pytest.mark.parametrize(
    ("end", "answer", "least", "clean"),
    [
        ("disconnect", late, LATE, True),
        ("aclose", late, LATE, True),
        ("disconnect", by_a_reset, 0, False),
        ("aclose", never, 1.9, False),  # the two seconds that are promised
    ],
)
async def test_our_close_waits_for_the_peers_and_is_clean_if_it_came(
    end, answer, least, clean
):
    async with answering_closes(answer) as (url, _):
        socket = Socket(url, heartbeat=None)
        closes = listing(socket.lifecycle)
        await socket.connect()
        closes.clear()
        began = monotonic()
        await getattr(socket, end)()
        took = monotonic() - began
        await socket.aclose()

    assert closes == [Closed(1000, "", clean)]
    assert closes[0].ours
    assert took >= least


async def test_everything_queued_before_the_close_still_arrives():
    async with answering_closes(late) as (url, arrived):
        socket = Socket(url, heartbeat=None)
        await socket.connect()
        room = socket.channel("room:1")
        await room.join()
        pushes = [room.push("x", {"n": 100_000 * "x"}) for _ in range(50)]
        await socket.aclose()

    assert arrived == ["phx_join", *["x"] * 50]
    assert {push.status for push in pushes} == {"cancelled"}
