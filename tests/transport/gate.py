"""A server that lets everybody in, by WebSocket and by long poll, and a proxy to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web
from aiohttp.test_utils import TestServer

__all__ = ["Gate", "Proxy", "running_gate", "running_proxy"]


class Gate:
    """Keeps who came.

    Attributes:
        url: Its socket.
        port: Its port.
        requests: Every request so far.
    """

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.requests: list[web.Request] = []

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """Take a WebSocket in, and wait for its end."""
        self.requests.append(request)
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.receive()
        return websocket

    async def longpoll(self, request: web.Request) -> web.StreamResponse:
        """Begin a session, and let its poll wait."""
        self.requests.append(request)
        if "token" in request.query:
            await asyncio.Event().wait()
        return web.json_response({"status": 410, "token": "T", "messages": []})


@asynccontextmanager
async def running_gate(ssl: SSLContext | None = None) -> AsyncIterator[Gate]:
    """Serve on loopback."""
    gate = Gate()
    app = web.Application()
    app.router.add_get("/socket/websocket", gate.websocket)
    app.router.add_get("/socket/longpoll", gate.longpoll)
    server = TestServer(app)
    # Whoever still waits is sent away: a test may end with its clients connected.
    await server.start_server(ssl=ssl, shutdown_timeout=0.05)
    gate.url, gate.port = str(server.make_url("/socket")), server.port or 0
    try:
        yield gate
    finally:
        await server.close()


class Proxy:
    """A proxy that carries everything to one port, whatever host it is asked for.

    Args:
        port: The port.
        refusal: A status line to answer with instead.
        body: The body of that answer.

    Attributes:
        url: Where it listens.
        heads: The head of every request so far.
    """

    def __init__(self, port: int, refusal: str | None = None, body: str = "") -> None:
        self.url = ""
        self.heads: list[str] = []
        self._port = port
        self._refusal = refusal
        self._body = body
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self._refusal is not None:
            head = (
                f"HTTP/1.1 {self._refusal}\r\nContent-Length: {len(self._body)}\r\n\r\n"
            )
            writer.write((head + self._body).encode())
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            if self.heads[-1].startswith("CONNECT "):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                back.write(self.heads[-1].encode())
            ways = [pump(reader, back), pump(there, writer)]
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back.close()

    async def end(self) -> None:
        """Cut every tunnel."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is released in the next turn


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way, until their end."""
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def running_proxy(
    port: int, refusal: str | None = None, body: str = ""
) -> AsyncIterator[Proxy]:
    """Serve on loopback."""
    proxy = Proxy(port, refusal, body)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
