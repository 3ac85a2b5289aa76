"""A single result: an Observable that can be awaited repeatedly."""

from asyncio import Future, get_running_loop
from collections.abc import Generator
from typing import Any, TypeVar

from reactivex import abc

from rx_phoenix._streams.delivery import await_ended
from rx_phoenix._streams.failure import fresh
from rx_phoenix._streams.hub import Hub, Live
from rx_phoenix._streams.reporter import Reporter, check_caller

__all__ = ["Result", "SingleResult"]

T = TypeVar("T")


class Result(Live[T]):
    """One outcome, a value or an error, as its consumers see it.

    It emits the value and completes, or fails. Each observer and each ``await`` gets
    a new instance of the exception. Cancelling an ``await`` does not affect others.
    """

    # Created lazily: most outcomes have a single consumer, or none.
    _hub: Hub[T] | None
    _waiting: list[Future[None]] | None
    _result: tuple[T | None, Exception | None] | None
    _report: Reporter

    @property
    def is_settled(self) -> bool:
        """True if the outcome is known."""
        return self._result is not None

    def _settle(self, value: T | None, error: Exception | None) -> None:
        if self._result is None:
            self._result = value, error
            if self._hub is not None:
                self._notify(self._hub)
                self._hub = None
            if self._waiting is not None:
                for settled in self._waiting:
                    if not settled.done():
                        settled.set_result(None)
                        await_ended()
                self._waiting = None

    def _notify(self, hub: Hub[T]) -> None:
        value, error = self._outcome()
        if error is not None:
            hub.on_error(error)
        else:
            hub.on_next(value)
            hub.on_completed()

    def _outcome(self) -> tuple[Any, Exception | None]:
        assert self._result is not None, "read before it was settled"  # noqa: S101
        return self._result

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Get the outcome, now or later. Disposing affects only this subscription.

        Raises:
            UsageError: The caller is not on the loop that it belongs to.
        """
        if self._result is not None:
            hub: Hub[T] = Hub(self._report)
            subscription = hub.subscribe(on_next, on_error, on_completed)
            self._notify(hub)
            return subscription
        if self._hub is None:
            self._hub = Hub(self._report)
        return self._hub.subscribe(on_next, on_error, on_completed)

    def __await__(self) -> Generator[Any, None, T]:
        check_caller(self._report)
        if self._result is None:
            if self._waiting is None:
                self._waiting = []
            waiting, settled = self._waiting, get_running_loop().create_future()
            waiting.append(settled)
            try:
                yield from settled
            finally:
                waiting.remove(settled)
        value, error = self._outcome()
        if error is not None:
            raise fresh(error)
        return value


class SingleResult(Result[T]):
    """A `Result`, as its producer sees it.

    >>> once = SingleResult[int](report=print)
    >>> once.succeed(7)
    >>> subscription = once.subscribe(lambda value: print("late, but got", value))
    late, but got 7
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._hub = None
        self._waiting = None
        self._result = None

    def succeed(self, value: T) -> None:
        """Settle with a value; later outcomes change nothing."""
        self._settle(value, None)

    def fail(self, error: Exception) -> None:
        """Settle with an error; later outcomes change nothing."""
        self._settle(None, error)
