"""Excerpts of values for messages, whatever a server sent.

Rule: nothing here recurses with the value, or costs more for a larger one.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, cast

__all__ = ["REDACTED", "SHOWN", "excerpt"]

REDACTED = "[redacted]"
"""The text in place of a secret."""

SHOWN = 200
"""Characters of a server's answer that a message quotes."""

DEEPEST = 20
"""Levels of a value that are quoted."""

LONGEST = 16_384
"""Characters of one text that are looked at."""

LARGEST = 512
"""Bits of a whole number that is quoted."""


class Verbatim(NamedTuple):
    """A text that is part of an excerpt as it is."""

    text: str


def excerpt(
    value: object,
    hide: Callable[[str], str] | None = None,
    is_secret: Callable[[str], bool] | None = None,
    limit: int = SHOWN,
) -> str:
    """Return the beginning of what ``repr`` returns for a value.

    Args:
        value: JSON or bytes, of any size and depth.
        hide: Takes the secrets out of a text.
        is_secret: Returns True for the name of a secret, whose value is hidden.
        limit: The most characters.

    >>> excerpt({"reason": "full", "ids": [1, 2]})
    "{'reason': 'full', 'ids': [1, 2]}"
    >>> excerpt("a" * 1000, limit=8)
    "'aaaaaa…"
    """
    pieces: list[str] = []
    size = 0
    # Each entry is an iterator over what is left of a level.
    levels: list[Iterator[object]] = [iter((value,))]
    while levels and size <= limit:
        try:
            part = next(levels[-1])
        except StopIteration:
            levels.pop()
            continue
        text = None if len(levels) <= DEEPEST else "…"
        if isinstance(part, Verbatim):
            text = part.text
        elif text is None and isinstance(part, Mapping):
            entries = cast("Mapping[object, object]", part)
            levels.append(_mapping(entries, is_secret, limit))
        elif text is None and isinstance(part, list | tuple):
            levels.append(_sequence(cast("list[object]", part), limit))
        elif text is None:
            text = _leaf(part, hide)
        if text is not None:
            pieces.append(text)
            size += len(text)
    whole = "".join(pieces)
    return whole if len(whole) <= limit else f"{whole[: limit - 1]}…"


def _sequence(parts: list[object] | tuple[object, ...], limit: int) -> Iterator[object]:
    opening, closing = "()" if isinstance(parts, tuple) else "[]"
    yield Verbatim(opening)
    for number, part in enumerate(islice(parts, limit)):
        if number:
            yield Verbatim(", ")
        yield part
    yield Verbatim(f",{closing}" if closing == ")" and len(parts) == 1 else closing)


def _mapping(
    entries: Mapping[object, object],
    is_secret: Callable[[str], bool] | None,
    limit: int,
) -> Iterator[object]:
    yield Verbatim("{")
    for number, (name, part) in enumerate(islice(entries.items(), limit)):
        if number:
            yield Verbatim(", ")
        yield name
        yield Verbatim(": ")
        is_hidden = isinstance(name, str) and is_secret is not None and is_secret(name)
        yield Verbatim(repr(REDACTED)) if is_hidden else part
    yield Verbatim("}")


def _leaf(part: Any, hide: Callable[[str], str] | None) -> str:
    match part:
        case str():
            return repr(_hidden(part, hide))
        case bytes():
            data = part[:LONGEST]
            text = data.decode(errors="replace")
            hidden = _hidden(text, hide)
            return repr(data) if hidden == text else f"b{hidden!r}"
        case int() if part.bit_length() > LARGEST:
            return f"<a number of {part.bit_length()} bits>"
        case _:
            return repr(part)


def _hidden(text: str, hide: Callable[[str], str] | None) -> str:
    head = text[:LONGEST]
    if hide is None:
        return head
    hidden = hide(head)
    # What follows the last secret may be the beginning of another one.
    if len(text) > LONGEST and REDACTED in hidden:
        hidden = hidden[: hidden.rindex(REDACTED) + len(REDACTED)]
    return hidden
