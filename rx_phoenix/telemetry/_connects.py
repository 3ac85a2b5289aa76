"""Connects: spans of attempts, and counts of open and lost connections."""

from opentelemetry.context import Context
from opentelemetry.metrics import Meter
from reactivex import abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed, Lifecycle
from rx_phoenix._protocol.names import OK, SocketState
from rx_phoenix.errors import ConnectError, ProtocolError
from rx_phoenix.socket import Socket
from rx_phoenix.telemetry._names import CLOSE_CODE, HTTP_STATUS, Attributes
from rx_phoenix.telemetry._operations import Operation, Operations

__all__ = ["Connects", "kind_of"]


def kind_of(error: Exception) -> str:
    """Return the ``error.type`` of a failed attempt: HTTP status or exception name.

    >>> kind_of(ConnectError("refused", status=403))
    '403'
    """
    if isinstance(error, ConnectError) and error.status is not None:
        return str(error.status)
    return type(error.__cause__ or error).__name__


class Connects(abc.DisposableBase):
    """An observer of a socket's states and lifecycle.

    Args:
        socket: The socket.
        operations: Starts a span for each attempt.
        meter: Creates the connection counters.
        common: The attributes of all measurements.
    """

    def __init__(
        self, socket: Socket, operations: Operations, meter: Meter, common: Attributes
    ) -> None:
        self._open = meter.create_up_down_counter(
            "phoenix.client.open_connections", "{connection}", "Connections open now."
        )
        self._lost = meter.create_counter(
            "phoenix.client.lost_connections",
            "{connection}",
            "Connections that ended unexpectedly.",
        )
        self._operations = operations
        self._common = common
        self._server = f"{common['server.address']}:{common['server.port']}"
        self._attempt: Operation | None = None
        self._ended_at: float | None = None
        self._is_open = False
        self._subscriptions = CompositeDisposable(
            socket.states.subscribe(self._state_changed, on_completed=self._completed),
            socket.lifecycle.subscribe(self._lifecycle_event),
        )

    def dispose(self) -> None:
        """Unsubscribe, and stop counting an open connection."""
        self._subscriptions.dispose()
        self._count(is_open=False)

    def _state_changed(self, state: SocketState) -> None:
        self._count(is_open=state is SocketState.OPEN)
        if state is SocketState.CONNECTING:
            self._end("cancelled")
            self._attempt = self._operations.begin(
                "connect", self._server, {}, detail={}, context=Context()
            )
        elif state is SocketState.OPEN:
            self._end(OK)
        elif self._attempt is not None:
            # Unless the user closed it, the lifecycle emits the reason next.
            self._ended_at = self._operations.clock()

    def _lifecycle_event(self, event: Lifecycle | ProtocolError) -> None:
        if isinstance(event, AttemptFailed):
            self._fail(event.error)
        elif isinstance(event, Closed) and not event.ours:
            self._lost.add(1, {**self._common, CLOSE_CODE: event.code})

    def _fail(self, error: Exception) -> None:
        status = error.status if isinstance(error, ConnectError) else None
        detail: Attributes = {} if status is None else {HTTP_STATUS: status}
        self._end("failed", error=kind_of(error), detail=detail)

    def _completed(self) -> None:
        self._end("cancelled")

    def _end(
        self, status: str, *, error: str | None = None, detail: Attributes | None = None
    ) -> None:
        attempt, self._attempt = self._attempt, None
        ended_at, self._ended_at = self._ended_at, None
        if attempt is not None:
            attempt.end(status, error=error, at=ended_at, detail=detail)

    def _count(self, *, is_open: bool) -> None:
        self._open.add(is_open - self._is_open, self._common)
        self._is_open = is_open
