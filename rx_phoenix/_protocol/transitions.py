"""The states of connections and of the demand for them, as tables of transitions.

Rule 1: every change of state is a cell of a table.
Rule 2: an event without a cell changes nothing, because a network may deliver anything
at any time; a mistake of the *caller* is refused before it gets here.
"""

from collections.abc import Mapping
from enum import StrEnum

from rx_phoenix._protocol.names import SocketState

__all__ = [
    "CONNECTION_TRANSITIONS",
    "DEMAND_TRANSITIONS",
    "SOCKET_STATES",
    "ConnectionEvent",
    "ConnectionState",
    "DemandEvent",
    "DemandState",
]


class ConnectionState(StrEnum):
    """The states of a socket's connection; users see four: `SOCKET_STATES`."""

    IDLE = "idle"
    CONNECTING = "connecting"
    OPEN = "open"
    DEPARTING = "departing"
    CLOSING = "closing"
    WAITING = "waiting"
    REFRESHING = "refreshing"
    GIVEN_UP = "given_up"


class ConnectionEvent(StrEnum):
    """The events that move a connection from one state to another."""

    ATTEMPT_BEGUN = "attempt begun"
    OPENED = "opened"
    DEPARTURE_BEGUN = "departure begun"
    RETRY_SCHEDULED = "retry scheduled"
    CREDENTIALS_REFUSED = "credentials refused"
    GAVE_UP = "gave up"
    CLOSE_BEGUN = "close begun"
    CLOSED = "closed"


class DemandState(StrEnum):
    """The states of the demand for a connection."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class DemandEvent(StrEnum):
    """The calls that permit a connection, and forbid it."""

    CONNECT = "connect()"
    DISCONNECT = "disconnect()"
    END = "aclose()"


_S, _F = ConnectionState, ConnectionEvent

CONNECTION_TRANSITIONS: Mapping[
    ConnectionState, Mapping[ConnectionEvent, ConnectionState]
] = {
    _S.IDLE: {
        _F.ATTEMPT_BEGUN: _S.CONNECTING,
    },
    _S.CONNECTING: {
        _F.OPENED: _S.OPEN,
        _F.RETRY_SCHEDULED: _S.WAITING,
        _F.CREDENTIALS_REFUSED: _S.REFRESHING,
        _F.GAVE_UP: _S.GIVEN_UP,
        _F.CLOSED: _S.IDLE,
    },
    _S.OPEN: {
        _F.DEPARTURE_BEGUN: _S.DEPARTING,
        _F.RETRY_SCHEDULED: _S.WAITING,
        _F.CREDENTIALS_REFUSED: _S.REFRESHING,
        _F.GAVE_UP: _S.GIVEN_UP,
        _F.CLOSE_BEGUN: _S.CLOSING,
        _F.CLOSED: _S.IDLE,
    },
    _S.DEPARTING: {
        _F.RETRY_SCHEDULED: _S.WAITING,
        _F.CREDENTIALS_REFUSED: _S.REFRESHING,
        _F.GAVE_UP: _S.GIVEN_UP,
        _F.CLOSE_BEGUN: _S.CLOSING,
        _F.CLOSED: _S.IDLE,
    },
    _S.CLOSING: {
        # A new attempt does not wait for it: the close then counts as done.
        _F.CLOSED: _S.IDLE,
    },
    _S.WAITING: {
        _F.ATTEMPT_BEGUN: _S.CONNECTING,
        _F.GAVE_UP: _S.GIVEN_UP,
        _F.CLOSED: _S.IDLE,
    },
    _S.REFRESHING: {
        _F.RETRY_SCHEDULED: _S.WAITING,
        _F.GAVE_UP: _S.GIVEN_UP,
        _F.CLOSED: _S.IDLE,
    },
    _S.GIVEN_UP: {
        # Once that is announced, a new request starts afresh.
        _F.CLOSED: _S.IDLE,
    },
}

SOCKET_STATES: Mapping[ConnectionState, SocketState] = {
    _S.IDLE: SocketState.CLOSED,
    _S.CONNECTING: SocketState.CONNECTING,
    _S.OPEN: SocketState.OPEN,
    # Answers still come over it, but nothing new leaves.
    _S.DEPARTING: SocketState.OPEN,
    _S.CLOSING: SocketState.CLOSING,
    _S.WAITING: SocketState.CLOSED,
    _S.REFRESHING: SocketState.CLOSED,
    _S.GIVEN_UP: SocketState.CLOSED,
}
"""The state of a socket, as users see it, by the state of its connection."""

_D, _G = DemandState, DemandEvent

DEMAND_TRANSITIONS: Mapping[DemandState, Mapping[DemandEvent, DemandState]] = {
    _D.ACTIVE: {
        _G.DISCONNECT: _D.PAUSED,
        _G.END: _D.ENDED,
    },
    _D.PAUSED: {
        _G.CONNECT: _D.ACTIVE,
        _G.END: _D.ENDED,
    },
    _D.ENDED: {},
}
