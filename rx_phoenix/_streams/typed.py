"""Payloads as values of a type, decoded from the frame where that is possible."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from msgspec import Raw
from reactivex import abc

from rx_phoenix._streams.decoding import Decoding
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import (
    Hot,
    Hub,
    Reporter,
    Subscription,
    Watcher,
    noop,
    refuse_coroutines,
)

__all__ = ["EventHub", "TypedEvents", "TypedObserver"]

T = TypeVar("T")


class TypedObserver:
    """An observer of payloads that passes them on as values of a type.

    Args:
        decoding: Decodes a payload.
        on_value: Receives the values.
        report: Receives a `PayloadError` for each payload that does not fit.
    """

    __slots__ = ("_decoding", "_report", "on_value", "read")

    def __init__(
        self, decoding: Decoding, on_value: Callable[[Any], None], report: Reporter
    ) -> None:
        self.on_value = on_value
        self.read = decoding.read
        self._decoding = decoding
        self._report = report

    def on_next(self, payload: Any) -> None:
        """Convert a payload that was decoded already."""
        try:
            value = self._decoding.convert(payload)
        except ISOLATED as error:
            problem = contained(error)
            self._report(self._decoding.payload_error(payload, problem))
        else:
            self.on_value(value)


class EventHub(Hub[Any]):
    """The payloads of one event.

    A payload goes from the frame straight into the type of the only observer. With
    more observers it is decoded for all of them, and they keep their order.

    Attributes:
        typed: The only observer at the last emission, if it wants values of a type.
    """

    __slots__ = ("typed",)

    def __init__(self, report: Reporter, watch: Watcher = noop) -> None:
        super().__init__(report, watch)
        self.typed: TypedObserver | None = None

    def on_raw(self, payload: Raw) -> bool:
        """Emit a payload that was not decoded; return False if it has to be first."""
        typed = self.typed
        # Without a sole observer others came or went since the last emission.
        if typed is None or self._sole is None or self._busy or self._pending:
            return False
        try:
            value = typed.read(payload)
        except ISOLATED as error:
            contained(error)  # found again, and reported, on the long way
            return False
        self._busy = True
        try:
            try:
                typed.on_value(value)
            except ISOLATED as error:
                self.report(contained(error))
            if self._pending:
                self._drain()
        finally:
            self._busy = False
        return True

    def _take_snapshot(self) -> tuple[Subscription, ...]:
        if self._snapshot is None:
            super()._take_snapshot()
            observer = getattr(self._sole, "__self__", None)
            self.typed = observer if isinstance(observer, TypedObserver) else None
        return super()._take_snapshot()


class TypedEvents(Hot[T]):
    """The payloads of an event as values of a type.

    Args:
        source: The event's payloads.
        decoding: Decodes a payload.
        report: Receives a `PayloadError` for each payload that does not fit.
    """

    def __init__(self, source: Hub[Any], decoding: Decoding, report: Reporter) -> None:
        super().__init__(source)
        self._decoding = decoding
        self._report = report

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe to the values of the payloads that fit."""
        if isinstance(on_next, abc.ObserverBase) or hasattr(on_next, "on_next"):
            observer = cast("abc.ObserverBase[T]", on_next)
            on_next, on_error = observer.on_next, observer.on_error
            on_completed = observer.on_completed
        refuse_coroutines(on_next)
        on_value = cast("Callable[[T], None]", on_next or noop)
        typed = TypedObserver(self._decoding, on_value, self._report)
        return self._source.subscribe(typed.on_next, on_error, on_completed)
