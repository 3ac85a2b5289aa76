"""The reader that is delivering, for what its frames cause further down.

A coroutine that awaits a reply runs some turns of the loop after it. What the server
sends right behind the reply would be delivered before the coroutine has subscribed, so
that the reader gives the loop those turns. And a consumer that is full has the reader
stop.
"""

from threading import local
from typing import Protocol

__all__ = ["TURNS", "Backpressure", "Consumer", "Reader", "await_ended", "delivery"]

TURNS = 8
"""Turns of the loop in which a coroutine runs that awaits what a frame settles, also
by ``wait_for`` of a ``gather``."""


class Consumer(Protocol):
    """A consumer whose queue has a limit.

    Attributes:
        name: The name for logs.
    """

    name: str


class Backpressure(Protocol):
    """Stops a reader."""

    def hold(self, consumer: Consumer, beyond: int) -> None:
        """Deliver nothing more to a full consumer, until `release`.

        Args:
            consumer: The consumer.
            beyond: The number of values that it has beyond its limit.

        Raises:
            UsageError: The connection cannot stop reading.
        """
        ...

    def release(self, consumer: Consumer) -> None:
        """Deliver to a consumer again."""
        ...


class Reader(Protocol):
    """The reader of a connection, or of a backfill, while it delivers."""

    @property
    def backpressure(self) -> Backpressure:
        """What stops it."""
        ...

    def give_turns(self) -> None:
        """Let the loop run before the next message that is not a reply."""
        ...


class Delivery(local):
    """The delivery that is under way on a thread.

    Attributes:
        reader: The reader that delivers; None if none does.
    """

    reader: Reader | None = None


delivery = Delivery()
"""That of the present thread."""


def await_ended() -> None:
    """Note that something was settled that a coroutine awaits."""
    if delivery.reader is not None:
        delivery.reader.give_turns()
