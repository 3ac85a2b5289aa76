"""A stream as an iterator for one thread."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Generic, Literal, Self, TypeVar

from reactivex import Observable

from rx_phoenix.blocking._thread import GRACE, LoopThread
from rx_phoenix.operators import values
from rx_phoenix.policy import Duration, timeout_of

__all__ = ["Items", "Overflow", "limit_of"]

T = TypeVar("T")

Overflow = Literal["error", "drop_oldest", "drop_newest", "latest"]
"""The policy of a full queue, as of `values`."""


def limit_of(timeout: Duration | None) -> float | None:
    """Return the seconds to wait for each value; None for no limit."""
    return None if timeout is None else timeout_of(timeout)


END = object()
"""Returned instead of a value when the stream has completed."""


class Items(Generic[T]):
    """The values of a stream, for a ``for`` loop.

    It subscribes when it is made, so that values before the loop are not missed, and
    unsubscribes at its end, at `close`, at the end of a ``with`` block, or when it is
    garbage-collected, such as after a ``break``.
    """

    def __init__(
        self,
        thread: LoopThread,
        make: Callable[[], Observable[T]],
        *,
        timeout: float | None,
        maxsize: int,
        overflow: Overflow,
        on_loss: Callable[[int], None] | None,
    ) -> None:
        self._thread = thread
        self._timeout = timeout
        self._block: AbstractAsyncContextManager[AsyncIterator[T]] | None = None
        self._items: AsyncIterator[T]

        async def enter() -> None:
            # Assigned at once, so that `close` ends what this has begun.
            self._block = values(
                make(), maxsize=maxsize, overflow=overflow, on_loss=on_loss
            )
            self._items = await self._block.__aenter__()

        thread.call(enter, GRACE)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """Wait for the next value.

        Raises:
            TimeoutError: None came within the timeout; the iterator stays usable.
            QueueOverflow: The queue was full, and ``overflow`` is ``error``.
        """
        if self._block is None:
            raise StopIteration
        try:
            item = self._thread.call(self._take, self._timeout)
        except TimeoutError:
            raise
        except BaseException:
            self.close()
            raise
        if item is END:
            self.close()
            raise StopIteration
        return item  # pyright: ignore[reportReturnType] - END is the only other value

    async def _take(self) -> T | object:
        scope = asyncio.timeout(self._timeout)
        try:
            async with scope:
                return await anext(self._items)
        except StopAsyncIteration:
            return END
        except TimeoutError:
            if scope.expired():
                raise TimeoutError(f"no value within {self._timeout:g} s") from None
            raise

    def close(self) -> None:
        """Unsubscribe. The iterator is at its end."""
        block, self._block = self._block, None
        if block is not None:
            self._thread.post(
                lambda: asyncio.ensure_future(block.__aexit__(None, None, None))
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
