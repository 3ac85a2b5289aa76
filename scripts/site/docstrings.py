"""An extension of Griffe: docstrings as Markdown.

Docstrings are written to be read in a terminal. Here doctests get their fences, ``::``
before a block becomes a colon, and a public name in backticks becomes a link.
"""

import re
from typing import Any

from griffe import Extension, Object

import rx_phoenix
from rx_phoenix import operators

__all__ = ["Markdown"]

PROMISE = re.compile(r"^( *)(Emits|Completes|Errors):\n((?:\1 +.*\n?)+)", re.MULTILINE)
"""What a stream promises: sections that Griffe does not know."""

DOCTEST = re.compile(r"(?:^ *>>> .*\n(?:^ *\S.*\n?)*)+", re.MULTILINE)
NAME = re.compile(r"(?<!`)`(\w+)((?:\.\w+)?)`(?!`)")

HOMES = {name: getattr(operators, name).__module__ for name in operators.__all__}
HOMES |= dict.fromkeys(rx_phoenix.__all__, "rx_phoenix")
"""Where the pages of the API have a name."""


class Markdown(Extension):
    """Rewrites each docstring, before it is taken apart."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite one."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring, as Markdown."""
    text = re.sub(r"::$", ":", text, flags=re.MULTILINE)
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = PROMISE.sub(promised, text)
    return DOCTEST.sub(fenced, NAME.sub(linked, text))


def promised(section: re.Match[str]) -> str:
    """A section, as a paragraph."""
    lines = [f"{section[1]}{line.strip()}" for line in section[3].splitlines()]
    return f"{section[1]}**{section[2]}:** " + "\n".join(lines).lstrip() + "\n"


def fenced(doctest: re.Match[str]) -> str:
    """An example, between fences."""
    indent = re.match(r" *", doctest[0])
    margin = indent[0] if indent else ""
    return f"{margin}```pycon\n{doctest[0].rstrip()}\n{margin}```\n"


def linked(name: re.Match[str]) -> str:
    """A name, as a link to its place in these pages."""
    home = HOMES.get(name[1])
    return f"[{name[0]}][{home}.{name[1]}{name[2]}]" if home else name[0]
