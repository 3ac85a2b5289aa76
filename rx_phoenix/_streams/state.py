"""Hot sources that replay their latest value to late subscribers."""

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal, TypeVar

from rx_phoenix._streams.hub import Hub, Reporter, Subscription, Watcher, noop

__all__ = ["Latest", "LazyLatest", "State"]

T = TypeVar("T")


class Nothing(Enum):
    """No value yet; None may be one."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING


class Latest(Hub[T]):
    """A `Hub` that emits its latest value, if any, to a new observer first.

    >>> latest = Latest[int](report=print)
    >>> latest.on_next(1)
    >>> subscription = latest.observable.subscribe(print)
    1
    >>> latest.forget()
    >>> another = latest.observable.subscribe(print)
    """

    __slots__ = ("_latest",)

    def __init__(self, report: Reporter, watch: Watcher = noop) -> None:
        super().__init__(report, watch)
        self._latest: T | Literal[Nothing.NOTHING] = NOTHING

    def on_next(self, value: T) -> None:
        """Emit a value, and store it for late subscribers."""
        self._emit(value)

    def forget(self) -> None:
        """Drop the stored value, and do not store a queued one."""
        self._clear()
        if self._busy:
            self._defer(self._clear)

    def _clear(self) -> None:
        self._latest = NOTHING

    def _deliver(self, value: T) -> None:
        self._latest = value
        super()._deliver(value)

    def _greet(self, subscription: Subscription) -> None:
        latest = self._latest
        if latest is not NOTHING:
            self._notify(lambda observer: observer.on_next(latest), subscription)


class LazyLatest(Latest[T]):
    """A `Latest` whose value is made only when an observer gets it.

    Args:
        make: Returns the present value.
        report: Receives the observers' exceptions.

    >>> values = [1]
    >>> latest = LazyLatest(lambda: values[-1], report=print)
    >>> latest.changed()
    >>> subscription = latest.observable.subscribe(print)
    1
    """

    __slots__ = ("_has_value", "_make")

    def __init__(self, make: Callable[[], T], report: Reporter) -> None:
        super().__init__(report)
        self._make = make
        self._has_value = False

    def changed(self) -> None:
        """Emit the present value, or leave it to the next observer to have it made."""
        self._has_value = True
        if self.is_watched:
            self.on_next(self._make())
        else:
            self.forget()

    def _greet(self, subscription: Subscription) -> None:
        if self._has_value and self._latest is NOTHING:
            self._latest = self._make()
        super()._greet(subscription)


class State(Latest[T]):
    """A `Latest` that always has a value, and emits it only when it changes.

    Attributes:
        value: The current value. It changes at once; observers are notified in order,
            which during an emission is later.

    >>> state = State("closed", report=print)
    >>> subscription = state.observable.subscribe(print)
    closed
    >>> state.on_next("open")
    open
    """

    __slots__ = ("value",)

    def __init__(self, value: T, report: Reporter, watch: Watcher = noop) -> None:
        super().__init__(report, watch)
        self.value = value
        self._latest = value

    def on_next(self, value: T) -> None:
        """Change the value, and emit it if it differs."""
        if value != self.value:
            self.value = value
            super().on_next(value)
