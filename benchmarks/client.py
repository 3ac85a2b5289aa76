"""What a case needs of a client."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.server import Order

__all__ = ["Client", "Handler", "Unsupported"]

Handler = Callable[[Any], object]


class Unsupported(Exception):
    """The client has nothing that this case could measure."""


class Client(ABC):
    """What a case needs of a client; each adapter is as plain as its client allows.

    Args:
        url: The endpoint, as in phoenix.js.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    async def open(self) -> None:
        """Connect."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect."""

    @abstractmethod
    async def join(self, topics: Sequence[str]) -> None:
        """Join many at once."""

    @abstractmethod
    def listen(self, topic: str, event: str, handler: Handler, handling: str) -> None:
        """Have a function called with each payload of an event."""

    @abstractmethod
    def ask(self, topic: str, order: Order) -> None:
        """Push ``go``."""

    @abstractmethod
    async def push(self, topic: str, count: int, in_flight: int) -> None:
        """Push ``echo`` so many times, and see each answered."""

    async def exchange(self, topic: str, count: int, *, is_awaited: bool) -> None:
        """Push ``go`` for one event so many times, each after the answer before."""
        raise Unsupported

    def watch_presence(self, topic: str, synced: Handler) -> None:
        """Have a function called with each change of a presence."""
        raise Unsupported
