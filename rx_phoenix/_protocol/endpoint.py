"""The endpoint of an attempt to connect: URL, params and credentials."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from rx_phoenix.errors import UsageError

__all__ = ["Endpoint", "check_url", "query"]

SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


class Endpoint(Struct, frozen=True, kw_only=True):
    """The target of one attempt to connect.

    Its ``repr`` shows only the public part of the URL, because the rest may be secret.

    Attributes:
        url: The endpoint as in phoenix.js, without the transport's path segment.
        params: The connect params, sent in the query.
        vsn: The serializer's version, the last item of the query.
        auth_token: Phoenix's auth token; how it is sent depends on the transport.
        headers: Extra HTTP headers.

    Raises:
        UsageError: The URL is invalid.

    >>> endpoint = Endpoint(url="https://example.org/socket/", params={"a": [1]})
    >>> endpoint.address("websocket")
    'wss://example.org/socket/websocket?a%5B0%5D=1&vsn=2.0.0'
    >>> endpoint
    Endpoint('wss://example.org/socket')
    """

    url: str
    params: Mapping[str, Any] = {}
    vsn: str = "2.0.0"
    auth_token: str | None = None
    headers: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        check_url(self.url)

    def address(self, transport: str) -> str:
        """Return the URL of a transport: ``websocket``, or ``longpoll`` over HTTP.

        The query has the endpoint's own items first, then the params, and vsn last.

        Raises:
            UsageError: The params hold text that is not valid Unicode.
        """
        parts = urlsplit(self.url)
        scheme = SCHEMES[parts.scheme]
        if transport == "longpoll":
            scheme = scheme.replace("ws", "http")
        path = f"{parts.path.rstrip('/')}/{transport}"
        pieces = [parts.query, query(self.params), f"vsn={self.vsn}"]
        return urlunsplit(
            (scheme, parts.netloc, path, "&".join(filter(None, pieces)), "")
        )

    @property
    def public_url(self) -> str:
        """The URL without user, password and query, for logs and errors."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        scheme = SCHEMES[parts.scheme]
        return urlunsplit((scheme, host, parts.path.rstrip("/"), "", ""))

    def __repr__(self) -> str:
        return f"Endpoint({self.public_url!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.public_url)]


def check_url(url: str) -> None:
    """Check the URL of an endpoint.

    Raises:
        UsageError: Its scheme is not supported, its host missing or its port invalid.

    >>> check_url("wss://example.org/socket")
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in SCHEMES and parts.hostname and parts.port != 0
    except (AttributeError, ValueError):  # not a string, or a message with the URL
        is_usable = False
    if not is_usable:
        raise UsageError(
            "the endpoint must be a full URL such as 'wss://example.org/socket', "
            f"got {_public_part(str(url))}: outside a browser, a relative URL has no "
            "page to complete it"
        )


def _public_part(url: str) -> str:
    """Return the part of an invalid URL that cannot hold a secret."""
    if "@" not in url:
        return repr(re.split(r"[?#]", url)[0])
    scheme = re.match(r"\w+://", url)
    return f"{(scheme[0] if scheme else '') + '…'!r}"


def query(params: Mapping[str, Any]) -> str:
    """Encode params as phoenix.js does: nested as ``a[b]``, lists as ``a[0]``.

    None and empty containers are omitted. Bytes are used as they are.

    >>> query({"a": {"b": True}, "c": None, "d": "x y"})
    'a%5Bb%5D=true&d=x%20y'
    """
    return "&".join(f"{_escape(key)}={_escape(value)}" for key, value in _flat(params))


def _flat(params: Mapping[str, Any]) -> Iterator[tuple[str, str | bytes]]:
    for key, value in params.items():
        yield from _pairs(str(key), value)


def _pairs(key: str, value: object) -> Iterator[tuple[str, str | bytes]]:
    if value is None:
        return
    if isinstance(value, str | bytes):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in cast("Mapping[object, object]", value).items():
            yield from _pairs(f"{key}[{name}]", inner)
    elif isinstance(value, Sequence):
        for index, inner in enumerate(cast("Sequence[object]", value)):
            yield from _pairs(f"{key}[{index}]", inner)
    elif isinstance(value, bool):
        yield key, "true" if value else "false"
    else:
        yield key, str(value)


def _escape(text: str | bytes) -> str:
    """Escape text like JavaScript's ``encodeURIComponent``."""
    try:
        return quote(text, safe="!~*'()")
    except UnicodeEncodeError:
        raise UsageError(
            "cannot encode the connect params in a URL: they contain a lone surrogate"
        ) from None
