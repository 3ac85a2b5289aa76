"""What a server knows of one client, and how a socket of it is set up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rx_phoenix.testing._server.codec import Serializer

__all__ = ["ConnectRefused", "ServerSocket", "SocketOptions"]


@dataclass(eq=False, kw_only=True)
class ServerSocket:
    """One client, as `connect` and the channels see it.

    Attributes:
        params: The parameters of the URL, nested as Plug nests them.
        auth_token: The token of the client, if it sent one and the socket takes it.
        headers: The headers of the request, by lower-case name.
        uri: The whole address that was asked for.
        transport: How the client is connected.
        serializer: What speaks the client's protocol.
        id: Names all sockets of one user, for `PhoenixServer.disconnect`; `connect`
            sets it.
        assigns: Whatever `connect` and the channels want to remember.
    """

    params: dict[str, Any]
    auth_token: str | None
    headers: Mapping[str, str]
    uri: str
    transport: Literal["websocket", "longpoll"]
    serializer: Serializer
    id: str | None = None
    assigns: dict[str, Any] = field(default_factory=dict[str, Any])


class ConnectRefused(Exception):
    """`connect` raises it to turn a client away.

    Over a long poll the client gets the status 403 in the body whatever is said here.

    Args:
        status: The HTTP status.
        body: The body of the response.
        headers: Headers to add, ``{"Retry-After": "7"}`` for one.
    """

    def __init__(
        self,
        status: int = 403,
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"connect refused with {status}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def welcome(socket: ServerSocket) -> None:
    """Let everybody in."""


@dataclass(frozen=True, kw_only=True)
class SocketOptions:
    """How one socket of a server behaves; the defaults are Phoenix's.

    Attributes:
        connect: Asked about every client, sync or async. It may set `ServerSocket.id`
            and fill `ServerSocket.assigns`; it raises `ConnectRefused` to turn the
            client away.
        versions: The protocols that are spoken, 1 and 2.
        auth_token: Whether a token is taken from the ``Sec-WebSocket-Protocol``, or
            from the ``X-Phoenix-AuthToken`` of a long poll.
        idle_timeout: Seconds after which a silent WebSocket is closed with 1002; only
            what the client sends counts.
        max_frame_size: Bytes that a client may send in one message; more closes with
            1009.
        max_channels: Channels that one client may join; None for any number.
        poll_window: Seconds that a long poll waits for something to say.
        compress: Whether permessage-deflate is agreed to.
        check_origin: The origins that are let in, ``//host`` or ``scheme://host:port``;
            None for all.
        subprotocols: Those that a client may ask for.
    """

    connect: Callable[[ServerSocket], object] = welcome
    versions: tuple[int, ...] = (1, 2)
    auth_token: bool = True
    idle_timeout: float = 60.0
    max_frame_size: int = 8_000_000
    max_channels: int | None = 100
    poll_window: float = 10.0
    compress: bool = False
    check_origin: tuple[str, ...] | None = None
    subprotocols: tuple[str, ...] = ()
