"""Admission of clients: origin, subprotocol, token, version and `connect`."""

import re
from base64 import b64decode
from collections.abc import Mapping
from inspect import isawaitable
from typing import Literal

from aiohttp import web
from yarl import URL

from rx_phoenix.testing._server.codec import Serializer, V1Serializer, V2Serializer
from rx_phoenix.testing._server.query import decode_query
from rx_phoenix.testing._server.socket import (
    CheckOrigin,
    ConnectRefused,
    ServerSocket,
    SocketOptions,
)

__all__ = ["admit", "negotiate", "serializer_of"]

AUTH_PREFIX = "base64url.bearer.phx."
"""Marks the token among the subprotocols."""

SERIALIZERS: Mapping[int, Serializer] = {1: V1Serializer(), 2: V2Serializer()}


async def admit(
    request: web.Request,
    options: SocketOptions,
    transport: Literal["websocket", "longpoll"],
    auth_token: str | None,
) -> ServerSocket:
    """Admit a client.

    Args:
        request: The request that opens the connection.
        options: The options of the requested socket.
        transport: The transport of the client.
        auth_token: The token of the request.

    Raises:
        ConnectRefused: The origin, the version or the application refused it.
    """
    if not _is_allowed_origin(request, options.check_origin or False):
        raise ConnectRefused
    path, _, query = request.raw_path.partition("?")
    params = decode_query(query)
    socket = ServerSocket(
        params=params,
        auth_token=auth_token if options.auth_token else None,
        headers={name.lower(): value for name, value in request.headers.items()},
        uri=f"http://{request.host}{path}?{query}",
        transport=transport,
        serializer=serializer_of(params.get("vsn", "1.0.0"), options.versions),
    )
    answer = options.connect(socket)
    if isawaitable(answer):
        await answer
    return socket


def negotiate(
    header: str | None, options: SocketOptions
) -> tuple[str | None, str | None]:
    """Choose a subprotocol and extract the token among those offered.

    Args:
        header: The client's ``Sec-WebSocket-Protocol``.
        options: The options of the requested socket.

    Returns:
        The subprotocol and the token, each None if there is none.

    Raises:
        ConnectRefused: The client offers no accepted subprotocol.
        ValueError: The token is not base64 in the standard alphabet, the one that
            Phoenix decodes in spite of the prefix.
    """
    offered = [item.strip() for item in (header or "").split(",") if item.strip()]
    accepted = options.subprotocols
    token = None
    if options.auth_token:
        accepted = ("phoenix", *accepted)
        tokens = [item for item in offered if item.startswith(AUTH_PREFIX)]
        if len(tokens) == 1:
            offered.remove(tokens[0])
            token = _decode_token(tokens[0].removeprefix(AUTH_PREFIX))
    if not accepted or not offered:
        return None, token
    for item in offered:
        if item in accepted:
            return item, token
    raise ConnectRefused


def _decode_token(encoded: str) -> str:
    """Decode standard base64; the padding may be missing."""
    digits = encoded.rstrip("=")
    return b64decode(digits + "=" * (-len(digits) % 4), validate=True).decode()


def serializer_of(vsn: object, versions: tuple[int, ...]) -> Serializer:
    """Return the serializer of a version, ``1.0.x`` or ``2.0.x``.

    Raises:
        ConnectRefused: The socket does not support the version.
    """
    match = re.fullmatch(r"(\d+)\.0\.\d+", vsn) if isinstance(vsn, str) else None
    version = int(match[1]) if match else 0
    if version not in versions:
        raise ConnectRefused
    return SERIALIZERS[version]


def _is_allowed_origin(request: web.Request, allowed: CheckOrigin) -> bool:
    """Check an Origin; clients other than browsers do not send one."""
    text = request.headers.get("Origin")
    if text is None or allowed is False:
        return True
    if allowed is True:
        allowed = ["//localhost", "//127.0.0.1", "//[::1]"]
    elif allowed == "conn":
        allowed = [f"{request.scheme}://{request.host}"]
    try:
        origin = URL(text)
    except ValueError:
        return False
    return any(_fits(origin, URL(pattern)) for pattern in allowed)


def _fits(origin: URL, pattern: URL) -> bool:
    host, expected = origin.host or "", pattern.host or ""
    is_part = expected.startswith("*.") and host.endswith(expected[1:])
    return (
        bool(host and (host == expected or is_part))
        and pattern.scheme in ("", origin.scheme)
        and pattern.port in (None, origin.port)
    )
