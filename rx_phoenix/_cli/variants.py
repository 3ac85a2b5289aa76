"""Variants of a refused connection: the first that opens explains the failure."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.target import Target, TransportKind
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix.errors import TransportError

__all__ = ["advice_for", "variants"]

TIMEOUT = 3.0
"""Seconds for a variant to open."""

ENDINGS = ("/websocket", "/longpoll")
"""The path segments that clients append to the URL."""


def variants(target: Target) -> Iterator[tuple[Target, str]]:
    """Yield variants of a target, likeliest first, each with advice if it opens.

    Args:
        target: The target that did not open.
    """
    parts = urlsplit(target.url)
    path = parts.path.rstrip("/")
    for ending in ENDINGS:
        if path.endswith(ending):
            url = _with_path(parts, path.removesuffix(ending))
            yield (
                replace(target, url=url),
                f"Omit {ending}, which clients append: {_public(url)}",
            )
    if not path:
        url = _with_path(parts, "/socket")
        yield replace(target, url=url), f"Add the path of the socket: {_public(url)}"
    other = 3 - target.vsn
    yield replace(target, vsn=other), OTHER_VERSION.format(other)
    if target.token is not None:
        yield replace(target, token=None), TOKENLESS
    if target.params:
        yield replace(target, params={}), PARAMLESS
    origin = _origin(parts)
    headers = {**target.headers, "Origin": origin}
    yield replace(target, headers=headers), WITH_ORIGIN.format(origin)
    if target.transport is TransportKind.WEBSOCKET and target.vsn != 1:
        yield replace(target, transport=TransportKind.LONGPOLL), BY_LONG_POLL


OTHER_VERSION = (
    "The server supports only version {0} of the protocol: use --vsn {0} here, and "
    "SerializerV{0} in your code."
)
TOKENLESS = (
    "The server refuses this token, but accepts none: is it expired, or for another "
    "server?"
)
PARAMLESS = "The server refuses these params, but accepts none: check them."
WITH_ORIGIN = (
    "The server requires an Origin: add --header 'Origin: {}' here, and headers= in "
    "your code."
)
BY_LONG_POLL = (
    "WebSockets are blocked, but long polling works: use --transport longpoll here, "
    "and a FallbackTransport in your code."
)


async def advice_for(target: Target) -> str:
    """Return advice for a connection that does not open, or "".

    Args:
        target: The target that did not open.
    """
    tried = list(variants(target))
    opened = await asyncio.gather(*(_opens(variant) for variant, _ in tried))
    for is_open, (_, advice) in zip(opened, tried, strict=True):
        if is_open:
            return advice
    return ""


async def _opens(target: Target) -> bool:
    try:
        within = min(TIMEOUT, target.patience)
        async with asyncio.timeout(within), connected(target):
            return True
    except (TransportError, TimeoutError):
        return False


def _with_path(parts: SplitResult, path: str) -> str:
    return urlunsplit(parts._replace(path=path))


def _public(url: str) -> str:
    return Endpoint(url=url).public_url


def _origin(parts: SplitResult) -> str:
    scheme = "https" if parts.scheme in {"wss", "https"} else "http"
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}"
