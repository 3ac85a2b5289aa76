"""What became of an attempt, in our words and without its credentials.

Servers, proxies and libraries repeat what they were sent: in a redirect, in a page, in
the words of an exception.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit

from rx_phoenix._protocol.redaction import redactor, secrets_in, texts_in
from rx_phoenix.errors import ConnectError, ConnectionLost, TransportError

__all__ = ["failure_of", "loss_of", "secrets_of"]

E = TypeVar("E", bound=TransportError)

PUBLIC = frozenset(
    {"accept", "accept-encoding", "accept-language", "origin", "referer", "user-agent"}
)
"""Headers that are no secrets."""

KEY = re.compile(r"\S{20,}")
"""What is likely a key, whatever its name; a shorter param may be any word."""


def failure_of(error: Exception, url: str, secrets: frozenset[str]) -> TransportError:
    """What failed an attempt, with the cause kept if it tells no secret.

    Args:
        error: What the transport, or who was asked for credentials, raised.
        url: The endpoint, fit for showing.
        secrets: What is not to be told.
    """
    if isinstance(error, TransportError):
        return concealed(error, secrets)
    text = f"the attempt to connect to {url} failed: {type(error).__name__}: {error}"
    failed = ConnectError(text, url=url)
    failed.__cause__ = error
    return concealed(failed, secrets)


def loss_of(error: Exception, secrets: frozenset[str]) -> ConnectionLost:
    """What ended an open connection; otherwise as `failure_of`."""
    if isinstance(error, ConnectionLost):
        return concealed(error, secrets)
    lost = ConnectionLost(1006, str(error))
    lost.__cause__ = error
    return concealed(lost, secrets)


def secrets_of(url: str, credentials: Sequence[Any]) -> frozenset[str]:
    """Whatever an attempt said that is nobody's business, as it may be repeated.

    Args:
        url: The endpoint, with its user, password and query.
        credentials: The params, the auth token and the headers, as they were given.

    >>> secrets = secrets_of("ws://jo:s3cret@h/socket", [{"token": "a b"}, None, {}])
    >>> secrets >= {"a b", "a%20b", "jo", "s3cret"}
    True
    """
    texts = {*parts_of(url), *credentials_in(credentials)} - {""}
    encoded = {quote(text, safe="", errors="replace") for text in texts}
    tokens = {b64encode(text.encode(errors="replace")).decode() for text in texts}
    return frozenset(texts | encoded | {token.rstrip("=") for token in tokens})


def parts_of(url: str) -> Iterator[str]:
    """The user, the password, and the secret values of the query."""
    parts = urlsplit(url)
    yield from parts.netloc.rpartition("@")[0].split(":")
    for piece in parts.query.split("&"):
        name, _, value = piece.rpartition("=")
        if any(named_or_long({name: unquote(value)})):
            yield from (value, unquote(value))


def named_or_long(params: object) -> Iterator[str]:
    """What has the name of a secret, or the length of one."""
    yield from secrets_in(params)
    yield from filter(KEY.fullmatch, texts_in(params))


def credentials_in(credentials: Sequence[Any]) -> Iterator[str]:
    """The texts of params, token and headers; of headers their words, too."""
    # A failed attempt may have fewer.
    params, token, headers = (*credentials, None, None, None)[:3]
    yield from named_or_long(params)
    yield from texts_in(token)
    if not isinstance(headers, Mapping):
        yield from texts_in(headers)
        return
    for name, value in cast("Mapping[object, object]", headers).items():
        if str(name).lower() not in PUBLIC:
            for text in texts_in(value):
                yield from (text, *re.split(r"[\s;,=]+", text))


def concealed(error: E, secrets: frozenset[str]) -> E:
    """The same error without secrets in its words and its causes.

    An answer's headers and body are kept as they came: data, which nothing here shows.
    Of the exceptions behind it those that tell a secret are forgotten, with what is
    behind them.
    """
    redact = redactor(secrets)
    error.args = tuple(redact(list(error.args)))
    if isinstance(error, ConnectionLost):
        error.reason = redact(error.reason)
    link: BaseException = error
    while (cause := link.__cause__) is not None:
        told = f"{cause} {cause!r}"
        if redact(told) != told:
            link.__cause__ = link.__context__ = None
            break
        link = cause
    return error
