"""A shared stream that does something while somebody holds it."""

from collections.abc import Callable
from typing import Generic, TypeVar

from reactivex import Observable, abc

from rx_phoenix._streams.hub import Hot, Reporter
from rx_phoenix._streams.state import Latest

__all__ = ["Lease"]

T = TypeVar("T")


class Lease(abc.ObservableBase[T], Generic[T]):
    """Counts its observers: the first acquires, the last to go releases.

    A later observer gets the current value first. After an end everything starts
    over: the next observer acquires anew. (``reactivex``'s ``share`` never does.)

    Args:
        acquire: Called after the first observer has subscribed, so that it misses
            nothing. What it raises is that observer's error.
        release: Called when the last observer went; not after an end.
        report: Where observers' exceptions go.

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
        # Made at the first need: most leases are held by nobody.
        self._hub: Latest[T] | None = None
        self._view: Observable[T] | None = None

    @property
    def observable(self) -> Observable[T]:
        """The lease as users get it."""
        if self._view is None:
            self._view = Hot(self)
        return self._view

    @property
    def is_held(self) -> bool:
        """Whether anybody is subscribed."""
        return self._hub is not None and self._hub.is_watched

    @property
    def holders(self) -> Latest[T]:
        """Who holds it now: to be told what those who come later shall not hear."""
        if self._hub is None:
            self._hub = self._new_hub()
        return self._hub

    def emit(self, value: T) -> None:
        """Emit a value, and keep it for those who come later."""
        self.holders.on_next(value)

    def forget(self) -> None:
        """Keep no value for those who come later."""
        if self._hub is not None:
            self._hub.forget()

    def fail(self, error: Exception) -> None:
        """End with an error, and be ready for a new start."""
        self.detach().on_error(error)

    def complete(self) -> None:
        """End, and be ready for a new start."""
        self.detach().on_completed()

    def detach(self) -> Latest[T]:
        """Be ready for a new start, before those who hold it are told of the end.

        Returns:
            Those who held it, who are still to be told.
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
        """Take a share.

        Without an ``on_error``, what acquiring raises is raised here.
        """
        hub = self.holders
        is_first = not hub.is_watched
        subscription = hub.subscribe(on_next, on_error, on_completed)
        if is_first and hub is self._hub:
            try:
                self._acquire()
            except Exception as error:
                if hub is self._hub:
                    self.detach()
                if on_error or hasattr(on_next, "on_next"):
                    hub.on_error(error)
                else:
                    subscription.dispose()
                    hub.on_error(error)
                    raise
        return subscription
