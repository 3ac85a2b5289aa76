"""The server of the page: Bokeh's, on our own loop."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
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

from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._cli.demo.web.visit import Visit

__all__ = ["serving"]

HOST = "127.0.0.1"

UNUSED = 2000
"""Milliseconds after which a browser that does not speak has left."""

CHECK = 500
"""Milliseconds between looks for those."""


class Listener(HTTPServer):
    """A server that can end all it serves; Tornado's leaves WebSockets open."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Tornado's own constructor."""
        self._streams = WeakSet[IOStream]()
        super().initialize(*args, **options)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve whoever has just connected."""
        self._streams.add(stream)
        super().handle_stream(stream, address)  # pyright: ignore[reportUnknownMemberType]

    async def close(self) -> None:
        """Hang up on everybody."""
        for stream in list(self._streams):
            stream.close()
        await self.close_all_connections()


@asynccontextmanager
async def serving(board: Board, port: int = 0) -> AsyncGenerator[str]:
    """Serve the page on loopback.

    Args:
        board: What the browsers share.
        port: The port; 0 for a free one.

    Yields:
        The page's address.

    Raises:
        OSError: The port is taken.
    """
    visits: list[Visit] = []

    def open_page(document: Document) -> None:
        visits.append(Visit(document, board))

    listening = socket.create_server((HOST, port))
    listening.settimeout(0.0)  # as an event loop wants it
    port = listening.getsockname()[1]
    application = BokehTornado(
        {"/": Application(FunctionHandler(open_page))},
        # No other site may read along.
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
        for visit in visits:
            visit.end()
        server.stop()
        await http.close()
