"""HTTP routes that control the reference app from outside."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from rx_phoenix.testing._server import PhoenixServer, responses
from rx_phoenix.testing._server.query import decode_query

__all__ = ["control_routes"]


def control_routes(server: PhoenixServer) -> Sequence[web.AbstractRouteDef]:
    """Make the routes below ``/ctl``.

    Args:
        server: The server to control.

    Returns:
        ``/ctl/info`` counts the clients; ``/ctl/disconnect/USER_ID`` disconnects
        those of a user; ``/ctl/broadcast?topic=&event=&payload[k]=v`` broadcasts;
        ``/ctl/stop`` stops the server.
    """
    control = Control(server)
    return [
        web.get("/ctl/info", control.info),
        web.get("/ctl/disconnect/{user_id}", control.disconnect),
        web.get("/ctl/broadcast", control.broadcast),
        web.get("/ctl/stop", control.stop),
    ]


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
