"""A stream as something to loop over with ``async for``."""

from asyncio import Event
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._streams.failure import fresh
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import BoundedQueue, OnLoss, Overflow

__all__ = ["values"]

T = TypeVar("T")

OUTSIDE = (
    "these values are for the inside of their block: "
    "`async with values(stream) as items:` and there `async for item in items:`"
)


def values(
    stream: Observable[T],
    *,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_loss: OnLoss | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[T]]:
    """Loop over a stream with ``async for``.

    Marbles, with ``values(stream, overflow=…)`` and a loop that takes three ticks a
    round::

        stream  abcd------|
        error   a--b--c--d--|
        latest  a--d------|

    It subscribes on entry, and whatever ends the block (``break``, an exception, a
    cancellation) unsubscribes at once.

    Args:
        stream: Any stream whose values come on the loop's own thread. Operators in it
            that take time take that of the loop, unless they were given another.
        maxsize: The most values that wait for the loop.
        overflow: What becomes of one more. ``"error"`` unsubscribes, and raises a
            `QueueOverflow` after those that wait; ``"drop_oldest"``,
            ``"drop_newest"``; ``"latest"`` lets only the newest wait.
        on_loss: Told how many values were lost, at each loss; without it losses are
            logged as warnings to ``rx_phoenix``.

    Raises:
        UsageError: An argument makes no sense, or, on entry, no loop runs.

    The loop ends when the stream completes, and raises when it errors; what was
    emitted before comes first.

    >>> import asyncio, reactivex
    >>> async def main() -> None:
    ...     async with values(reactivex.of(1, 2, 3)) as items:
    ...         async for item in items:
    ...             print(item)
    ...             if item == 2:
    ...                 break
    >>> asyncio.run(main())
    1
    2
    """
    return Values(stream, BoundedQueue(maxsize, overflow, on_loss))


class Values(
    AbstractAsyncContextManager[AsyncIterator[T]],
    AsyncIterator[T],
    abc.ObserverBase[T],
):
    """The values of one subscription that wait for an ``async for``."""

    def __init__(self, stream: Observable[T], waiting: BoundedQueue[T]) -> None:
        self._stream: Observable[T] | None = stream
        self._waiting = waiting
        self._arrived = Event()
        self._subscription = SingleAssignmentDisposable()
        self._end: Exception | None = UsageError(OUTSIDE)

    async def __aenter__(self) -> AsyncIterator[T]:
        scheduler = LoopScheduler.current()
        stream, self._stream = self._stream, None
        if stream is None:
            raise UsageError("values() serves one block: call it anew for another one")
        self._end = None
        self._subscription.disposable = stream.subscribe(self, scheduler=scheduler)
        return self

    async def __aexit__(
        self,
        exctype: type[BaseException] | None,
        excinst: BaseException | None,
        exctb: TracebackType | None,
    ) -> None:
        self._subscription.dispose()
        self._waiting.clear()
        self._end = UsageError(OUTSIDE)
        self._arrived.set()

    def on_next(self, value: T) -> None:
        """Let a value wait for the loop."""
        # A source that emits while it is being subscribed to cannot be stopped yet.
        if self._end is not None:
            return
        try:
            self._waiting.put(value)
        except Exception as error:  # noqa: BLE001 - an overflow, or of on_loss: raised
            self._subscription.dispose()
            self.on_error(error)
        self._arrived.set()

    def on_error(self, error: Exception) -> None:
        """Raise in the loop, after what waits."""
        if self._end is None:
            self._end = error
            self._arrived.set()

    def on_completed(self) -> None:
        """End the loop, after what waits."""
        self.on_error(StopAsyncIteration())

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._end is not None:
                raise fresh(self._end)
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.take()
