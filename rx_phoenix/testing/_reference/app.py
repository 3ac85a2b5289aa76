"""The sockets and channels of the reference app."""

from collections import Counter
from collections.abc import Collection
from functools import partial

from rx_phoenix.testing._reference.connect import connect, connect_tuned
from rx_phoenix.testing._reference.control import control_routes
from rx_phoenix.testing._reference.guard import Guard
from rx_phoenix.testing._reference.presence import PresenceRoom
from rx_phoenix.testing._reference.room import Room
from rx_phoenix.testing._server import PhoenixServer, SocketOptions

__all__ = ["reference_app"]

SOCKETS = {
    "/socket": SocketOptions(connect=connect),
    "/tuned": SocketOptions(
        connect=connect_tuned,
        auth_token=False,
        idle_timeout=1.5,
        max_frame_size=4096,
        poll_window=1.0,
    ),
    "/deflate": SocketOptions(connect=connect, auth_token=False, compress=True),
    "/origin": SocketOptions(
        connect=connect, auth_token=False, check_origin=("//localhost",)
    ),
    "/subproto": SocketOptions(
        connect=connect, auth_token=False, subprotocols=("one", "two")
    ),
    "/v1only": SocketOptions(connect=connect, auth_token=False, versions=(1,)),
    "/v2only": SocketOptions(connect=connect, auth_token=False, versions=(2,)),
}
"""One socket for each option."""


def reference_app(
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    origins: Collection[str] | None = None,
    token: str | None = None,
) -> PhoenixServer:
    """Make a server of the reference app.

    Args:
        port: The port; 0 for a free one.
        host: The address to listen on.
        origins: The origins of web pages that may connect, besides the server's own;
            ``*`` for all. None checks neither Origin nor Host, as in a test.
        token: The token for the routes below ``/ctl``; None leaves them out.

    Returns:
        The server; ``async with`` starts it.

    Example:
        >>> import asyncio
        >>> from rx_phoenix.testing._reference import reference_app
        >>> async def main():
        ...     async with reference_app() as server:
        ...         print(server.url.startswith("ws://127.0.0.1:"))
        >>> asyncio.run(main())
        True
    """
    room = partial(Room, Counter())
    channels = {"room:*": room, "exact": room, "presence:*": PresenceRoom}
    server = PhoenixServer(channels, sockets=SOCKETS, host=host, port=port)
    if origins is not None:
        server.middlewares.append(Guard(host, origins).middleware)
    if token is not None:
        server.routes.extend(control_routes(server, token))
    return server
