"""The server: its routes, start and stop, and its public methods."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from rx_phoenix._protocol.checks import check, check_instance, check_port
from rx_phoenix.testing._server import responses
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.longpoll import LongPoll
from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.routes import ChannelFactory
from rx_phoenix.testing._server.socket import (
    CheckOrigin,
    ServerSocket,
    SocketOptions,
)
from rx_phoenix.testing._server.websocket import serve_websocket

__all__ = ["PhoenixServer"]

GRACE = 0.25
"""Seconds that requests have to finish when the server stops."""

MAX_BODY = 8_000_000
"""Bytes of a POST that are read, as by `Plug.Conn.read_body`."""


class PhoenixServer:
    """A Phoenix server on loopback whose channels are Python classes.

    It implements protocols 1 and 2 over WebSockets and long polls, and behaves like
    Phoenix 1.8.12 on Bandit, including the order of frames and the close codes.
    Each socket answers at ``PATH/websocket`` and ``PATH/longpoll``.

    Args:
        channels: The channels by pattern: a topic, or a prefix and ``*``.
        sockets: The sockets by path; by default one at ``/socket`` with Phoenix's
            defaults.
        host: The address to listen on.
        port: The port; 0 for a free one, which is kept across restarts.
        check_origin: The web pages that may connect, by their ``Origin``; others get
            403. False for all, True for those of loopback names and addresses,
            ``"conn"`` for those of the requested scheme, host and port, or a list of
            ``//host``, ``//*.host`` and ``scheme://host:port``. A client that sends no
            Origin may always connect, ``Origin: null`` only with False.

    Attributes:
        host: The address.
        port: The port, once the server has started.
        routes: Further routes of aiohttp; effective from the next start.
        middlewares: Middlewares of aiohttp, outermost first; likewise.

    Example:
        >>> import aiohttp
        >>> from rx_phoenix.testing._server import ServerChannel
        >>> class Echo(ServerChannel):
        ...     def handle_in(self, event, payload, ref):
        ...         self.reply(ref, "ok", payload)
        >>> async def main():
        ...     server = PhoenixServer({"room:*": Echo})
        ...     async with server, aiohttp.ClientSession() as http:
        ...         url = f"{server.url}/websocket?vsn=2.0.0"
        ...         async with http.ws_connect(url) as websocket:
        ...             await websocket.send_str('["1","1","room:a","phx_join",{}]')
        ...             print(await websocket.receive_str())
        ...             await websocket.send_str('["1","2","room:a","hi",{"n":1}]')
        ...             print(await websocket.receive_str())
        >>> asyncio.run(main())
        ["1","1","room:a","phx_reply",{"response":{},"status":"ok"}]
        ["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]
    """

    def __init__(
        self,
        channels: Mapping[str, ChannelFactory],
        *,
        sockets: Mapping[str, SocketOptions] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        check_origin: CheckOrigin = False,
    ) -> None:
        takes = "a mapping of topics to ServerChannel classes"
        check_instance("channels", channels, Mapping, takes)
        takes = "a mapping of paths to SocketOptions, or None"
        check_instance("sockets", sockets, Mapping | None, takes)
        check_instance("host", host, str, "text")
        check_port("port", port)
        is_list = isinstance(check_origin, list | tuple)
        is_known = isinstance(check_origin, bool) or check_origin == "conn" or is_list
        takes = 'True, False, "conn" or a list of origins'
        check(is_known, "check_origin", takes, repr(check_origin))
        self.host = host
        self.port: int = port
        self.routes: list[web.AbstractRouteDef] = []
        self.middlewares: list[Middleware] = []
        self._channels = channels
        self._sockets = {
            path: replace(options, check_origin=check_origin)
            if options.check_origin is None
            else options
            for path, options in (sockets or {"/socket": SocketOptions()}).items()
        }
        self._endpoint = Endpoint()
        self._longpoll = LongPoll(self._endpoint, channels)
        self._requests: set[asyncio.Task[object]] = set()
        self._runner: web.AppRunner | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._stopped.set()

    @property
    def url(self) -> str:
        """The URL of the first socket, for a client's `Socket`."""
        return f"ws://{self.host}:{self.port}{next(iter(self._sockets))}"

    @property
    def sockets(self) -> list[ServerSocket]:
        """The connected clients."""
        return [session.socket for session in self._endpoint.sessions]

    @property
    def presence(self) -> ServerPresence:
        """The presences of all topics."""
        return self._endpoint.presence

    async def start(self) -> None:
        """Start listening.

        Raises:
            OSError: The port is taken.
            RuntimeError: The server is running.
        """
        if self._runner is not None:
            raise RuntimeError("the server is running: call stop() first")
        app = web.Application(
            middlewares=[*self.middlewares, self._watch], client_max_size=MAX_BODY
        )
        app.add_routes(self.routes)
        for path, options in self._sockets.items():
            self._mount(app, path, options)
        app.router.add_route("*", "/{path:.*}", _not_found)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError:
            await runner.cleanup()
            raise
        self.port = runner.addresses[0][1]
        self._runner = runner
        self._stopped.clear()

    async def stop(self) -> None:
        """Stop listening and close all connections, as a real server shuts down.

        Clients with a joined channel see 1012, others 1000; pending long polls are
        answered. No task is left, and the server can be started again. Has no effect
        if it is not running.
        """
        if self._runner is None:
            return
        if self._stopping is None:
            # A task of its own, because it ends the request that may have called it.
            self._stopping = asyncio.create_task(self._stop(self._runner))
        await asyncio.shield(self._stopping)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def wait_stopped(self) -> None:
        """Wait until the server is stopped."""
        await self._stopped.wait()

    def broadcast(self, topic: str, event: str, payload: object) -> None:
        """Send an event to every client that joined a topic.

        Args:
            topic: The topic.
            event: The event.
            payload: A mapping, or bytes for a binary frame.
        """
        self._endpoint.broadcast(topic, event, payload)

    def disconnect(self, socket_id: str) -> None:
        """Disconnect every client with this `ServerSocket.id`; it sees 1001."""
        self._endpoint.disconnect(socket_id)

    def _mount(self, app: web.Application, path: str, options: SocketOptions) -> None:
        websocket = partial(
            serve_websocket,
            options=options,
            endpoint=self._endpoint,
            channels=self._channels,
        )
        longpoll = partial(self._longpoll.serve, options=options)
        for handler, name in (websocket, "websocket"), (longpoll, "longpoll"):
            for end in "", "/":
                app.router.add_route("*", f"{path}/{name}{end}", handler)

    @web.middleware
    async def _watch(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Track the task of a request, which may outlive its client."""
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            return await handler(request)
        finally:
            self._requests.discard(task)

    async def _stop(self, runner: web.AppRunner) -> None:
        for site in runner.sites:
            await site.stop()
        self._longpoll.stop()
        for session in tuple(self._endpoint.sessions):
            session.stop()
        await self._end_requests()
        await self._longpoll.aclose()
        connections = runner.server.connections if runner.server else []
        await runner.cleanup()
        for connection in connections:
            if connection.transport is not None:  # its client does not read
                connection.transport.abort()
        self._runner = self._stopping = None
        self._stopped.set()

    async def _end_requests(self) -> None:
        """Wait a while for requests to end, then cancel them."""
        if self._requests:
            await asyncio.wait(self._requests, timeout=GRACE)
        for session in tuple(self._endpoint.sessions):
            session.kill()
        for task in self._requests:
            task.cancel()
        if self._requests:
            await asyncio.wait(self._requests)


async def _not_found(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
    return responses.text(404, "not found")
