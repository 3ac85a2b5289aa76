"""A group of tasks that is cancelled as a whole."""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

from reactivex import abc

from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.scheduler import LoopScheduler, Timer

__all__ = ["Tasks"]


class Tasks(abc.DisposableBase):
    """A group of tasks; disposing cancels all of them.

    Args:
        scheduler: Returns the scheduler, at each task.
    """

    def __init__(self, scheduler: Callable[[], LoopScheduler]) -> None:
        self._scheduler = scheduler
        self._running: dict[object, abc.DisposableBase] = {}

    def spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        *,
        on_end: Callable[[], object] = noop,
    ) -> abc.DisposableBase:
        """Await an awaitable in a new task; disposing cancels it silently.

        The task runs in a copy of the present context, as those of asyncio do.

        Args:
            awaitable: The awaitable.
            on_value: Called with its result, after this call returned.
            on_error: Called with its exception instead.
            on_end: Called instead if the program ends.
        """
        key = object()

        def succeed(value: Any) -> None:
            self._running.pop(key, None)
            on_value(value)

        def fail(error: Exception) -> None:
            self._running.pop(key, None)
            on_error(error)

        def end() -> None:
            self._running.pop(key, None)
            on_end()

        def dispose() -> None:
            self._running.pop(key, None)
            task.dispose()

        task = self._running[key] = self._scheduler().spawn(
            awaitable, succeed, fail, on_end=end, context=copy_context()
        )
        return Timer(dispose)

    def dispose(self) -> None:
        """Cancel the running tasks; the group can still spawn new ones."""
        running, self._running = self._running, {}
        for task in running.values():
            task.dispose()
