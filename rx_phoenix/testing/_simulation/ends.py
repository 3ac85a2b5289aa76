"""Counts of the ends of awaitables."""

from collections.abc import Callable, Iterator
from typing import Any

from reactivex import Observable

from rx_phoenix._protocol.names import JOIN
from rx_phoenix._streams.single_result import Result
from rx_phoenix.push import Push
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Ends"]

STATUSES = ("ok", "error", "timeout")


class Ends:
    """A watcher of awaitables: each way of waiting must see exactly one end.

    Args:
        scheduler: The scheduler that they are awaited on.
        inspect: Called with each value and error at an end.
    """

    def __init__(
        self, scheduler: VirtualScheduler, inspect: Callable[[object], None]
    ) -> None:
        self._scheduler = scheduler
        self._inspect = inspect
        self._counts: dict[Observable[Any], tuple[str, dict[str, int]]] = {}

    def watch(self, awaitable: Result[Any], name: str) -> None:
        """Subscribe to an awaitable and await it."""
        if awaitable in self._counts:
            return
        counts = {"subscribed": 0, "awaited": 0}
        self._counts[awaitable] = name, counts

        def count(way: str, what: object = None) -> None:
            counts[way] += 1
            self._inspect(what)

        awaitable.subscribe(
            on_error=lambda error: count("subscribed", error),
            on_completed=lambda: count("subscribed"),
        )
        self._scheduler.spawn(
            awaitable,
            lambda value: count("awaited", value),
            lambda error: count("awaited", error),
        )

    def watch_push(self, push: Push) -> None:
        """Watch a push likewise, with its hooks if they run only once.

        The hooks of a join run at each rejoin, too.
        """
        self.watch(push, str(push))
        _, counts = self._counts[push]
        if push.event == JOIN or "received" in counts:
            return
        counts["received"] = 0

        def received(_: object) -> None:
            counts["received"] += 1

        for status in STATUSES:
            push.receive(status, received)

    def repeated(self) -> Iterator[str]:
        """Yield a line for each awaitable that ended more than once."""
        return self._other_than(lambda count: count <= 1)

    def unsettled(self) -> Iterator[str]:
        """Yield a line for each awaitable that did not end exactly once."""
        return self._other_than(lambda count: count == 1)

    def _other_than(self, is_good: Callable[[int], bool]) -> Iterator[str]:
        for name, counts in self._counts.values():
            for way, count in counts.items():
                if not is_good(count):
                    yield f"{name} has {count} ends, {way}"
