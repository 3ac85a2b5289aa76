"""Whether a client is let in: origin, subprotocol, token, version, the app's word."""

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
    ConnectRefused,
    ServerSocket,
    SocketOptions,
)

__all__ = ["admit", "negotiate"]

AUTH_PREFIX = "base64url.bearer.phx."
"""Marks the token among the subprotocols."""

SERIALIZERS: Mapping[int, Serializer] = {1: V1Serializer(), 2: V2Serializer()}


async def admit(
    request: web.Request,
    options: SocketOptions,
    transport: Literal["websocket", "longpoll"],
    auth_token: str | None,
) -> ServerSocket:
    """Let a client in.

    Args:
        request: The request that opens the connection.
        options: Those of the socket that is asked for.
        transport: How the client wants to talk.
        auth_token: The token that came with the request.

    Raises:
        ConnectRefused: The origin, the version or the application says no.
    """
    if not _is_welcome(request.headers.get("Origin"), options.check_origin):
        raise ConnectRefused
    path, _, query = request.raw_path.partition("?")
    params = decode_query(query)
    socket = ServerSocket(
        params=params,
        auth_token=auth_token if options.auth_token else None,
        headers={name.lower(): value for name, value in request.headers.items()},
        uri=f"http://{request.host}{path}?{query}",
        transport=transport,
        serializer=_serializer(params.get("vsn", "1.0.0"), options.versions),
    )
    answer = options.connect(socket)
    if isawaitable(answer):
        await answer
    return socket


def negotiate(
    header: str | None, options: SocketOptions
) -> tuple[str | None, str | None]:
    """Choose a subprotocol, and find the token that hides among them.

    Args:
        header: The client's ``Sec-WebSocket-Protocol``.
        options: Those of the socket that is asked for.

    Returns:
        The subprotocol and the token, each None if there is none.

    Raises:
        ConnectRefused: The client wants none of the subprotocols there are.
        ValueError: The token is not base64 in the standard alphabet, which is what
            Phoenix decodes, whatever the prefix says.
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


def _serializer(vsn: object, versions: tuple[int, ...]) -> Serializer:
    """Find what speaks a version: ``1.0.x`` or ``2.0.x``, where the socket allows it.

    Raises:
        ConnectRefused: Nothing does.
    """
    match = re.fullmatch(r"(\d+)\.0\.\d+", vsn) if isinstance(vsn, str) else None
    version = int(match[1]) if match else 0
    if version not in versions:
        raise ConnectRefused
    return SERIALIZERS[version]


def _is_welcome(origin: str | None, allowed: tuple[str, ...] | None) -> bool:
    """Compare an Origin, which programs that are no browsers do not send."""
    if origin is None or allowed is None:
        return True
    asked = URL(origin)
    return any(
        asked.host == url.host
        and url.scheme in ("", asked.scheme)
        and url.port in (None, asked.port)
        for url in map(URL, allowed)
    )
