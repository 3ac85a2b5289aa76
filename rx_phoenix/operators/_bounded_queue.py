"""A bounded queue with an overflow policy."""

from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, Literal, TypeVar, get_args

from rx_phoenix._log import fields, log
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix.errors import QueueOverflow, UsageError

__all__ = ["BoundedQueue", "OnLoss", "Overflow", "QueueOverflow", "check_choice"]

T = TypeVar("T")

Overflow = Literal["error", "drop_oldest", "drop_newest", "latest"]
"""The policy of a full queue for one more value: end the stream with a
`QueueOverflow`, drop the oldest value, drop the new one, or keep only the new one."""

OnLoss = Callable[[int], None]
"""Called with the number of values that were lost."""


class BoundedQueue(Generic[T]):
    """A FIFO queue of values for a consumer.

    Args:
        maxsize: The maximum number of values.
        overflow: The policy for one more.
        on_loss: Called at each loss; without it the 1st, 2nd, 4th, 8th … is logged.

    Raises:
        UsageError: ``maxsize`` or ``overflow`` is invalid.

    >>> report = lambda count: print("lost", count)
    >>> queue = BoundedQueue[int](2, "drop_oldest", on_loss=report)
    >>> for value in 1, 2, 3:
    ...     queue.put(value)
    lost 1
    >>> queue.take()
    2
    """

    def __init__(
        self, maxsize: int, overflow: Overflow, on_loss: OnLoss | None
    ) -> None:
        check_choice("overflow", overflow, Overflow)
        if maxsize < 1:
            raise UsageError(f"maxsize must be 1 or more, got {maxsize}")
        self._maxsize = 1 if overflow == "latest" else maxsize
        self._overflow = overflow
        self._on_loss = on_loss or self._log
        self._context = CallContext(copy_context())
        self._values: deque[T] = deque()
        self._lost = 0

    def __len__(self) -> int:
        return len(self._values)

    def put(self, value: T) -> None:
        """Add a value.

        Raises:
            QueueOverflow: The queue is full, and ``overflow`` is ``error``.
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
        self._context.run(self._on_loss, 1)

    def take(self) -> T:
        """Remove and return the oldest value."""
        return self._values.popleft()

    def clear(self) -> None:
        """Remove all values, because the consumer is gone."""
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
    """Check that a string is one of a ``Literal``'s.

    Raises:
        UsageError: It is not; the message lists the choices.

    >>> check_choice("overflow", "drop_oldest", Overflow)
    """
    known = get_args(choices)
    if choice not in known:
        raise UsageError(f"{name} must be one of {', '.join(known)}, got {choice!r}")
