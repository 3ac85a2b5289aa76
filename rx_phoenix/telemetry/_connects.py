"""Connects: each attempt, how many connections are open, and how they were lost."""

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
    """What kind of failure an attempt ended with: an HTTP status, or an exception.

    >>> kind_of(ConnectError("refused", status=403))
    '403'
    """
    if isinstance(error, ConnectError) and error.status is not None:
        return str(error.status)
    return type(error.__cause__ or error).__name__


class Connects(abc.DisposableBase):
    """Follows the state of a socket, and what it says of its attempts.

    Args:
        socket: The socket.
        operations: Begins a span for each attempt.
        meter: Counts connections.
        common: What all measurements have in common.
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
            "Connections that ended without our wish.",
        )
        self._operations = operations
        self._common = common
        self._server = f"{common['server.address']}:{common['server.port']}"
        self._attempt: Operation | None = None
        self._over: float | None = None
        self._is_open = False
        self._watching = CompositeDisposable(
            socket.states.subscribe(self._moved, on_completed=self._ended),
            socket.lifecycle.subscribe(self._happened),
        )

    def dispose(self) -> None:
        """Watch no longer: what is open is not counted any more."""
        self._watching.dispose()
        self._count(is_open=False)

    def _moved(self, state: SocketState) -> None:
        self._count(is_open=state is SocketState.OPEN)
        if state is SocketState.CONNECTING:
            self._end("cancelled")
            self._attempt = self._operations.begin(
                "connect", self._server, {}, detail={}, context=Context()
            )
        elif state is SocketState.OPEN:
            self._end(OK)
        elif self._attempt is not None:
            # Why is told next, if it was not our own wish.
            self._over = self._operations.clock()

    def _happened(self, event: Lifecycle | ProtocolError) -> None:
        if isinstance(event, AttemptFailed):
            self._fail(event.error)
        elif isinstance(event, Closed) and not event.ours:
            self._lost.add(1, {**self._common, CLOSE_CODE: event.code})

    def _fail(self, error: Exception) -> None:
        status = error.status if isinstance(error, ConnectError) else None
        detail: Attributes = {} if status is None else {HTTP_STATUS: status}
        self._end("failed", error=kind_of(error), detail=detail)

    def _ended(self) -> None:
        self._end("cancelled")

    def _end(
        self, status: str, *, error: str | None = None, detail: Attributes | None = None
    ) -> None:
        attempt, self._attempt = self._attempt, None
        over, self._over = self._over, None
        if attempt is not None:
            attempt.end(status, error=error, at=over, detail=detail)

    def _count(self, *, is_open: bool) -> None:
        self._open.add(is_open - self._is_open, self._common)
        self._is_open = is_open
