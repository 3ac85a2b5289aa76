"""Keeping secrets out of what is printed, recorded and raised."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

__all__ = ["REDACTED", "is_secret", "redactor", "secrets_in", "texts_in"]

REDACTED = "[redacted]"
"""What stands in the place of a secret."""

SECRET = re.compile(
    r"token|secret|passw|passphrase|pwd|api_?key|private_?key|authori[sz]ation|bearer"
    r"|cookie|credential|session_?id|\bjwt\b|\bpin\b|\botp\b",
    re.IGNORECASE,
)
"""The names of what is nobody's business."""

SHORTEST = 6
"""Characters that a secret has at least to be looked for inside of other text."""


def is_secret(name: str) -> bool:
    """Whether what has this name is nobody's business.

    >>> is_secret("userToken"), is_secret("user_id")
    (True, False)
    """
    return SECRET.search(name) is not None


def redactor(
    secrets: Iterable[str] = (), names: Iterable[str] = ()
) -> Callable[[Any], Any]:
    """A function that takes the secrets out of a payload.

    What has the name of a secret is one; so is what is known to be one, wherever it
    stands. Binary payloads stay as they are, unless they have such a name.

    Args:
        secrets: What is known to be secret.
        names: More names of secrets; case does not matter.

    >>> redact = redactor(secrets=["hunter2"])
    >>> redact({"user": "me", "password": "x", "note": ["it is hunter2"]})
    {'user': 'me', 'password': '[redacted]', 'note': ['it is [redacted]']}
    """
    known = [re.escape(secret) for secret in secrets if len(secret) >= SHORTEST]
    # The longest first, for one may be the beginning of another.
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
    """Every text of a value, at any depth; bytes as the text that they spell.

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
    """The texts of a value that have the name of a secret, at any depth.

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
