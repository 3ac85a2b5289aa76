"""The other end of a WebSocket, and one subscription to a transport."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from rx_phoenix import Connection, Transport
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame

__all__ = ["Life", "Peer", "running_peer", "soon"]

PATIENCE = 20.0


class Peer:
    """A server that keeps what it gets.

    Args:
        options: How it takes WebSockets, as by aiohttp's ``WebSocketResponse``.

    Attributes:
        url: Its socket.
        request: The latest handshake.
        websocket: The latest WebSocket.
        received: The data of every message, and ``(code, reason)`` of a close.
    """

    def __init__(self, **options: object) -> None:
        self.url = ""
        self.request: web.Request | None = None
        self.websocket: web.WebSocketResponse | None = None
        self.received = asyncio.Queue[object]()
        self._options = options

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Take a client in, and listen to it until it goes."""
        self.request = request
        websocket = self.websocket = web.WebSocketResponse(**self._options)
        await websocket.prepare(request)
        await websocket.send_str("welcome")
        while True:
            message = await websocket.receive()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    self.received.put_nowait(message.data)
                case WSMsgType.CLOSE:
                    self.received.put_nowait((message.data, message.extra))
                case _:
                    return websocket

    async def get(self) -> object:
        """The next of what it received."""
        async with asyncio.timeout(PATIENCE):
            return await self.received.get()


@asynccontextmanager
async def running_peer(
    serve: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ssl: SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serve on loopback; the URL of the socket is what one gets."""
    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    server = TestServer(app)
    await server.start_server(ssl=ssl, shutdown_timeout=0.1)
    try:
        yield str(server.make_url("/socket"))
    finally:
        await server.close()
        await asyncio.sleep(0)  # what was closed is released in the next turn


async def soon(future):
    """The result of a future, which must not take long."""
    async with asyncio.timeout(PATIENCE):
        return await asyncio.shield(future)


class Life:
    """One subscription to a transport, and what it told.

    Attributes:
        opened: The connection, when it is there.
        ended: None when it completed, or the error.
        frames: The frames that arrived.
    """

    def __init__(self, transport: Transport, endpoint: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Connection] = loop.create_future()
        self.ended: asyncio.Future[Exception | None] = loop.create_future()
        self.frames = asyncio.Queue[Frame]()
        self._subscription = transport.connect(endpoint).subscribe(
            self._open, self.ended.set_result, lambda: self.ended.set_result(None)
        )

    def _open(self, connection: Connection) -> None:
        connection.batches.subscribe(self._receive)
        self.opened.set_result(connection)

    def _receive(self, batch: Sequence[Frame]) -> None:
        for frame in batch:
            self.frames.put_nowait(frame)

    async def outcome(self) -> Exception | None:
        """None once it opened, or the error."""
        await soon(
            asyncio.wait([self.opened, self.ended], return_when=asyncio.FIRST_COMPLETED)
        )
        return None if self.opened.done() else self.ended.result()

    def dispose(self) -> None:
        """Abandon it."""
        self._subscription.dispose()
