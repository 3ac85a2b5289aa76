"""An extension of Griffe: docstrings as Markdown.

Docstrings are written to be read in a terminal. Here doctests get their fences, ``::``
before a block becomes a colon, and a public name in backticks becomes a link.
"""

import re
from typing import Any

from griffe import Extension, Object

from rx_phoenix import __all__ as public

__all__ = ["Markdown"]

DOCTEST = re.compile(r"(?:^ *>>> .*\n(?:^ *\S.*\n?)*)+", re.MULTILINE)
NAME = re.compile(r"(?<!`)`(\w+)(\.\w+)?`(?!`)")


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
    return DOCTEST.sub(fenced, NAME.sub(linked, text))


def fenced(doctest: re.Match[str]) -> str:
    """An example, between fences."""
    indent = re.match(r" *", doctest[0])
    margin = indent[0] if indent else ""
    return f"{margin}```pycon\n{doctest[0].rstrip()}\n{margin}```\n"


def linked(name: re.Match[str]) -> str:
    """A name, as a link to its place in these pages."""
    target = f"rx_phoenix.{name[1]}{name[2] or ''}"
    return f"[{name[0]}][{target}]" if name[1] in public else name[0]
