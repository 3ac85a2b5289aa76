"""Failures as streams carry them: each observer's own, and nothing but exceptions."""

from asyncio import CancelledError
from typing import Any, TypeVar

__all__ = ["ISOLATED", "contained", "fresh"]

E = TypeVar("E", bound=BaseException)

ISOLATED = (Exception, CancelledError)
"""What a user's callback may raise at no cost to others; `contained` makes it fit for a
report. A `KeyboardInterrupt` and its like pass, for they are meant for the program.
"""


def fresh(error: E) -> E:
    """The same failure as a new instance, for one more observer of it.

    What is known of it comes along, the traceback does not: one instance raised
    again and again would grow its traceback each time.
    """
    kind = type(error)
    # Only a built-in class's constructor is sure to take what an exception keeps.
    native: Any = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    _, arguments, *state = native.__reduce__(error)
    again: E = native.__new__(kind, *arguments)
    native.__init__(again, *arguments)
    for attributes in state:
        again.__setstate__(attributes)
    if notes := getattr(error, "__notes__", None):
        again.__notes__ = [*notes]
    again.__cause__ = error.__cause__
    again.__suppress_context__ = error.__suppress_context__
    return again


def contained(error: BaseException) -> Exception:
    """A failure as an exception that may be reported.

    A `CancelledError` that comes out of a callback is that callback's own affair: let
    through, it would look as if whoever called it had been cancelled.
    """
    if isinstance(error, Exception):
        return error
    exception = RuntimeError(f"a callback ended with {error!r}")
    exception.__cause__ = error
    return exception
