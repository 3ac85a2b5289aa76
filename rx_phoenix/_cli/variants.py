"""A second opinion on a refused connection: what would have made it open?"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.target import Target, TransportKind
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix.errors import TransportError

__all__ = ["second_opinion", "variants"]

PATIENCE = 3.0
"""Seconds that a variant has to open."""

ENDINGS = ("/websocket", "/longpoll")
"""What clients add to the URL by themselves."""


def variants(target: Target) -> Iterator[tuple[Target, str]]:
    """What else might open, each with what to do if it does; the likeliest first.

    Args:
        target: What did not open.
    """
    parts = urlsplit(target.url)
    path = parts.path.rstrip("/")
    for ending in ENDINGS:
        if path.endswith(ending):
            url = _with_path(parts, path.removesuffix(ending))
            yield (
                replace(target, url=url),
                f"Leave out {ending}, which clients add by themselves: {_shown(url)}",
            )
    if not path:
        url = _with_path(parts, "/socket")
        yield replace(target, url=url), f"Add the path of the socket: {_shown(url)}"
    other = 3 - target.vsn
    yield replace(target, vsn=other), OTHER_VERSION.format(other)
    if target.token is not None:
        yield replace(target, token=None), TOKENLESS
    if target.params:
        yield replace(target, params={}), PARAMLESS
    origin = _origin(parts)
    headers = {**target.headers, "Origin": origin}
    yield replace(target, headers=headers), WITH_ORIGIN.format(origin)
    if target.carrier is TransportKind.WEBSOCKET and target.vsn != 1:
        yield replace(target, carrier=TransportKind.LONGPOLL), BY_LONG_POLL


OTHER_VERSION = (
    "The server speaks version {0} of the protocol only: use --vsn {0} here, and "
    "SerializerV{0} in your code."
)
TOKENLESS = (
    "The server refuses this token, and lets you in without one: is it expired, or "
    "for another server?"
)
PARAMLESS = "The server refuses these params, and lets you in without them: check them."
WITH_ORIGIN = (
    "The server insists on an Origin: add --header 'Origin: {}' here, and headers= in "
    "your code."
)
BY_LONG_POLL = (
    "No WebSocket gets through, but a long poll does: use --transport longpoll here, "
    "and a FallbackTransport in your code."
)


async def second_opinion(target: Target) -> str:
    """What to do about a connection that does not open; nothing if nobody knows.

    Args:
        target: What did not open.
    """
    tried = list(variants(target))
    opened = await asyncio.gather(*(_opens(variant) for variant, _ in tried))
    for is_open, (_, advice) in zip(opened, tried, strict=True):
        if is_open:
            return advice
    return ""


async def _opens(target: Target) -> bool:
    try:
        async with asyncio.timeout(PATIENCE), connected(target.url, **target.options):
            return True
    except (TransportError, TimeoutError):
        return False


def _with_path(parts: SplitResult, path: str) -> str:
    return urlunsplit(parts._replace(path=path))


def _shown(url: str) -> str:
    return Endpoint(url=url).public_url


def _origin(parts: SplitResult) -> str:
    scheme = "https" if parts.scheme in {"wss", "https"} else "http"
    return f"{scheme}://{parts.netloc.rpartition('@')[2]}"
