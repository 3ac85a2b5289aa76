"""Where in the code something was asked for, so that a failure can say it."""

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple, Self

__all__ = ["CallSite", "Place", "short"]

PLUMBING = ("asyncio", "contextlib", "reactivex", "rx_phoenix._streams")
"""Modules that only pass things on; the place of interest called them."""

KIT = "rx_phoenix.testing"
PACKAGE = "rx_phoenix"

HOME = f"{Path(__file__).parents[3]}/"
"""Where the package lies."""


class Place(NamedTuple):
    """A line of code."""

    code: CodeType
    line: int

    def __str__(self) -> str:
        return (
            f"in {self.code.co_qualname} ({short(self.code.co_filename)}:{self.line})"
        )


class CallSite(NamedTuple):
    """Who asked for something, and which code of the user's led to it.

    Attributes:
        place: The innermost line that is not plumbing.
        caller: The innermost line outside the package, if that is another one.
    """

    place: Place | None
    caller: Place | None

    @classmethod
    def here(cls) -> Self:
        """The origin of the call that runs now."""
        # inspect.stack() would cost milliseconds, and this runs for every timer.
        here = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        frame = place = _skip(here, *PLUMBING, KIT)
        # The kit again means that its loop made the call: nobody of interest beyond.
        while frame and _is_in(frame, PACKAGE, *PLUMBING) and not _is_in(frame, KIT):
            frame = frame.f_back
        if frame is None or frame is place or _is_in(frame, KIT):
            return cls(_place(place), None)
        return cls(_place(place), _place(frame))

    def __str__(self) -> str:
        if self.caller is None:
            return str(self.place or "from nowhere in particular")
        return f"{self.place}, called {self.caller}"


def short(path: str) -> str:
    """A path as a reader wants it: from here, or from where packages lie.

    >>> short("/usr/lib/python3/site-packages/rx_phoenix/push.py")
    'rx_phoenix/push.py'
    """
    _, found, rest = path.rpartition("site-packages/")
    if found:
        return rest
    return path.removeprefix(f"{Path.cwd()}/").removeprefix(HOME)


def _skip(frame: FrameType | None, *modules: str) -> FrameType | None:
    while frame and _is_in(frame, *modules):
        frame = frame.f_back
    return frame


def _is_in(frame: FrameType, *modules: str) -> bool:
    name = frame.f_globals.get("__name__", "")
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _place(frame: FrameType | None) -> Place | None:
    return frame and Place(frame.f_code, frame.f_lineno)
