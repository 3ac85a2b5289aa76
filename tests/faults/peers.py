"""Servers that do one thing wrong."""

import asyncio
import json
import ssl
import sys
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.tcp import listening

__all__ = ["Answers", "answering", "closing", "secured", "separate"]


class Answers:
    """Answers every request alike.

    Attributes:
        url: Its socket.
        count: How many requests there were.
    """

    def __init__(self, status, headers):
        self.url = ""
        self.count = 0
        self.status = status
        self.headers = headers

    async def answer(self, _):
        self.count += 1
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def answering(status, headers=None):
    """Serve one answer, whatever is asked."""
    answers = Answers(status, headers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers.answer)
    async with TestServer(app) as server:
        answers.url = str(server.make_url("/socket"))
        yield answers


@asynccontextmanager
async def closing():
    """Serve sockets that answer everything, and close as they are told.

    The event ``close`` has the code as its payload.
    """

    async def serve(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            join_ref, ref, topic, event, payload = json.loads(message.data)
            if event == "close":
                await websocket.close(code=payload["code"])
                break
            reply = {"status": "ok", "response": payload}
            await websocket.send_json([join_ref, ref, topic, "phx_reply", reply])
        return websocket

    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/socket"))


async def pump(reader, writer):
    """Carry bytes one way, until their end."""
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def secured(port, certificate, behind):
    """Serve TLS on a port, for a server behind it that does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def carry(reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", behind)
        try:
            await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            back.transport.abort()

    async with listening(carry, port, ssl=context):
        yield


@asynccontextmanager
async def separate(port):
    """A reference app in a process of its own, which dies by ``kill()``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rx_phoenix",
        "serve",
        "--port",
        str(port),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
