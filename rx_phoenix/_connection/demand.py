"""The demand for a connection: its holders, unless the socket is paused or ended."""

from rx_phoenix._protocol.transitions import (
    DEMAND_TRANSITIONS,
    DemandEvent,
    DemandState,
)
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import ConnectError, UsageError

__all__ = ["ENDED", "ConnectionDemand"]

ENDED = "this socket was ended by aclose(): make a new one"
"""The words of the error of a call that comes after `Socket.aclose`."""


class ConnectionDemand:
    """Counts the holders of a connection, by the table `DEMAND_TRANSITIONS`.

    It also keeps the promise of `connect()`, which `disconnect()` and `aclose()` break.

    Args:
        report: Receives the exceptions of observers.

    Attributes:
        state: Whether holders count: not in a pause, nor after the end.
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self.state = DemandState.ACTIVE
        self._holders: dict[object, None] = {}
        self._opening: SingleResult[None] | None = None

    @property
    def exists(self) -> bool:
        """True if there is to be a connection."""
        return bool(self._holders) and self.state is DemandState.ACTIVE

    @property
    def is_released(self) -> bool:
        """True if the last holder is gone; an end closes the connection by itself."""
        return not self._holders and self.state is not DemandState.ENDED

    def check(self) -> None:
        """Check that there can be demand.

        Raises:
            UsageError: The socket has ended.
        """
        if self.state is DemandState.ENDED:
            raise UsageError(ENDED)

    def add(self, holder: object) -> None:
        """Hold the connection, until `remove`."""
        self._holders[holder] = None

    def remove(self, holder: object) -> None:
        """Hold it no longer."""
        self._holders.pop(holder, None)

    def connect(self, *, is_open: bool) -> SingleResult[None]:
        """End a pause.

        Returns:
            The promise of an open connection.
        """
        self._transition(DemandEvent.CONNECT)
        if self._opening is None or self._opening.is_settled:
            self._opening = SingleResult(self._report)
            if is_open:
                self._opening.succeed(None)
        return self._opening

    def opened(self) -> None:
        """Keep the promise: the connection is open."""
        if self._opening is not None:
            self._opening.succeed(None)

    def pause(self) -> None:
        """Override all holders, until `connect`."""
        self._transition(DemandEvent.DISCONNECT)
        self._break_promise(
            ConnectError("disconnect() was called before the connection opened")
        )

    def refuse(self) -> None:
        """Refuse new requests; shutdown has begun."""
        self._transition(DemandEvent.END)

    def end(self) -> None:
        """Break the promise, after `refuse`."""
        self._break_promise(UsageError("aclose() was called before it opened"))

    def take_promise(self) -> SingleResult[None] | None:
        """Return the promise, to be broken once all is ready for a new start."""
        opening, self._opening = self._opening, None
        return opening

    def _break_promise(self, error: Exception) -> None:
        if self._opening is not None:
            self._opening.fail(error)

    def _transition(self, event: DemandEvent) -> None:
        self.state = DEMAND_TRANSITIONS[self.state].get(event, self.state)
