"""Notifications of a stream as values that can be compared.

Errors are equal if their types and arguments are.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

__all__ = ["Completed", "Failed", "Next", "Notification", "Recorded"]


@dataclass(frozen=True, slots=True)
class Next:
    """The stream emitted a value."""

    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """The stream ended with an error.

    Attributes:
        error: The error. In an expectation a class matches each of its instances.

    >>> Failed(ValueError("a")) == Failed(ValueError("a"))
    True
    >>> Failed(ValueError("a")) == Failed(Exception("a"))
    False
    """

    error: Exception | type[Exception]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Failed) and same_error(self.error, other.error)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Completed:
    """The stream ended."""


Notification = Next | Failed | Completed


class Recorded(NamedTuple):
    """A notification with its time.

    Attributes:
        time: Seconds of the test's clock.
        notification: The notification.
    """

    time: float
    notification: Notification


def same_error(
    one: Exception | type[Exception], other: Exception | type[Exception]
) -> bool:
    """Return True if type and arguments are equal; a class equals its instances."""
    if isinstance(one, type):
        return isinstance(other, one) or one is other
    if isinstance(other, type):
        return isinstance(one, other)
    return type(one) is type(other) and one.args == other.args
