"""Checks of arguments: the caller's mistakes, raised where they are made."""

import warnings
from inspect import currentframe
from types import FrameType, UnionType
from typing import TypeGuard

from rx_phoenix.errors import UsageError, UsageWarning

__all__ = [
    "check",
    "check_count",
    "check_function",
    "check_instance",
    "check_methods",
    "check_option",
    "check_port",
    "is_whole",
    "kind_of",
    "warn_caller",
]

MAX_PORT = 65535

PACKAGE = __name__.partition(".")[0]


def check(is_valid: bool, name: str, takes: str, got: str) -> None:  # noqa: FBT001 - what is checked
    """Check an argument.

    Args:
        is_valid: True if it can be used.
        name: Its name.
        takes: What it takes, after "must be".
        got: What was given, without secrets.

    Raises:
        UsageError: It cannot be used.
    """
    if not is_valid:
        raise UsageError(f"{name} must be {takes}, got {got}")


def check_instance(
    name: str, value: object, kind: type | UnionType, takes: str
) -> None:
    """Check the type of an argument that holds no secret.

    Raises:
        UsageError: It has another type.
    """
    if not isinstance(value, kind):
        check(False, name, takes, repr(value))  # noqa: FBT003


def check_function(name: str, value: object, takes: str) -> None:
    """Check that an argument can be called.

    Raises:
        UsageError: It cannot.
    """
    if not callable(value):
        check(False, name, takes, repr(value))  # noqa: FBT003


def check_option(name: str, value: object) -> None:
    """Check that an optional argument can be called.

    Raises:
        UsageError: It cannot, and is not None.
    """
    if value is not None:
        check_function(name, value, "a function or None")


def check_count(name: str, value: object) -> None:
    """Check that an argument counts at least one.

    Raises:
        UsageError: It is not a whole number from 1.
    """
    is_count = is_whole(value) and value >= 1
    check(is_count, name, "1 or more, a whole number", repr(value))


def check_port(name: str, value: object) -> None:
    """Check that an argument is a port of TCP, or 0 for a free one.

    Raises:
        UsageError: It is not.
    """
    is_port = is_whole(value) and 0 <= value <= MAX_PORT
    check(is_port, name, f"a number from 0 to {MAX_PORT}", repr(value))


def check_methods(name: str, value: object, methods: str, takes: str) -> None:
    """Check that an argument is an object with some methods, and not its class.

    Raises:
        UsageError: It is a class, or lacks a method.
    """
    has_all = all(callable(getattr(value, method, None)) for method in methods.split())
    check(not isinstance(value, type) and has_all, name, takes, repr(value))


def is_whole(value: object) -> TypeGuard[int]:
    """Return True for an int that is not a bool.

    >>> is_whole(1), is_whole(True), is_whole(1.0)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool)


def kind_of(value: object) -> str:
    """Return the type of a value that may be a secret, for an error.

    >>> kind_of(b"s3cret")
    'a value of type bytes'
    """
    return f"a value of type {type(value).__name__}"


def warn_caller(message: str) -> None:
    """Warn of a likely mistake, at the line outside this package that made it."""
    level, frame = 1, currentframe()
    while frame is not None and _is_own(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UsageWarning, stacklevel=level)


def _is_own(frame: FrameType) -> bool:
    module: str = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] == PACKAGE
