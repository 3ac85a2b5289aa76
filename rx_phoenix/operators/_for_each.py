"""A task that calls a function for each value of a stream."""

from asyncio import Future, Task
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from typing import Any, TypeVar, cast

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._protocol.checks import check_function, check_methods
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._bounded_queue import OnLoss, Overflow
from rx_phoenix.operators._map_async import Strategy, map_async
from rx_phoenix.operators._scheduling import tasks_for

__all__ = ["for_each"]

T = TypeVar("T")


def for_each(  # noqa: PLR0913 - a stream, a function, and the keywords of map_async
    stream: Observable[T],
    fn: Callable[[T], object],
    *,
    strategy: Strategy = "concat",
    max_concurrent: int = 16,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_loss: OnLoss | None = None,
    scheduler: LoopScheduler | None = None,
) -> "Task[None]":
    """Call a function for each value, until the stream ends.

    Marbles, with ``for_each(stream, work)``, where ``work`` takes three ticks::

        stream  ab---|
        calls   a--b--|

    It subscribes at the call. A plain function is called as values arrive, which
    blocks the emitter; an ``async def`` runs as in `map_async`, within the bounds that
    the keywords set.

    Args:
        stream: Any stream that emits on the loop's thread. Operators in it that need
            a scheduler use the loop's, unless they have their own.
        fn: The function. It runs in a copy of the present context.
        strategy: As in `map_async`, like the following arguments.
        max_concurrent: The maximum number of concurrent calls, for ``merge``.
        maxsize: The maximum number of values that wait.
        overflow: The policy for one more.
        on_loss: Called with the number of lost values, at each loss.
        scheduler: Runs the tasks; by default that of the running loop.

    Returns:
        A task that ends with the stream. It raises the stream's error, or the first
        exception of the function. Cancelling it unsubscribes, and cancels the running
        calls.

    Raises:
        UsageError: This thread has no running loop, or an argument is invalid.

    >>> import asyncio, reactivex
    >>> async def main() -> None:
    ...     await for_each(reactivex.of(1, 2), print)
    >>> asyncio.run(main())
    1
    2
    """
    check_methods("stream", stream, "pipe subscribe", "an Observable")
    check_function("fn", fn, "a function of one value")
    tasks = tasks_for(scheduler)
    # Made in any case, because it checks the arguments.
    operator: Callable[[Observable[T]], Observable[Any]] = map_async(
        cast("Callable[[T], Awaitable[object]]", fn),
        strategy=strategy,
        max_concurrent=max_concurrent,
        maxsize=maxsize,
        overflow=overflow,
        on_loss=on_loss,
        scheduler=tasks,
    )
    if not _is_async(fn):
        context = CallContext(tasks.copy_context())
        operator = ops.do_action(partial(_call, context, fn))

    ended: Future[Exception | None] = tasks.loop.create_future()

    def end(error: Exception | None = None) -> None:
        if not ended.done():
            ended.set_result(error)

    subscription = stream.pipe(operator).subscribe(None, end, end, scheduler=tasks)
    task = tasks.loop.create_task(_wait_for(ended))
    task.add_done_callback(lambda _: subscription.dispose())
    return task


def _is_async(fn: object) -> bool:
    method = getattr(fn, "__call__", None)  # noqa: B004 - for its kind
    return iscoroutinefunction(fn) or iscoroutinefunction(method)


def _call(context: CallContext, fn: Callable[[T], object], value: T) -> None:
    try:
        result = context.run(fn, value)
    except ISOLATED as error:
        problem = contained(error)
    else:
        if not isawaitable(result):
            return
        if iscoroutine(result):
            result.close()
        problem = UsageError(
            f"{fn!r} returned an awaitable: pass the `async def` itself to for_each(), "
            "or a functools.partial of it"
        )
    raise problem


async def _wait_for(ended: "Future[Exception | None]") -> None:
    # Raised here, because a Future does not take every exception.
    error = await ended
    if error is not None:
        raise error
