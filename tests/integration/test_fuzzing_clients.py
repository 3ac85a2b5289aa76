"""The clients that answer Autobahn's fuzzing server: each echoes at the very URL."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.fuzzing.clients import CLIENTS


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("compress", [0, 15])
async def test_a_client_echoes_text_and_bytes_until_the_close(client, compress):
    echoed = []

    async def case(request):
        echoed.append(request.path_qs)
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_str("ä")
        echoed.append(await websocket.receive_str())
        await websocket.send_bytes(b"\x01")
        echoed.append(await websocket.receive_bytes())
        await websocket.close()
        return websocket

    app = web.Application()
    app.router.add_get("/runCase", case)
    async with TestServer(app) as server:
        await client(f"ws://127.0.0.1:{server.port}/runCase?case=1&agent=a", compress)

    assert echoed == ["/runCase?case=1&agent=a", "ä", b"\x01"]
