"""The next value of a stream as a future."""

from asyncio import Future
from typing import TypeVar

from reactivex import Observable
from reactivex.disposable import CompositeDisposable, SingleAssignmentDisposable
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rx_phoenix._protocol.checks import check_methods
from rx_phoenix._streams.delivery import await_ended
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

    It subscribes at the call, so that later values are not missed, and unsubscribes
    when the value arrives, the timeout expires or the await is cancelled. A stream
    that replays its current value returns that one.

    Args:
        stream: Any stream that emits on the loop's thread. Operators in it that need
            a scheduler use the loop's, unless they have their own.
        timeout: Seconds to wait; None for no limit.
        scheduler: The source of time; by default the running loop.

    Returns:
        A future. It raises `TimeoutError` when the timeout expires, the stream's
        error, or ``SequenceContainsNoElementsError`` if the stream completes without
        a value.

    Raises:
        UsageError: This thread has no running loop, or the timeout is not a duration.

    >>> import asyncio, reactivex
    >>> async def main() -> int:
    ...     return await first_value(reactivex.of(1, 2), timeout=5)
    >>> asyncio.run(main())
    1
    """
    check_methods("stream", stream, "subscribe", "an Observable")
    limit = None if timeout is None else seconds(timeout)
    tasks = tasks_for(scheduler)
    first: Future[T] = tasks.loop.create_future()
    subscription = SingleAssignmentDisposable()
    holdings = CompositeDisposable(subscription)

    def succeed(value: T) -> None:
        if not first.done():
            first.set_result(value)
            holdings.dispose()
            await_ended()

    def fail(error: Exception) -> None:
        if not first.done():
            first.set_exception(_fit_for_future(error))
            holdings.dispose()
            await_ended()

    def complete() -> None:
        fail(SequenceContainsNoElementsError("the stream completed without a value"))

    def time_out() -> None:
        fail(TimeoutError(f"no value within {limit:g} s"))

    if limit is not None:
        holdings.add(tasks.call_later(limit, time_out))
    first.add_done_callback(lambda _: holdings.dispose())  # for a cancellation
    subscription.disposable = stream.subscribe(succeed, fail, complete, scheduler=tasks)
    return first


def _fit_for_future(error: Exception) -> Exception:
    """Return an exception that a Future takes, which a StopIteration is not."""
    if not isinstance(error, StopIteration):
        return error
    fit = RuntimeError(f"the stream ended with {error!r}")
    fit.__cause__ = error
    return fit
