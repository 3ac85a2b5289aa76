"""One subscription to a source for many observers, with its latest value at hand."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable

from rx_phoenix._streams.state import Latest
from rx_phoenix.operators._raising import raise_all
from rx_phoenix.operators._scheduling import scheduler_for
from rx_phoenix.policy import Duration, seconds

__all__ = ["forget_shared", "share_latest"]

T = TypeVar("T")


def _nothing_is_shared() -> None:
    """What a retry tells that nobody shares."""


forget_shared: ContextVar[Callable[[], None]] = ContextVar(
    "forget_shared", default=_nothing_is_shared
)
"""While a share subscribes: makes it forget its value. A retry above it hides the
failures that say that the value is no longer true, and so has to say it itself."""


def share_latest(
    linger: Duration = 0.0, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[T]], Observable[T]]:
    """Share one subscription among all observers; who comes late gets the latest value.

    Marbles, with ``share_latest()``; an observer comes at ``^`` and leaves at ``!``::

        source  -a--   b--c|
        first   ^a--   b!
        second  ---(^a)b--c|
        third   ---    ------^a--b--c|

    The first observer subscribes to the source; after the last one left, or an end of
    the source, the next one starts afresh: neither an old value nor an old end is
    served. (``reactivex``'s ``share`` serves the old end for ever, its
    ``replay(1)`` the old value.) A failure that `retry_with_backoff` hides makes the
    value old, too.

    Args:
        linger: Seconds to stay subscribed after the last observer left, in case
            another one comes.
        scheduler: Where the lingering is timed; else the one given to ``subscribe``,
            else that of the running loop.

    Raises:
        UsageError: ``linger`` is no duration.

    It ends as the source ends. An observer that raises does so to the source, after
    all others have got the value.

    >>> from rx_phoenix._streams.hub import Hub
    >>> source = Hub[int](report=print)
    >>> shared = source.observable.pipe(share_latest())
    >>> first = shared.subscribe(print)
    >>> source.on_next(1)
    1
    >>> second = shared.subscribe(lambda value: print("late, but got", value))
    late, but got 1
    """
    lingering = seconds(linger)

    def operator(source: Observable[T]) -> Observable[T]:
        current: Share[T] | None = None

        def end() -> None:
            nonlocal current
            current = None

        def subscribe(
            observer: abc.ObserverBase[T], subscribed: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            nonlocal current
            if current is not None:
                return current.admit(observer)
            # The lack of a scheduler is better told now than when the last one leaves.
            clock = scheduler_for(scheduler, subscribed) if lingering else None
            share = current = Share[T](lingering, clock, end)
            subscription = share.admit(observer)
            share.connect(source, subscribed)
            return subscription

        return Observable(subscribe)

    return operator


class Share(abc.ObserverBase[T]):
    """One subscription to the source, from its first observer to its end.

    Args:
        linger: Seconds to stay when nobody observes any more.
        clock: Times them; not needed for 0.
        end: Called when it is over, before anybody hears of it.
    """

    def __init__(
        self,
        linger: float,
        clock: abc.SchedulerBase | None,
        end: Callable[[], None],
    ) -> None:
        self._linger = linger
        self._clock = clock
        self._end = end
        self._is_over = False
        self._connection = SingleAssignmentDisposable()
        self._lingering = SerialDisposable()
        self._exceptions: list[Exception] = []
        self._hub = Latest[T](self._exceptions.append, self._watch)

    def admit(self, observer: abc.ObserverBase[T]) -> abc.DisposableBase:
        """Let one more observe; it gets the latest value first."""
        before = len(self._exceptions)
        subscription = self._hub.subscribe(observer)
        if len(self._exceptions) > before:
            subscription.dispose()
        self._raise(before)
        return subscription

    def connect(
        self, source: Observable[T], scheduler: abc.SchedulerBase | None
    ) -> None:
        """Subscribe to the source."""
        token = forget_shared.set(self._hub.forget)
        try:
            self._connection.disposable = source.subscribe(self, scheduler=scheduler)
        finally:
            forget_shared.reset(token)

    def on_next(self, value: T) -> None:
        """Pass a value on, and keep it for those who come late."""
        self._serve(self._hub.on_next, value)

    def on_error(self, error: Exception) -> None:
        """Be over, and then tell: who subscribes on hearing it starts afresh."""
        self._close()
        self._serve(self._hub.on_error, error)

    def on_completed(self) -> None:
        """Be over, and then tell: who subscribes on hearing it starts afresh."""
        self._close()
        self._serve(self._hub.on_completed)

    def _watch(self, change: int) -> None:
        if self._is_over:
            return
        if change > 0:
            self._lingering.disposable = None
        elif self._clock is None:
            self._close()
        else:
            self._lingering.disposable = self._clock.schedule_relative(
                self._linger, self._close
            )

    def _close(self, *_: object) -> None:
        self._is_over = True
        self._end()
        self._lingering.dispose()
        self._connection.dispose()

    def _serve(self, notify: Callable[..., None], *arguments: T | Exception) -> None:
        before = len(self._exceptions)
        notify(*arguments)
        self._raise(before)

    def _raise(self, before: int) -> None:
        """Let the source know what observers raised, now that all were served.

        Args:
            before: How many exceptions there were before this emission: those of one
                that it is nested in are not its own.
        """
        if len(self._exceptions) > before:
            raised = self._exceptions[before:]
            del self._exceptions[before:]
            raise_all(raised, "observers of share_latest()")
