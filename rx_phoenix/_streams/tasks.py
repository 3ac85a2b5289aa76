"""Tasks that belong together, and end together."""

from collections.abc import Awaitable, Callable
from typing import Any

from reactivex import abc

from rx_phoenix._streams.scheduler import LoopScheduler, Timer

__all__ = ["Tasks"]


class Tasks(abc.DisposableBase):
    """Awaits things, each in a task of its own, until all are called off.

    Args:
        scheduler: Gives the scheduler, when there is something to await.
    """

    def __init__(self, scheduler: Callable[[], LoopScheduler]) -> None:
        self._scheduler = scheduler
        self._running: dict[object, abc.DisposableBase] = {}

    def spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        """Await something; disposing cancels it silently.

        Args:
            awaitable: What to wait for.
            on_value: Called with its result, and never within this call.
            on_error: Called with its exception instead.
        """
        key = object()

        def succeed(value: Any) -> None:
            self._running.pop(key, None)
            on_value(value)

        def fail(error: Exception) -> None:
            self._running.pop(key, None)
            on_error(error)

        def dispose() -> None:
            self._running.pop(key, None)
            task.dispose()

        task = self._running[key] = self._scheduler().spawn(awaitable, succeed, fail)
        return Timer(dispose)

    def dispose(self) -> None:
        """Cancel all that run; what is spawned later runs all the same."""
        running, self._running = self._running, {}
        for task in running.values():
            task.dispose()
