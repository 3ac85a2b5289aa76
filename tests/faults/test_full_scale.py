"""Large frames on slow links as they are: half a minute each, for `scripts/nightly`."""

import asyncio
import json
import os

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rx_phoenix import Socket
from tests.integration.waiting import changes_of

pytestmark = pytest.mark.skipif(
    "RX_PHOENIX_FULL_SCALE" not in os.environ,
    reason="takes half a minute: RX_PHOENIX_FULL_SCALE=1, as scripts/nightly has it",
)

MIB = 1024 * 1024


async def serve(request):
    """Answer a number with so much text, and anything else with its size."""
    websocket = web.WebSocketResponse(max_msg_size=64 * MIB)
    await websocket.prepare(request)
    async for message in websocket:
        join_ref, ref, topic, _, payload = json.loads(message.data)
        wanted = payload.get("n", 0)
        response = {"text": wanted * "x", "size": len(message.data)}
        reply = {"status": "ok", "response": response}
        await websocket.send_json([join_ref, ref, topic, "phx_reply", reply])
    return websocket


@pytest.fixture
async def server():
    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def room(proxy):
    async with Socket(proxy.url) as socket:
        room = socket.channel("room:1")
        await room.join()
        yield room
        proxy.heal()


async def test_8_mib_at_240_kb_a_second_arrive(room, proxy):
    events = changes_of(room.socket)
    proxy.throttle(240_000)
    response = await room.push("x", {"n": 8 * MIB - 200}, timeout=600)

    assert len(response["text"]) == 8 * MIB - 200
    assert events == []


async def test_30_mb_at_1_mb_a_second_are_taken(room, proxy):
    events = changes_of(room.socket)
    proxy.throttle(1_000_000)
    response = await room.push("x", {"text": 30_000_000 * "x"}, timeout=600)

    assert response["size"] > 30_000_000
    assert events == []


async def test_a_network_that_takes_no_more_is_given_up_after_10_s(room, proxy):
    proxy.throttle(1_000_000)
    push = room.push("x", {"text": 30_000_000 * "x"}, timeout=600)
    await asyncio.sleep(3)
    began = asyncio.get_running_loop().time()
    proxy.block_writes()
    reply = await push.outcome

    assert reply.status == "lost"
    assert asyncio.get_running_loop().time() - began > 9
