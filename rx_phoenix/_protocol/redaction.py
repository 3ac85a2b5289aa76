"""Keeping secrets out of what is printed, recorded and raised.

Servers, proxies and libraries repeat what they were sent: in a redirect, in a page, in
the words of an exception.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit

from rx_phoenix.errors import ConnectError, ConnectionLost, TransportError

__all__ = [
    "REDACTED",
    "failure_of",
    "is_secret",
    "loss_of",
    "redactor",
    "secrets_in",
    "secrets_of",
    "texts_in",
]

E = TypeVar("E", bound=TransportError)

REDACTED = "[redacted]"
"""The text in place of a secret."""

SECRET = re.compile(
    r"token|secret|passw|passphrase|pwd|api_?key|private_?key|authori[sz]ation|bearer"
    r"|cookie|credential|session_?id|\bjwt\b|\bpin\b|\botp\b",
    re.IGNORECASE,
)
"""The names of secrets."""

SHORTEST = 6
"""The fewest characters of a secret that is looked for inside other text."""

PUBLIC = frozenset(
    {"accept", "accept-encoding", "accept-language", "origin", "referer", "user-agent"}
)
"""The headers that are not secrets."""

KEY = re.compile(r"\S{20,}")
"""A text that is likely a key, whatever its name; a shorter one may be any word."""


def is_secret(name: str) -> bool:
    """Return True if this is the name of a secret.

    >>> is_secret("userToken"), is_secret("user_id")
    (True, False)
    """
    return SECRET.search(name) is not None


def redactor(
    secrets: Iterable[str] = (), names: Iterable[str] = ()
) -> Callable[[Any], Any]:
    """Return a function that takes the secrets out of a payload.

    A value with the name of a secret is one; so is a known secret, wherever it stands.
    Binary payloads stay as they are, unless they have such a name.

    Args:
        secrets: The known secrets.
        names: More names of secrets; case does not matter.

    >>> redact = redactor(secrets=["hunter2"])
    >>> redact({"user": "me", "password": "x", "note": ["it is hunter2"]})
    {'user': 'me', 'password': '[redacted]', 'note': ['it is [redacted]']}
    """
    known = [re.escape(secret) for secret in secrets if len(secret) >= SHORTEST]
    # The longest first, because one may be the beginning of another.
    pattern = re.compile("|".join(sorted(known, key=len, reverse=True)) or r"(?!)")
    named = {name.casefold() for name in names}

    def is_named(name: object) -> bool:
        return is_secret(str(name)) or str(name).casefold() in named

    def redact(value: Any) -> Any:
        match value:
            case str():
                return pattern.sub(REDACTED, value)
            case Mapping():
                mapping = cast("Mapping[Any, Any]", value)
                return {
                    name: REDACTED if is_named(name) else redact(inner)
                    for name, inner in mapping.items()
                }
            case list() | tuple():
                return [redact(inner) for inner in cast("list[Any]", value)]
            case _:
                return value

    return redact


def texts_in(value: object) -> Iterator[str]:
    """Yield every text of a value, at any depth; bytes as the text that they encode.

    >>> [*texts_in({"a": ["b", {"c": b"d"}], "e": 1})]
    ['b', 'd']
    """
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode(errors="replace")
        case Mapping():
            for inner in cast("Mapping[object, object]", value).values():
                yield from texts_in(inner)
        case list() | tuple():
            for inner in cast("list[object]", value):
                yield from texts_in(inner)
        case _:
            pass


def secrets_in(value: object) -> Iterator[str]:
    """Yield the texts of a value that have the name of a secret, at any depth.

    >>> [*secrets_in({"user": "me", "login": {"password": "hunter2"}})]
    ['hunter2']
    """
    match value:
        case Mapping():
            for name, inner in cast("Mapping[object, object]", value).items():
                yield from (texts_in if is_secret(str(name)) else secrets_in)(inner)
        case list() | tuple():
            for inner in cast("list[object]", value):
                yield from secrets_in(inner)
        case _:
            pass


def failure_of(error: Exception, url: str, secrets: frozenset[str]) -> TransportError:
    """Return the error of a failed attempt, with the cause kept if it has no secret.

    Args:
        error: The exception of the transport, or of a provider.
        url: The endpoint, fit for showing.
        secrets: The known secrets.
    """
    if isinstance(error, TransportError):
        return redacted(error, secrets)
    text = f"the attempt to connect to {url} failed: {type(error).__name__}: {error}"
    failed = ConnectError(text, url=url)
    failed.__cause__ = error
    return redacted(failed, secrets)


def loss_of(error: Exception, secrets: frozenset[str]) -> ConnectionLost:
    """Return the error of a lost connection; otherwise as `failure_of`."""
    if isinstance(error, ConnectionLost):
        return redacted(error, secrets)
    lost = ConnectionLost(1006, str(error))
    lost.__cause__ = error
    return redacted(lost, secrets)


def secrets_of(url: str, credentials: Sequence[Any]) -> frozenset[str]:
    """Return the secrets that an attempt sent, in each form that may be repeated.

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
    """Yield the user, the password, and the secret values of the query."""
    parts = urlsplit(url)
    yield from parts.netloc.rpartition("@")[0].split(":")
    for piece in parts.query.split("&"):
        name, _, value = piece.rpartition("=")
        if any(named_or_long({name: unquote(value)})):
            yield from (value, unquote(value))


def named_or_long(params: object) -> Iterator[str]:
    """Yield the texts with the name of a secret, or the length of one."""
    yield from secrets_in(params)
    yield from filter(KEY.fullmatch, texts_in(params))


def credentials_in(credentials: Sequence[Any]) -> Iterator[str]:
    """Yield the texts of params, token and headers; of headers their words, too."""
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


def redacted(error: E, secrets: frozenset[str]) -> E:
    """Return the same error without secrets in its words and its causes.

    An answer's headers and body are kept as they came: data, which nothing here shows.
    A cause that shows a secret is dropped, with the causes behind it.
    """
    redact = redactor(secrets)
    error.args = tuple(redact(list(error.args)))
    if isinstance(error, ConnectionLost):
        error.reason = redact(error.reason)
    effect: BaseException = error
    while (cause := effect.__cause__) is not None:
        shown = f"{cause} {cause!r}"
        if redact(shown) != shown:
            effect.__cause__ = effect.__context__ = None
            break
        effect = cause
    return error
