"""The next value of a stream, as something to await."""

from asyncio import Future
from typing import TypeVar

from reactivex import Observable
from reactivex.disposable import CompositeDisposable, SingleAssignmentDisposable
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._scheduling import tasks_for
from rx_phoenix.policy import Duration, seconds

__all__ = ["first_value"]

T = TypeVar("T")


def first_value(
    stream: Observable[T],
    *,
    timeout: Duration | None,
    scheduler: LoopScheduler | None = None,
) -> "Future[T]":
    """Await the first value of a stream.

    Marbles, with ``first_value(stream, timeout=1)``::

        stream  --a-b|
        result  --(a|)

    It subscribes at the call, so that nothing emitted from then on is missed, and
    unsubscribes as soon as the value is there, the time is up or the wait is
    cancelled. What replays its current value gives that one.

    Args:
        stream: Any stream whose values come on the loop's own thread. Operators in it
            that take time take that of the loop, unless they were given another.
        timeout: Seconds to wait; None for as long as it takes.
        scheduler: Where the time comes from; else the running loop.

    Returns:
        A future, to be awaited. It raises `TimeoutError` when the time is up, the
        stream's error, or ``SequenceContainsNoElementsError`` if the stream completes
        without a value.

    Raises:
        UsageError: No loop runs in this thread, or the timeout is no duration.

    >>> import asyncio, reactivex
    >>> async def main() -> int:
    ...     return await first_value(reactivex.of(1, 2), timeout=5)
    >>> asyncio.run(main())
    1
    """
    patience = None if timeout is None else seconds(timeout)
    tasks = tasks_for(scheduler)
    first: Future[T] = tasks.loop.create_future()
    subscription = SingleAssignmentDisposable()
    holdings = CompositeDisposable(subscription)

    def succeed(value: T) -> None:
        if not first.done():
            first.set_result(value)
            holdings.dispose()

    def fail(error: Exception) -> None:
        if not first.done():
            first.set_exception(error)
            holdings.dispose()

    def complete() -> None:
        fail(SequenceContainsNoElementsError("the stream completed without a value"))

    def give_up() -> None:
        fail(TimeoutError(f"no value within {patience:g} s"))

    if patience is not None:
        holdings.add(tasks.call_later(patience, give_up))
    first.add_done_callback(lambda _: holdings.dispose())  # for a cancellation
    subscription.disposable = stream.subscribe(succeed, fail, complete, scheduler=tasks)
    return first
