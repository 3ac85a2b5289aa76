"""The page's server: Bokeh's, on the running loop."""

import socket
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any
from weakref import WeakSet

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.connection import ServerConnection
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import OutputTransform, RequestHandler

from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.policy import Admission, content_policy
from rx_phoenix_demo.web.session import PageSession

__all__ = ["serving"]

HOST = "127.0.0.1"

UNUSED = 30.0
"""Seconds that a browser has to load the page and connect, on a slow machine too."""

CHECK = 0.5
"""Seconds between checks for sessions without a browser."""


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


class Site(BokehTornado):
    """The page, for those that may read it.

    Args:
        admission: Decides on requests.
        applications: Bokeh's applications by path.
        options: More arguments of `BokehTornado`.
    """

    def __init__(
        self, admission: Admission, applications: dict[str, Application], **options: Any
    ) -> None:
        super().__init__(applications, **options)
        self._admission = admission

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """Return the handler of a request; one from elsewhere gets 403."""
        headers = request.headers
        if self._admission.admits(headers.get("Host", ""), headers.get("Origin")):
            return super().find_handler(request, **options)
        return self.get_handler_delegate(request, Refusal)

    def client_lost(self, connection: ServerConnection) -> None:
        """End the session of a closed browser at the next check.

        Bokeh keeps it as long as one whose browser is still loading. The page reloads
        after a loss, so that no browser comes back to its session.
        """
        connection.session.request_expiration()
        super().client_lost(connection)


class Refusal(RequestHandler):
    """The handler of requests from elsewhere."""

    def prepare(self) -> None:
        """Refuse the request, whatever its method."""
        self.send_error(403)


class Guarded(OutputTransform):
    """The headers of all responses, which keep a browser from harm."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._host = request.host

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: FBT001 - Tornado's signature
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers."""
        headers["Content-Security-Policy"] = content_policy(self._host)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


def unlogged(_: RequestHandler) -> None:
    """Log no request: the terminal shows the demo's own log."""


@asynccontextmanager
async def serving(
    dashboard: Dashboard,
    port: int = 0,
    origins: Collection[str] = (),
    *,
    unused: float = UNUSED,
) -> AsyncGenerator[str]:
    """Serve the page on loopback.

    Args:
        dashboard: The state shared by the browsers.
        port: The port; 0 for a free one.
        origins: The origins of other pages that may read it; ``*`` for all.
        unused: Seconds until a session ends whose browser never connected.

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
    application = Site(
        Admission(port, origins),
        {"/": Application(FunctionHandler(open_page))},
        extra_websocket_origins=["*"],  # `Site` has admitted them
        check_unused_sessions_milliseconds=int(1000 * CHECK),
        unused_session_lifetime_milliseconds=int(1000 * unused),
    )
    application.add_transform(Guarded)
    application.settings["log_function"] = unlogged
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
