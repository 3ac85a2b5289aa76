"""A queue with a bound, and a choice of what becomes of one value too many."""

from collections import deque
from collections.abc import Callable
from typing import Generic, Literal, TypeVar, get_args

from rx_phoenix._log import fields, log
from rx_phoenix.errors import QueueOverflow, UsageError

__all__ = ["BoundedQueue", "OnLoss", "Overflow", "QueueOverflow", "check_choice"]

T = TypeVar("T")

Overflow = Literal["error", "drop_oldest", "drop_newest", "latest"]
"""What a full queue does with one more value: end the stream with a `QueueOverflow`,
drop the value that has waited longest, drop the new one, or keep the new one alone."""

OnLoss = Callable[[int], None]
"""Told how many values were lost just now."""


class BoundedQueue(Generic[T]):
    """Values that wait for a consumer, first in, first out.

    Args:
        maxsize: The most that may wait.
        overflow: What becomes of one more.
        on_loss: Told of each loss; without it the 1st, 2nd, 4th, 8th … is logged.

    Raises:
        UsageError: ``maxsize`` or ``overflow`` makes no sense.

    >>> report = lambda count: print("lost", count)
    >>> waiting = BoundedQueue[int](2, "drop_oldest", on_loss=report)
    >>> for value in 1, 2, 3:
    ...     waiting.put(value)
    lost 1
    >>> waiting.take()
    2
    """

    def __init__(
        self, maxsize: int, overflow: Overflow, on_loss: OnLoss | None
    ) -> None:
        check_choice("overflow", overflow, Overflow)
        if maxsize < 1:
            raise UsageError(
                f"maxsize={maxsize} leaves no room to wait: give 1 or more"
            )
        self._maxsize = 1 if overflow == "latest" else maxsize
        self._overflow = overflow
        self._on_loss = on_loss or self._log
        self._values: deque[T] = deque()
        self._lost = 0

    def __len__(self) -> int:
        return len(self._values)

    def put(self, value: T) -> None:
        """Let a value wait.

        Raises:
            QueueOverflow: There is no room, and ``overflow`` is ``error``.
        """
        if len(self._values) < self._maxsize:
            self._values.append(value)
            return
        if self._overflow == "error":
            raise QueueOverflow(self._maxsize)
        if self._overflow != "drop_newest":
            self._values.popleft()
            self._values.append(value)
        self._lost += 1
        self._on_loss(1)

    def take(self) -> T:
        """The value that has waited longest."""
        return self._values.popleft()

    def clear(self) -> None:
        """Let go of everything: nobody will take it."""
        self._values.clear()

    def _log(self, _: int) -> None:
        if self._lost & (self._lost - 1) == 0:
            log.warning(
                "a consumer is too slow for its stream: %d values lost so far "
                "(overflow=%r, maxsize=%d)",
                self._lost,
                self._overflow,
                self._maxsize,
                extra=fields(lost=self._lost, overflow=self._overflow),
            )


def check_choice(name: str, choice: str, choices: object) -> None:
    """Refuse a word that is none of a ``Literal``'s.

    Raises:
        UsageError: It names the words there are.

    >>> check_choice("overflow", "drop_oldest", Overflow)
    """
    known = get_args(choices)
    if choice not in known:
        raise UsageError(f"{name}={choice!r} is none of {', '.join(known)}")
