"""The page's server: Bokeh's, on the running loop."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any
from weakref import WeakSet

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.session import PageSession

__all__ = ["serving"]

HOST = "127.0.0.1"

UNUSED = 2000
"""Milliseconds after which a session without a browser ends."""

CHECK = 500
"""Milliseconds between checks for those."""


class Listener(HTTPServer):
    """A server that closes its WebSockets too; Tornado's leaves them open."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Construct the server; Tornado calls this instead of ``__init__``."""
        self._streams = WeakSet[IOStream]()
        super().initialize(*args, **options)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a new connection."""
        self._streams.add(stream)
        super().handle_stream(stream, address)  # pyright: ignore[reportUnknownMemberType]

    async def close(self) -> None:
        """Close all connections."""
        for stream in list(self._streams):
            stream.close()
        await self.close_all_connections()


@asynccontextmanager
async def serving(dashboard: Dashboard, port: int = 0) -> AsyncGenerator[str]:
    """Serve the page on loopback.

    Args:
        dashboard: The state shared by the browsers.
        port: The port; 0 for a free one.

    Yields:
        The page's address.

    Raises:
        OSError: The port is taken.
    """
    sessions: list[PageSession] = []

    def open_page(document: Document) -> None:
        sessions.append(PageSession(document, dashboard))

    listening = socket.create_server((HOST, port))
    listening.settimeout(0.0)  # an event loop needs it non-blocking
    port = listening.getsockname()[1]
    application = BokehTornado(
        {"/": Application(FunctionHandler(open_page))},
        # Other sites must not connect.
        extra_websocket_origins=[f"{HOST}:{port}", f"localhost:{port}"],
        check_unused_sessions_milliseconds=CHECK,
        unused_session_lifetime_milliseconds=UNUSED,
    )
    http = Listener(application)
    http.add_sockets([listening])
    server = BaseServer(IOLoop.current(), application, http)
    server.start()
    try:
        yield f"http://{HOST}:{port}/"
    finally:
        for session in sessions:
            session.end()
        # Since Bokeh 3.10 this may be awaited, and otherwise leaves tasks.
        stopping = getattr(server, "stop_async", server.stop)()
        await http.close()
        if isawaitable(stopping):
            await stopping
