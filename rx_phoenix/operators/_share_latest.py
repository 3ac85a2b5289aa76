"""A shared subscription that replays its latest value."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.state import Latest
from rx_phoenix.operators._raising import raise_all
from rx_phoenix.operators._scheduling import scheduler_for
from rx_phoenix.policy import Duration, seconds

__all__ = ["forget_shared", "share_latest"]

T = TypeVar("T")


def _nothing_is_shared() -> None:
    """Do nothing: the retry is not part of a share."""


forget_shared: ContextVar[Callable[[], None]] = ContextVar(
    "forget_shared", default=_nothing_is_shared
)
"""Set while a share subscribes: drops its stored value. A retry upstream hides the
failures that make the value outdated, so that the retry must call this."""


def share_latest(
    linger: Duration = 0.0, *, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[T]], Observable[T]]:
    """Share one subscription, and replay the latest value to late subscribers.

    Marbles, with ``share_latest()``; ``^`` subscribes an observer, ``!`` disposes it::

        source  -a--   b--c|
        first   ^a--   b!
        second  ---(^a)b--c|
        third   ---    ------^a--b--c|

    The first observer subscribes to the source. After the last one has left, or the
    source has ended, the next observer subscribes again, without an old value or an
    old end. (``reactivex``'s ``share`` replays the old end, its ``replay(1)`` the old
    value.) A failure that `retry_with_backoff` hides drops the stored value, too.

    Args:
        linger: Seconds to stay subscribed after the last observer left.
        scheduler: Times the lingering; by default the one given to ``subscribe``, or
            that of the running loop.

    Raises:
        UsageError: ``linger`` is not a duration.

    It ends when the source ends. An observer's exception is raised to the source,
    after all other observers have got the value.

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
                return current.add(observer)
            # Raise for a missing scheduler now, not when the last observer leaves.
            clock = scheduler_for(scheduler, subscribed) if lingering else None
            share = current = Share[T](lingering, clock, end)
            subscription = share.add(observer)
            share.connect(source, subscribed)
            return subscription

        return Observable(subscribe)

    return operator


class Share(abc.ObserverBase[T]):
    """One subscription to the source, from its first observer to its end.

    Args:
        linger: Seconds to stay subscribed without an observer.
        clock: Times them; not needed for 0.
        end: Called when it ended, before its observers are notified.
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

    def add(self, observer: abc.ObserverBase[T]) -> abc.DisposableBase:
        """Subscribe an observer; it gets the latest value first."""
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
        """Emit a value, and store it for late subscribers."""
        self._notify(self._hub.on_next, value)

    def on_error(self, error: Exception) -> None:
        """Close, then notify: an observer that subscribes again gets a new share."""
        self._close()
        self._notify(self._hub.on_error, error)

    def on_completed(self) -> None:
        """Close, then notify: an observer that subscribes again gets a new share."""
        self._close()
        self._notify(self._hub.on_completed)

    def _watch(self, change: int) -> None:
        if self._is_over:
            return
        clock = self._clock
        if change > 0:
            self._lingering.disposable = None
        elif clock is None:
            self._close()
        elif isinstance(clock, LoopScheduler) and not clock.is_here:
            # A thread disposed; if the loop has ended, there is nothing to close.
            clock.hop(lambda: self._stay(clock))
        else:
            self._stay(clock)

    def _stay(self, clock: abc.SchedulerBase) -> None:
        """Close after the linger, unless an observer came meanwhile."""
        if not (self._is_over or self._hub.is_watched):
            self._lingering.disposable = clock.schedule_relative(
                self._linger, self._close
            )

    def _close(self, *_: object) -> None:
        self._is_over = True
        self._end()
        self._lingering.dispose()
        self._connection.dispose()

    def _notify(self, call: Callable[..., None], *arguments: T | Exception) -> None:
        before = len(self._exceptions)
        call(*arguments)
        self._raise(before)

    def _raise(self, before: int) -> None:
        """Raise the observers' exceptions to the source, after all were notified.

        Args:
            before: The number of exceptions before this emission, which belong to the
                emission around it.
        """
        if len(self._exceptions) > before:
            raised = self._exceptions[before:]
            del self._exceptions[before:]
            raise_all(raised, "observers of share_latest()")
