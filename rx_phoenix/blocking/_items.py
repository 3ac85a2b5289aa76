"""A stream as an iterator for one thread."""

from collections.abc import Callable
from threading import Condition, Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

from reactivex import Observable, abc

from rx_phoenix._streams.failure import ISOLATED, contained, fresh
from rx_phoenix.blocking._thread import GRACE, LoopThread
from rx_phoenix.operators import LoopScheduler
from rx_phoenix.operators._bounded_queue import BoundedQueue, Overflow
from rx_phoenix.policy import Duration, timeout_of

__all__ = ["Items", "Overflow", "limit_of"]

T = TypeVar("T")


def limit_of(timeout: Duration | None) -> float | None:
    """Return the seconds to wait for each value; None for no limit."""
    return None if timeout is None else timeout_of(timeout)


class Inbox(abc.ObserverBase[T]):
    """The values of one subscription, between the loop's thread and a consumer's.

    Args:
        queue: The queue.
        take: Takes its oldest value; where that lets the connection read on, on the
            loop's thread.
    """

    def __init__(self, queue: BoundedQueue[T], take: Callable[[], T]) -> None:
        self._queue = queue
        self._take = take
        self._consuming = Lock()
        self._arrived = Condition()
        self._end: Exception | None = None

    def on_next(self, value: T) -> None:
        """Queue a value."""
        with self._arrived:
            if self._end is None:
                try:
                    self._queue.put(value)
                except ISOLATED as error:  # raised to the consumer
                    self._end = contained(error)
                self._arrived.notify()

    def on_error(self, error: Exception) -> None:
        """Raise in the consumer, after the queued values."""
        with self._arrived:
            self._end = self._end or error
            self._arrived.notify()

    def on_completed(self) -> None:
        """End the consumer's loop, after the queued values."""
        self.on_error(StopIteration())

    def take(self, timeout: float | None) -> T:
        """Wait for the next value, or raise what the stream ended with."""
        with self._consuming:
            with self._arrived:
                if not self._arrived.wait_for(self._is_due, timeout):
                    raise TimeoutError(f"no value within {timeout:g} s")
                if not self._queue and self._end is not None:
                    raise fresh(self._end)
            # Without the lock of arrivals, for which the loop would have to wait.
            return self._take()

    def clear(self) -> None:
        """Drop the values that wait, because the consumer is gone."""
        self.on_completed()
        with self._arrived:
            self._queue.clear()

    def _is_due(self) -> bool:
        return bool(self._queue) or self._end is not None


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
        self._subscription: abc.DisposableBase | None = None
        queue = BoundedQueue[T](maxsize, overflow, on_loss, "a blocking loop")

        def take() -> T:
            is_local = overflow != "wait" or thread.is_stopped
            return queue.take() if is_local else thread.call(queue.take, GRACE)

        self._inbox = inbox = Inbox(queue, take)

        def subscribe() -> None:
            self._subscription = make().subscribe(
                inbox, scheduler=LoopScheduler.current()
            )

        thread.call(subscribe, GRACE)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """Wait for the next value.

        Raises:
            TimeoutError: None came within the timeout; the iterator stays usable.
            QueueOverflow: The queue was full, and ``overflow`` is ``error``.
            UsageError: This thread may not block.
        """
        self._thread.check_caller()
        return self._inbox.take(self._timeout)

    def close(self) -> None:
        """Unsubscribe, and drop the values that wait. The iterator is at its end."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            inbox = self._inbox

            def end() -> None:
                subscription.dispose()
                inbox.clear()

            inbox.on_completed()
            self._thread.post(end)

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
        if hasattr(self, "_inbox"):  # it was made
            self.close()
