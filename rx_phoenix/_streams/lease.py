"""A shared stream that acquires a resource while it has observers."""

from collections.abc import Callable
from typing import Generic, TypeVar

from reactivex import Observable, abc

from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hot, Reporter
from rx_phoenix._streams.state import Latest

__all__ = ["Lease"]

T = TypeVar("T")


class Lease(abc.ObservableBase[T], Generic[T]):
    """A reference-counted stream: the first observer acquires, the last releases.

    A late subscriber gets the current value first. After it ended, the next observer
    acquires again. (``reactivex``'s ``share`` never does.)

    Args:
        acquire: Called after the first observer has subscribed, so that it misses no
            event. An exception becomes that observer's error.
        release: Called when the last observer disposes; not after an end.
        report: Receives the observers' exceptions.

    >>> lease = Lease[str](lambda: print("join"), lambda: print("leave"), print)
    >>> first = lease.observable.subscribe(print)
    join
    >>> lease.emit("joined")
    joined
    >>> second = lease.observable.subscribe(print)
    joined
    >>> first.dispose(); second.dispose()
    leave
    """

    def __init__(
        self,
        acquire: Callable[[], None],
        release: Callable[[], None],
        report: Reporter,
    ) -> None:
        self._acquire = acquire
        self._release = release
        self._report = report
        # Created lazily: most leases are never held.
        self._hub: Latest[T] | None = None
        self._view: Observable[T] | None = None

    @property
    def observable(self) -> Observable[T]:
        """The lease as a stream for users."""
        if self._view is None:
            self._view = Hot(self)
        return self._view

    @property
    def is_held(self) -> bool:
        """True if it has an observer."""
        return self._hub is not None and self._hub.is_watched

    @property
    def holders(self) -> Latest[T]:
        """The source of the current observers, for events that are not replayed."""
        if self._hub is None:
            self._hub = self._new_hub()
        return self._hub

    def emit(self, value: T) -> None:
        """Emit a value, and store it for late subscribers."""
        self.holders.on_next(value)

    def forget(self) -> None:
        """Drop the stored value, so that late subscribers do not get it."""
        if self._hub is not None:
            self._hub.forget()

    def fail(self, error: Exception) -> None:
        """Fail; the next observer acquires again."""
        self.detach().on_error(error)

    def complete(self) -> None:
        """Complete; the next observer acquires again."""
        self.detach().on_completed()

    def detach(self) -> Latest[T]:
        """Start over before the current observers are notified of the end.

        Returns:
            The source of the detached observers; the caller must end it.
        """
        ended, self._hub = self.holders, None
        return ended

    def _new_hub(self) -> Latest[T]:
        def watch(change: int) -> None:
            if change < 0 and hub is self._hub:
                self.detach()
                self._release()

        hub: Latest[T] = Latest(self._report, watch)
        return hub

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe, and acquire if this is the first observer.

        Without an ``on_error``, an exception of ``acquire`` is raised here.
        """
        hub = self.holders
        is_first = not hub.is_watched
        subscription = hub.subscribe(on_next, on_error, on_completed)
        if is_first and hub is self._hub:
            try:
                self._acquire()
            except ISOLATED as caught:
                error = contained(caught)
                if hub is self._hub:
                    self.detach()
                if on_error or hasattr(on_next, "on_next"):
                    hub.on_error(error)
                else:
                    subscription.dispose()
                    hub.on_error(error)
                    raise error from None
        return subscription
