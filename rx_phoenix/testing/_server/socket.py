"""One client of a server, and the options of a socket."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rx_phoenix.testing._server.codec import Serializer

__all__ = ["CheckOrigin", "ConnectRefused", "ServerSocket", "SocketOptions"]

CheckOrigin = bool | Literal["conn"] | Sequence[str]
"""The accepted values of an ``Origin``, see `PhoenixServer`."""


@dataclass(eq=False, kw_only=True)
class ServerSocket:
    """One client, as seen by `connect` and the channels.

    Attributes:
        params: The parameters of the URL, nested as Plug nests them.
        auth_token: The token of the client, if it sent one and the socket accepts it.
        headers: The headers of the request, by lower-case name.
        uri: The full requested URL.
        transport: The transport of the client.
        serializer: The serializer of the client's protocol.
        id: The id shared by all sockets of a user, for `PhoenixServer.disconnect`;
            set by `connect`.
        assigns: State of `connect` and the channels.
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
    """Raised by `connect` to refuse a client.

    Over a long poll the client always gets the status 403 in the body.

    Args:
        status: The HTTP status.
        body: The body of the response.
        headers: Further headers, such as ``{"Retry-After": "7"}``.
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
        self.headers: Mapping[str, str] = headers or {}


def accept(socket: ServerSocket) -> None:
    """Accept every client."""


@dataclass(frozen=True, kw_only=True)
class SocketOptions:
    """The options of one socket of a server; the defaults are Phoenix's.

    Attributes:
        connect: Called with every client, sync or async. It may set `ServerSocket.id`
            and fill `ServerSocket.assigns`, and raises `ConnectRefused` to refuse the
            client.
        versions: The supported protocol versions, 1 and 2.
        auth_token: True to accept a token in the ``Sec-WebSocket-Protocol``, or in the
            ``X-Phoenix-AuthToken`` of a long poll.
        idle_timeout: Seconds after which a WebSocket is closed with 1002 if the client
            sends nothing.
        max_frame_size: The most bytes of a client's frame; a larger one closes with
            1009.
        max_channels: The most channels of a client; None for no limit.
        poll_window: Seconds that a long poll waits for a message.
        compress: True to accept permessage-deflate. A message that becomes more than
            25 times as large, and more than 16 KiB, closes with 1009, as Bandit's
            ``max_inflate_ratio`` does.
        check_origin: The accepted origins; None for those of `PhoenixServer`.
        subprotocols: The accepted subprotocols.
    """

    connect: Callable[[ServerSocket], object] = accept
    versions: tuple[int, ...] = (1, 2)
    auth_token: bool = True
    idle_timeout: float = 60.0
    max_frame_size: int = 10_000_000
    max_channels: int | None = 100
    poll_window: float = 10.0
    compress: bool = False
    check_origin: CheckOrigin | None = None
    subprotocols: tuple[str, ...] = ()
