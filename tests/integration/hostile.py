"""A server that says what no server of Phoenix would, and otherwise answers."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

__all__ = ["hostile_server"]


@asynccontextmanager
async def hostile_server(
    *greetings: str | bytes, mute: Sequence[str] = ()
) -> AsyncIterator[str]:
    """Serve on loopback; the URL of its socket is what one gets.

    Args:
        greetings: Frames that each client gets as soon as it is connected.
        mute: Events that are never answered; all others are, with ``ok``.
    """

    async def serve(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        for greeting in greetings:
            if isinstance(greeting, str):
                await websocket.send_str(greeting)
            else:
                await websocket.send_bytes(greeting)
        async for message in websocket:
            assert message.type is WSMsgType.TEXT
            join_ref, ref, topic, event, _ = json.loads(message.data)
            if event not in mute:
                reply = {"status": "ok", "response": {}}
                await websocket.send_json([join_ref, ref, topic, "phx_reply", reply])
        return websocket

    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/socket"))
