"""A Phoenix server whose channels are Python classes.

Write a channel, mount it, and connect any client of Phoenix to it:

    >>> import asyncio
    >>> from rx_phoenix.testing._server import PhoenixServer, ServerChannel
    >>> class Room(ServerChannel):
    ...     async def join(self, params):
    ...         return {"welcome": params.get("name", "stranger")}
    ...
    ...     async def handle_in(self, event, payload, ref):
    ...         match event:
    ...             case "ping":
    ...                 self.reply(ref, "ok", payload)
    ...             case "shout":
    ...                 self.broadcast("shout", payload)
    >>> async def main():
    ...     async with PhoenixServer({"room:*": Room}) as server:
    ...         return server.url.rpartition(":")[0]
    >>> asyncio.run(main())
    'ws://127.0.0.1'

The server shares no code with the client of this package: it is an independent
implementation of the protocol, checked against frames of a real server.
"""

from rx_phoenix.testing._server.app import PhoenixServer
from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.process import JoinError
from rx_phoenix.testing._server.socket import (
    ConnectRefused,
    ServerSocket,
    SocketOptions,
)

__all__ = [
    "ConnectRefused",
    "Endpoint",
    "JoinError",
    "PhoenixServer",
    "ServerChannel",
    "ServerPresence",
    "ServerSocket",
    "SocketOptions",
]
