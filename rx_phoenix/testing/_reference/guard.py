"""A guard against web pages of other origins, for a server on a user's machine."""

from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address

from aiohttp import web
from yarl import URL

from rx_phoenix.testing._server import responses

__all__ = ["Guard"]

ANY = "*"
"""The origin that stands for all."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Admission by the headers Host and Origin, as a browser sends them.

    A page of any site can send requests to this machine. Its Origin is foreign, or its
    Host is a name that resolves to this machine only now (DNS rebinding); both are
    refused. Programs send no Origin, and are let in.

    Args:
        host: The address that the server listens on.
        origins: Further origins, such as ``https://app.example``; ``*`` for all.

    Example:
        >>> guard = Guard("127.0.0.1", ["https://app.example"])
        >>> guard.admits("127.0.0.1:4000", None)
        True
        >>> guard.admits("localhost:4000", "http://localhost:4000")
        True
        >>> guard.admits("127.0.0.1:4000", "https://app.example")
        True
        >>> guard.admits("127.0.0.1:4000", "https://evil.example")
        False
        >>> guard.admits("evil.example:4000", None)
        False
    """

    def __init__(self, host: str, origins: Collection[str] = ()) -> None:
        self._is_local = _is_loopback(host)
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        hosts = (_parsed(origin) for origin in self._origins)
        self._names = {host.lower(), *(url.host for url in hosts if url is not None)}

    def admits(self, host: str, origin: str | None) -> bool:
        """Return True if a request may pass.

        Args:
            host: Its Host.
            origin: Its Origin; None if it has none.
        """
        if ANY in self._origins:
            return True
        own = _parsed(f"http://{host}")
        if own is None or not self._is_own(own):
            return False
        if origin is None or origin.lower() in self._origins:
            return True
        given = _parsed(origin)
        return (
            given is not None
            and given.scheme == "http"
            and given.port == own.port
            and self._is_own(given)
        )

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer 403 to a request that may not pass."""
        # Several are one text, which is not an origin.
        given = request.headers.getall("Origin", None)
        origin = None if given is None else ", ".join(given)
        if self.admits(request.headers.get("Host", ""), origin):
            return await handler(request)
        return responses.text(403, "this origin is not allowed: see --origin")

    def _is_own(self, url: URL) -> bool:
        """True if a host is a name or an address of this server."""
        host = (url.host or "").rstrip(".")
        if host in self._names or _is_loopback(host):
            return True
        # An address cannot be rebound, so that it suffices where all may connect.
        return not self._is_local and _is_address(host)


def _parsed(origin: str) -> URL | None:
    """Parse an origin; return None for ``null`` and whatever else is not valid."""
    try:
        url = URL(origin)
    except ValueError:
        return None
    is_origin = url.host and url.port is not None and url.user is None
    return url if is_origin and url.raw_path_qs == "/" else None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
