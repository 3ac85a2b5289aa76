"""Exceptions on streams: a new instance for each observer, and only `Exception`s."""

from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["ENDS_PROGRAM", "ISOLATED", "contained", "fresh"]

E = TypeVar("E", bound=BaseException)

ISOLATED = (BaseException,)
"""The exceptions to catch around a user's function; `contained` decides on each."""

ENDS_PROGRAM = KeyboardInterrupt, SystemExit
"""The exceptions that leave the loop, as asyncio lets them: the program is to end."""


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
    """Decide whether the error of a user's function stays with it.

    This is the one place that does: code that must live on catches `ISOLATED` and
    handles what this returns. A `CancelledError` is contained, too, because the
    caller of the function would seem to be cancelled.

    Returns:
        The error, as an exception that can be reported and shown.

    Raises:
        BaseException: The error itself, if the program is to end.
    """
    if isinstance(error, ENDS_PROGRAM):
        raise error
    words = None
    with suppress(Exception):  # its class may fail to describe it
        str(error)
        words = repr(error)
    if words is None:
        text = f"a callback ended with a {type(error).__qualname__} without words"
        return RuntimeError(text).with_traceback(error.__traceback__)
    if isinstance(error, Exception):
        return error
    exception = RuntimeError(f"a callback ended with {words}")
    exception.__cause__ = error
    return exception
