"""A bounded queue with an overflow policy."""

import logging
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, Literal, TypeVar, get_args

from rx_phoenix._log import fields, log
from rx_phoenix._protocol.checks import check_count, check_option
from rx_phoenix._streams.delivery import Backpressure, delivery
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix.errors import QueueOverflow, UsageError

__all__ = [
    "BoundedQueue",
    "OnLoss",
    "Overflow",
    "QueueOverflow",
    "check_choice",
    "name_of",
]

T = TypeVar("T")

Overflow = Literal["error", "drop_oldest", "drop_newest", "latest", "wait"]
"""The policy of a full queue for one more value: end the stream with a
`QueueOverflow`, drop the oldest value, drop the new one, keep only the new one, or have
the connection stop reading until half of the queue is consumed."""

OnLoss = Callable[[int], None]
"""Called with the number of values that were lost."""

GROWN = 10
"""The size of a queue, in units of ``maxsize``, whose growth is logged."""


class BoundedQueue(Generic[T]):
    """A FIFO queue of values for a consumer.

    Args:
        maxsize: The maximum number of values.
        overflow: The policy for one more.
        on_loss: Called at each loss; without it the 1st, 2nd, 4th, 8th … is logged.
        name: The consumer's name for logs.

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
        self,
        maxsize: int,
        overflow: Overflow,
        on_loss: OnLoss | None,
        name: str = "a consumer",
    ) -> None:
        check_choice("overflow", overflow, Overflow)
        check_count("maxsize", maxsize)
        check_option("on_loss", on_loss)
        self.name = name
        self._maxsize = 1 if overflow == "latest" else maxsize
        self._overflow = overflow
        self._on_loss = on_loss or self._log_loss
        self._context = CallContext(copy_context())
        self._values: deque[T] = deque()
        self._lost = 0
        self._held: dict[Backpressure, None] = {}
        self._undelivered = 0
        self._grown = GROWN * maxsize

    def __len__(self) -> int:
        return len(self._values)

    def put(self, value: T) -> None:
        """Add a value.

        Raises:
            QueueOverflow: The queue is full, and ``overflow`` is ``error``.
            UsageError: It is full, ``overflow`` is ``wait``, and the connection cannot
                stop reading. The value was added.
        """
        if self._overflow == "wait":
            self._values.append(value)
            if len(self._values) >= self._maxsize:
                self._wait()
            return
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
        value = self._values.popleft()
        if self._held and len(self._values) <= self._maxsize // 2:
            self._release()
        return value

    def clear(self) -> None:
        """Remove all values, because the consumer is gone."""
        self._values.clear()
        self._release()

    def _wait(self) -> None:
        size = len(self._values)
        if size >= self._grown:
            self._grown *= 2
            log.warning(
                "%s is too slow for its stream: %d values wait, %d times its maxsize",
                self.name,
                size,
                size // self._maxsize,
                extra=fields(consumer=self.name, waiting=size),
            )
        reader = delivery.reader
        if reader is not None:
            self._held[reader.backpressure] = None
            reader.backpressure.hold(self, size - self._maxsize)
        elif size > self._maxsize:
            self._undelivered += 1
            if is_power_of_two(self._undelivered):
                log.warning(
                    "%s is full, and no connection can wait for it: %d %s queued "
                    "beyond its maxsize of %d so far",
                    self.name,
                    self._undelivered,
                    "value was" if self._undelivered == 1 else "values were",
                    self._maxsize,
                    extra=fields(consumer=self.name, waiting=size),
                )

    def _release(self) -> None:
        held, self._held = self._held, {}
        for backpressure in held:
            backpressure.release(self)

    def _log_loss(self, _: int) -> None:
        if is_power_of_two(self._lost):
            # The code that asks for the latest value alone has chosen the loss.
            level = logging.DEBUG if self._overflow == "latest" else logging.WARNING
            log.log(
                level,
                "a consumer is too slow for its stream: %d %s lost so far "
                "(overflow=%r, maxsize=%d)",
                self._lost,
                "value" if self._lost == 1 else "values",
                self._overflow,
                self._maxsize,
                extra=fields(
                    consumer=self.name, lost=self._lost, overflow=self._overflow
                ),
            )


def name_of(operator: str, function: object) -> str:
    """Return the name of a consumer for logs.

    >>> name_of("map_async", print)
    'map_async(print)'
    """
    return f"{operator}({getattr(function, '__qualname__', None) or repr(function)})"


def is_power_of_two(count: int) -> bool:
    """Return True for 1, 2, 4, 8 …, at which repeated trouble is logged."""
    return count & (count - 1) == 0


def check_choice(name: str, choice: str, choices: object) -> None:
    """Check that a string is one of a ``Literal``'s.

    Raises:
        UsageError: It is not; the message lists the choices.

    >>> check_choice("overflow", "drop_oldest", Overflow)
    """
    known = get_args(choices)
    if choice not in known:
        raise UsageError(f"{name} must be one of {', '.join(known)}, got {choice!r}")
