"""Call sites in the code of the user, for failure messages."""

import sys
from functools import cache
from pathlib import Path
from sysconfig import get_path
from traceback import walk_tb
from types import CodeType, FrameType
from typing import NamedTuple, Self

__all__ = ["CallSite", "Place", "short"]

PLUMBING = ("asyncio", "contextlib", "reactivex", "rx_phoenix._streams")
"""Modules that only forward calls; the relevant line called them."""

KIT = "rx_phoenix.testing"
PACKAGE = "rx_phoenix"

HOME = f"{Path(__file__).parents[3]}/"
"""The directory that holds the package."""

LIBRARIES = (f"{get_path('stdlib')}/", f"{get_path('purelib')}/", "<")
"""Beginnings of the paths of code that is not the user's."""

CALLED = ("_function", "_on_next")
"""The attributes of those who call a function of the user, that hold it."""


class Place(NamedTuple):
    """A line of code."""

    code: CodeType
    line: int

    def __str__(self) -> str:
        return (
            f"in {self.code.co_qualname} ({short(self.code.co_filename)}:{self.line})"
        )


class CallSite(NamedTuple):
    """The line that made a call, with the line of the user's code that led to it.

    Attributes:
        place: The innermost line outside the forwarding modules.
        caller: The innermost line outside the package, if it is a different one.
    """

    place: Place | None
    caller: Place | None

    @classmethod
    def here(cls) -> Self:
        """Return the site of the running call."""
        # inspect.stack() would cost milliseconds, and this runs for every timer.
        here = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        frame = place = _skip(here, *PLUMBING, KIT)
        # A frame of the kit is its loop: no user code called it.
        while frame and _is_in(frame, PACKAGE, *PLUMBING) and not _is_in(frame, KIT):
            frame = frame.f_back
        if frame is None or frame is place or _is_in(frame, KIT):
            return cls(_place(place), None)
        return cls(_place(place), _place(frame))

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Return the site that raised an exception."""
        frames = list(walk_tb(error.__traceback__))
        if not frames:
            return cls(None, None)
        last, line = frames[-1]
        place = Place(last.f_code, line)
        users = [Place(it.f_code, line) for it, line in frames if _is_users(it)]
        if not users:
            return cls(_called_by(last) or place, None)
        return cls(place, None if users[-1] == place else users[-1])

    def __str__(self) -> str:
        if self.caller is None:
            return str(self.place or "at an unknown place")
        return f"{self.place}, called {self.caller}"


def short(path: str) -> str:
    """Shorten a path: relative to the working directory or to site-packages.

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
    return _is_module_in(frame.f_globals.get("__name__", ""), modules)


@cache
def _is_module_in(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _is_users(frame: FrameType) -> bool:
    is_library = frame.f_code.co_filename.startswith(LIBRARIES)
    return not (is_library or _is_in(frame, PACKAGE, *PLUMBING))


def _called_by(frame: FrameType) -> Place | None:
    """Return the function whose call failed, with wrong arguments, in a frame."""
    caller = frame.f_locals.get("self")
    for name in CALLED:
        code = getattr(getattr(caller, name, None), "__code__", None)
        if code is not None:
            return Place(code, code.co_firstlineno)
    return None


def _place(frame: FrameType | None) -> Place | None:
    return frame and Place(frame.f_code, frame.f_lineno)
