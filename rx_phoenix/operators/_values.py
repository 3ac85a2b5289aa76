"""A stream as an asynchronous iterator."""

from asyncio import Event
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._streams.failure import ISOLATED, contained, fresh
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import BoundedQueue, OnLoss, Overflow

__all__ = ["values"]

T = TypeVar("T")

OUTSIDE = (
    "values() must be iterated inside its block: "
    "write `async with values(stream) as items:` and `async for item in items:`"
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

    It subscribes on entry, and unsubscribes on exit: after the loop, a ``break``, an
    exception or a cancellation.

    Args:
        stream: Any stream that emits on the loop's thread. Operators in it that need
            a scheduler use the loop's, unless they have their own.
        maxsize: The maximum number of values that wait for the loop.
        overflow: The policy for one more. ``"error"`` unsubscribes, and raises a
            `QueueOverflow` after the values that wait; ``"drop_oldest"``,
            ``"drop_newest"``; ``"latest"`` keeps only the newest; ``"wait"`` loses
            nothing, as in `map_async`.
        on_loss: Called with the number of lost values, at each loss; without it losses
            are logged as warnings to ``rx_phoenix``.

    Raises:
        UsageError: An argument is invalid, or, on entry, there is no running loop.

    The loop ends when the stream completes, and raises when it fails, after the values
    that wait.

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
    check_methods("stream", stream, "subscribe", "an Observable")
    return Values(stream, BoundedQueue(maxsize, overflow, on_loss, "values()"))


class Values(
    AbstractAsyncContextManager[AsyncIterator[T]],
    AsyncIterator[T],
    abc.ObserverBase[T],
):
    """The queued values of one subscription, as an asynchronous iterator."""

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
            raise UsageError("values() serves one block: call it again for each block")
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
        """Queue a value for the loop."""
        # A source that emits during subscribe() cannot be disposed yet.
        if self._end is not None:
            return
        try:
            self._waiting.put(value)
        except ISOLATED as error:  # an overflow, or of on_loss: raised
            self._subscription.dispose()
            self.on_error(contained(error))
        self._arrived.set()

    def on_error(self, error: Exception) -> None:
        """Raise in the loop, after the queued values."""
        if self._end is None:
            self._end = error
            self._arrived.set()

    def on_completed(self) -> None:
        """End the loop, after the queued values."""
        self.on_error(StopAsyncIteration())

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._end is not None:
                raise fresh(self._end)
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.take()
