"""Exceptions on streams: a new instance for each observer, and only `Exception`s."""

from asyncio import CancelledError
from typing import Any, TypeVar

__all__ = ["ISOLATED", "contained", "fresh"]

E = TypeVar("E", bound=BaseException)

ISOLATED = (Exception, CancelledError)
"""Exceptions of a user's callback that do not affect others; `contained` converts them
for a report. `KeyboardInterrupt` and `SystemExit` propagate to the program.
"""


def fresh(error: E) -> E:
    """Copy an exception for one more observer.

    Notes and cause are copied; the traceback is not, because it would grow each time
    the same instance is raised.
    """
    kind = type(error)
    # Only the constructor of a built-in class surely accepts the exception's `args`.
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
    """Convert an error of a callback into an exception that can be reported.

    A `CancelledError` raised by a callback must not propagate: its caller would seem
    to be cancelled.
    """
    if isinstance(error, Exception):
        return error
    exception = RuntimeError(f"a callback ended with {error!r}")
    exception.__cause__ = error
    return exception
