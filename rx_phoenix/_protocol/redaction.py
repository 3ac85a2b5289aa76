"""Keeping secrets out of what is printed, recorded and raised.

Servers, proxies and libraries repeat what they were sent: in a redirect, in a page, in
the words of an exception.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from json import dumps
from typing import Any, TypeVar, cast
from urllib.parse import quote, quote_plus, unquote, urlsplit

from rx_phoenix._excerpt import REDACTED
from rx_phoenix.errors import ConnectError, ConnectionLost, TransportError

__all__ = [
    "REDACTED",
    "failure_of",
    "forms_of",
    "is_secret",
    "loss_of",
    "redactor",
    "secret_texts_of",
    "secrets_in",
    "secrets_of",
    "texts_in",
    "values_in",
]

E = TypeVar("E", bound=TransportError)

SECRET = re.compile(
    r"token|secret|passw|passphrase|pwd|api_?key|private_?key|authori[sz]ation|bearer"
    r"|cookie|credential|session_?id|\bjwt\b|\bpin\b|\botp\b",
    re.IGNORECASE,
)
"""The names of secrets."""

SHORTEST = 4
"""The fewest characters of a secret that is looked for inside other text."""

DEEPEST = 200
"""Levels of a payload that are kept; no program needs more."""

PLAIN = re.compile(r"(?i:true|false)|[-+]?(?=(\D*\d){1,6}\D*$)\d*\.?\d*|[a-z]{1,8}")
"""The texts that are no secrets, unless they have the name of one."""

SCHEMES = frozenset({"Bearer", "Basic", "Digest", "Token"})
"""The words before the credentials in an ``Authorization``."""

PUBLIC = frozenset(
    {"accept", "accept-encoding", "accept-language", "origin", "referer", "user-agent"}
)
"""The headers that are not secrets."""


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

    def redact(value: Any, depth: int = 0) -> Any:
        if depth > DEEPEST:
            return REDACTED
        match value:
            case str():
                return pattern.sub(REDACTED, value)
            case Mapping():
                mapping = cast("Mapping[Any, Any]", value)
                return {
                    pattern.sub(REDACTED, name) if isinstance(name, str) else name: (
                        REDACTED if is_named(name) else redact(inner, depth + 1)
                    )
                    for name, inner in mapping.items()
                }
            case list() | tuple():
                inside = cast("list[Any]", value)
                return [redact(inner, depth + 1) for inner in inside]
            case _:
                return value

    return redact


def leaves_of(value: object) -> Iterator[tuple[object, bool]]:
    """Yield what a value holds at any depth, and if it has the name of a secret."""
    waiting: list[tuple[object, bool]] = [(value, False)]
    # Held, so that no other value gets the same id: one may contain itself.
    seen: dict[tuple[int, bool], object] = {}
    while waiting:
        part, is_named = waiting.pop()
        if isinstance(part, Mapping | list | tuple):
            place = id(cast("object", part)), is_named
            if place in seen:
                continue
            seen[place] = cast("object", part)
        match part:
            case Mapping():
                entries = [*cast("Mapping[object, object]", part).items()]
                waiting += [
                    (inner, is_named or is_secret(str(name)))
                    for name, inner in reversed(entries)
                ]
            case list() | tuple():
                parts = cast("list[object]", part)
                waiting += [(inner, is_named) for inner in reversed(parts)]
            case bytes():
                yield part.decode(errors="replace"), is_named
            case _:
                yield part, is_named


def texts_in(value: object) -> Iterator[str]:
    """Yield every text of a value, at any depth; bytes as the text that they encode.

    >>> [*texts_in({"a": ["b", {"c": b"d"}], "e": 1})]
    ['b', 'd']
    """
    for leaf, _ in leaves_of(value):
        if isinstance(leaf, str):
            yield leaf


def secrets_in(value: object) -> Iterator[str]:
    """Yield the texts of a value that have the name of a secret, at any depth.

    >>> [*secrets_in({"user": "me", "login": {"password": "hunter2"}})]
    ['hunter2']
    """
    for leaf, is_named in leaves_of(value):
        if is_named and isinstance(leaf, str):
            yield leaf


def values_in(value: object, public: str = "") -> Iterator[str]:
    """Yield the texts of a value that are secrets, at any depth.

    These are all that have the name of one; and of the others those of four characters
    or more, except booleans, numbers of up to six digits, lowercase words of up to
    eight letters, and parts of what is public.

    Args:
        value: Params, as they were sent.
        public: The topic, or the host and the path of the endpoint.

    >>> login = {"password": "me", "key": "hunter2", "mode": "fast", "page": 12}
    >>> [*values_in({"user": "me", "login": login})]
    ['me', 'hunter2']
    """
    for leaf, is_named in leaves_of(value):
        if leaf is None or isinstance(leaf, bool):
            continue
        text = str(leaf)
        if is_named or is_telling(text, public):
            yield text


def is_telling(text: str, public: str = "") -> bool:
    """Return True if a text of any name may be a secret."""
    is_plain = PLAIN.fullmatch(text) is not None
    return len(text) >= SHORTEST and not is_plain and text not in public


def forms_of(texts: Iterable[str]) -> frozenset[str]:
    """Return secrets in each form in which they may be repeated.

    >>> sorted(forms_of(["a b"]))
    ['YSBi', 'a b', 'a%20b', 'a+b']
    """
    plain = {*texts} - {""}
    forms = set(plain)
    for text in plain:
        forms |= {
            quote(text, safe="", errors="replace"),
            quote_plus(text, errors="replace"),
        }
        forms |= {dumps(text)[1:-1], dumps(text, ensure_ascii=False)[1:-1]}
        forms.add(b64encode(text.encode(errors="replace")).decode().rstrip("="))
    return frozenset(forms)


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
    return forms_of(secret_texts_of(url, credentials))


def secret_texts_of(url: str, credentials: Sequence[Any]) -> frozenset[str]:
    """Return the secrets that an attempt sent, as it was given them."""
    parts = urlsplit(url)
    public = f"{parts.netloc.rpartition('@')[2]} {unquote(parts.path)}"
    given = {*parts_of(url, public), *credentials_in(credentials, public)}
    return frozenset(given - {""})


def parts_of(url: str, public: str) -> Iterator[str]:
    """Yield the user, the password, and the secret values of the query."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    # As a whole, because it travels so in base64.
    for text in {login, unquote(login)}:
        yield from (text, *text.split(":", 1))
    for piece in parts.query.split("&"):
        name, _, value = piece.rpartition("=")
        for text in values_in({name: unquote(value)}, public):
            yield from (value, text)


def credentials_in(credentials: Sequence[Any], public: str) -> Iterator[str]:
    """Yield the secrets of params, token and headers; of headers their parts, too."""
    # A failed attempt may have fewer.
    params, token, headers = (*credentials, None, None, None)[:3]
    yield from values_in(params, public)
    yield from texts_in(token)
    if not isinstance(headers, Mapping):
        yield from texts_in(headers)
        return
    for name, value in cast("Mapping[object, object]", headers).items():
        if str(name).lower() in PUBLIC:
            continue
        for text in texts_in(value):
            parts = re.split(r"[\s;,=]+", text)
            if is_secret(str(name)):
                yield from (text, *(part for part in parts if part not in SCHEMES))
            else:
                yield from (each for each in (text, *parts) if is_telling(each, public))


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
    # Of an exception that was being handled, only the cause is shown.
    effect.__context__ = None
    while (cause := effect.__cause__) is not None:
        shown = f"{cause} {cause!r}"
        if redact(shown) != shown or hasattr(cause, "request_info"):
            effect.__cause__ = None
            break
        cause.__context__ = None
        effect = cause
    return error
