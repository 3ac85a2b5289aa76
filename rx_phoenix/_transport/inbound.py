"""The frames that arrive, on their way from a connection to its subscribers."""

from collections.abc import Callable, Sequence
from typing import cast

from reactivex import abc
from reactivex.disposable import Disposable

from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.hub import noop

__all__ = ["Batch", "Inbound"]

Batch = Sequence[Frame]
"""The frames of one read of the network."""


class Inbound(abc.ObservableBase[Batch]):
    """A hot source of batches, with nothing between the network and its subscribers.

    It is not a `Hub`: no batch arrives during another, and an exception of a subscriber
    ends the connection.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Batch], object], ...] = ()

    def subscribe(
        self,
        on_next: abc.ObserverBase[Batch] | abc.OnNext[Batch] | None = None,
        on_error: abc.OnError | None = None,  # noqa: ARG002 - it never ends
        on_completed: abc.OnCompleted | None = None,  # noqa: ARG002
        *,
        scheduler: abc.SchedulerBase | None = None,  # noqa: ARG002
    ) -> abc.DisposableBase:
        """Get each batch from now on, until disposed."""
        listener: Callable[[Batch], object]
        if isinstance(on_next, abc.ObserverBase):
            listener = cast("abc.ObserverBase[Batch]", on_next).on_next
        else:
            listener = on_next or noop
        self._listeners = (*self._listeners, listener)
        return Disposable(lambda: self._remove(listener))

    def emit(self, batch: Batch) -> None:
        """Deliver a batch."""
        for listener in self._listeners:
            listener(batch)

    def _remove(self, listener: Callable[[Batch], object]) -> None:
        listeners = list(self._listeners)
        listeners.remove(listener)
        self._listeners = tuple(listeners)
