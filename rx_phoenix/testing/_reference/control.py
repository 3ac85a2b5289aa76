"""HTTP routes that control the reference app from outside."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest

from aiohttp import web

from rx_phoenix.testing._server import PhoenixServer, responses
from rx_phoenix.testing._server.query import decode_query

__all__ = ["control_routes"]


Handler = Callable[[web.Request], Awaitable[web.Response]]


def control_routes(server: PhoenixServer, token: str) -> Sequence[web.AbstractRouteDef]:
    """Make the routes below ``/ctl``.

    They take POST with a token, as ``?token=`` or ``Authorization: Bearer``, so that no
    web page can use them.

    Args:
        server: The server to control.
        token: The token.

    Returns:
        ``/ctl/info`` counts the clients; ``/ctl/disconnect/USER_ID`` disconnects
        those of a user; ``/ctl/broadcast?topic=&event=&payload[k]=v`` broadcasts;
        ``/ctl/stop`` stops the server.
    """
    control = Control(server)
    handlers: dict[str, Handler] = {
        "info": control.info,
        "disconnect/{user_id}": control.disconnect,
        "broadcast": control.broadcast,
        "stop": control.stop,
    }
    return [
        web.route("*", f"/ctl/{path}", _guarded(handler, token))
        for path, handler in handlers.items()
    ]


def _guarded(handler: Handler, token: str) -> Handler:
    """Require POST and a token: other methods get 405, other tokens 403."""

    async def guarded(request: web.Request) -> web.Response:
        if request.method != "POST":
            return responses.text(405, "use POST", {"Allow": "POST"})
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = request.query.get("token", bearer)
        if not compare_digest(given.encode(), token.encode()):
            return responses.text(403, "the token is printed at the start")
        return await handler(request)

    return guarded


class Control:
    """The handlers of the routes; each answers with JSON.

    Args:
        server: The server to control.
    """

    def __init__(self, server: PhoenixServer) -> None:
        self._server = server
        self._stopping: asyncio.Task[None] | None = None

    async def info(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Return the name of the server and the ids of its sockets."""
        ids = [socket.id for socket in self._server.sockets]
        return responses.json({"server": "rx_phoenix", "sockets": ids})

    async def disconnect(self, request: web.Request) -> web.Response:
        """Disconnect every socket of a user."""
        self._server.disconnect(f"user:{request.match_info['user_id']}")
        return responses.json({"status": "ok"})

    async def broadcast(self, request: web.Request) -> web.Response:
        """Broadcast to a topic."""
        params = decode_query(request.rel_url.raw_query_string)
        payload = params.get("payload", {})
        self._server.broadcast(params["topic"], params["event"], payload)
        return responses.json({"status": "ok"})

    async def stop(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """Stop the server after the response."""
        self._stopping = asyncio.create_task(self._server.stop())
        return responses.json({"status": "ok"})
