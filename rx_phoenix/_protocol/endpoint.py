"""The endpoint of an attempt to connect: URL, params and credentials."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from msgspec import Struct

from rx_phoenix._protocol.checks import check, kind_of
from rx_phoenix.errors import UsageError

__all__ = ["Endpoint", "check_header_value", "check_url", "query"]

BLANKS = "".join(map(chr, range(0x21)))
"""The characters that browsers strip from both ends of a URL."""

PATH_SAFE = "%/:@!$&'()*+,;=|[]"
"""The characters of a path that browsers do not escape, besides letters and digits."""

QUERY_SAFE = PATH_SAFE.replace("'", "") + "?`{}^\\"
"""Likewise those of a query."""

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""The characters that no value of a header may hold (RFC 9110, 5.5)."""

NAME = re.compile(r"[^\x00-\x20\x7f:]+")
"""The name of a header, as liberal as any server can be."""

SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


class Endpoint(Struct, frozen=True, kw_only=True):
    """The target of one attempt to connect.

    Its ``repr`` shows only the public part of the URL, because the rest may be secret.

    Attributes:
        url: The endpoint as in phoenix.js, without the transport's path segment.
        params: The connect params, sent in the query.
        vsn: The serializer's version, the last item of the query.
        auth_token: Phoenix's auth token; how it is sent depends on the transport. An
            empty one is ignored.
        headers: Extra HTTP headers.
        timeout: Seconds that the attempt may take, from `Transport.connect` on, before
            it is abandoned; None if nothing limits it.

    Raises:
        UsageError: The URL is invalid, or the params, the token or the headers are not
            of their types or cannot be sent.

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
    timeout: float | None = None

    def __post_init__(self) -> None:
        check_url(self.url)
        check_params(self.params)
        check_auth_token(self.auth_token)
        check_headers(self.headers)

    def address(self, transport: str) -> str:
        """Return the URL of a transport: ``websocket``, or ``longpoll`` over HTTP.

        The query has the endpoint's own items first, then the params, and vsn last.

        Raises:
            UsageError: The params hold text that is not valid Unicode.
        """
        parts = _parts(self.url)
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
        parts = _parts(self.url)
        host = parts.netloc.rpartition("@")[2]
        scheme = SCHEMES[parts.scheme]
        return urlunsplit((scheme, host, parts.path.rstrip("/"), "", ""))

    def __repr__(self) -> str:
        return f"Endpoint({self.public_url!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.public_url)]


def _parts(url: str) -> SplitResult:
    """Split a URL, its path and query escaped as browsers do.

    >>> _parts("ws://host/so cket%20/").path
    '/so%20cket%20/'
    """
    parts = urlsplit(url.strip(BLANKS))
    # To browsers a backslash in a path is a slash.
    path = quote(parts.path.replace("\\", "/"), safe=PATH_SAFE)
    return parts._replace(path=path, query=quote(parts.query, safe=QUERY_SAFE))


def check_url(url: str) -> None:
    """Check the URL of an endpoint.

    Raises:
        UsageError: Its scheme is not supported, its host missing or its port invalid.

    >>> check_url("wss://example.org/socket")
    """
    try:
        parts = _parts(url)
        is_usable = parts.scheme in SCHEMES and parts.hostname and parts.port != 0
    except (
        AttributeError,
        TypeError,
        ValueError,
    ):  # not a string, or a message with the URL
        is_usable = False
    if not is_usable:
        raise UsageError(
            "the endpoint must be a full URL such as 'wss://example.org/socket', "
            f"got {_public_part(str(url))}: begin it with ws:// or wss://, and a host"
        )


def _public_part(url: str) -> str:
    """Return the part of an invalid URL that cannot hold a secret."""
    if "@" not in url:
        return repr(re.split(r"[?#]", url)[0])
    scheme = re.match(r"\w+://", url)
    return f"{(scheme[0] if scheme else '') + '…'!r}"


def check_params(params: object) -> None:
    """Check connect params.

    Raises:
        UsageError: They are not a mapping, or a URL cannot carry them.
    """
    takes = "a mapping, a function that returns one, or None"
    check(isinstance(params, Mapping), "params", takes, kind_of(params))
    query(cast("Mapping[str, Any]", params))


def check_auth_token(auth_token: object) -> None:
    """Check an auth token.

    Raises:
        UsageError: It is not text, or text that is not valid Unicode.
    """
    is_text = auth_token is None or isinstance(auth_token, str)
    takes = "text, a function that returns text, or None"
    check(is_text, "auth_token", takes, kind_of(auth_token))
    is_valid = auth_token is None or _is_unicode(cast("str", auth_token))
    check(is_valid, "auth_token", "valid Unicode", "text with a lone surrogate")


def check_headers(headers: object) -> None:
    """Check extra HTTP headers.

    Raises:
        UsageError: They are not a mapping of text to text that HTTP can carry.
    """
    takes = "a mapping of text to text, a function that returns one, or None"
    check(isinstance(headers, Mapping), "headers", takes, kind_of(headers))
    for name, value in cast("Mapping[object, object]", headers).items():
        is_name = isinstance(name, str) and NAME.fullmatch(name) and _is_unicode(name)
        takes = "text without blanks, colons and control characters"
        check(bool(is_name), "the name of a header", takes, kind_of(name))
        check_header_value(f"the header {name!r}", value)


def check_header_value(name: str, value: object) -> None:
    """Check the value of a header, which may be a secret.

    Raises:
        UsageError: It is not text that HTTP can carry.
    """
    takes = "text without control characters"
    check(isinstance(value, str), name, takes, kind_of(value))
    text = cast("str", value)
    is_valid = CONTROL.search(text) is None and _is_unicode(text)
    check(is_valid, name, takes, "text with one, or with a lone surrogate")


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def query(params: Mapping[str, Any]) -> str:
    """Encode params as phoenix.js does: nested as ``a[b]``, lists as ``a[0]``.

    None and empty containers are omitted. Bytes are used as they are.

    Raises:
        UsageError: They hold a lone surrogate, or contain themselves.

    >>> query({"a": {"b": True}, "c": None, "d": "x y"})
    'a%5Bb%5D=true&d=x%20y'
    """
    try:
        pairs = [*_flat(params)]
    except RecursionError:
        raise UsageError(
            "cannot encode the connect params in a URL: they contain themselves, or "
            "are nested too deeply"
        ) from None
    return "&".join(f"{_escape(key)}={_escape(value)}" for key, value in pairs)


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
