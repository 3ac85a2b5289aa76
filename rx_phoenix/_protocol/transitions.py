"""The life of a channel and of a socket, as tables.

Rule 1: every change of state is a cell of a table.
Rule 2: an event without a cell changes nothing, for the network may say anything at
any time; what a *caller* may not do is refused before it gets here.
"""

from collections.abc import Mapping
from enum import StrEnum

from rx_phoenix._protocol.names import ChannelState, SocketState

__all__ = [
    "CHANNEL_TRANSITIONS",
    "SOCKET_TRANSITIONS",
    "ChannelEvent",
    "SocketEvent",
]


class ChannelEvent(StrEnum):
    """What moves a channel from one state to another."""

    JOIN_BEGUN = "join begun"
    JOIN_ACCEPTED = "join accepted"
    JOIN_REFUSED = "join refused"
    JOIN_TIMED_OUT = "join timed out"
    CRASHED = "crashed"
    CONNECTION_LOST = "connection lost"
    LEAVE_SENT = "leave sent"
    LEFT = "left"
    CLOSED = "closed by the server"


class SocketEvent(StrEnum):
    """What moves a socket from one state to another."""

    ATTEMPT_BEGUN = "attempt begun"
    OPENED = "opened"
    LOST = "failed or lost"
    CLOSE_BEGUN = "close begun"
    CLOSED = "closed"


_C, _E = ChannelState, ChannelEvent

CHANNEL_TRANSITIONS: Mapping[ChannelState, Mapping[ChannelEvent, ChannelState]] = {
    _C.CLOSED: {
        _E.JOIN_BEGUN: _C.JOINING,
    },
    _C.JOINING: {
        _E.JOIN_ACCEPTED: _C.JOINED,
        _E.JOIN_REFUSED: _C.ERRORED,
        _E.JOIN_TIMED_OUT: _C.ERRORED,
        _E.CRASHED: _C.ERRORED,
        _E.CONNECTION_LOST: _C.ERRORED,
        _E.LEAVE_SENT: _C.LEAVING,
        _E.LEFT: _C.CLOSED,
        _E.CLOSED: _C.CLOSED,
    },
    _C.JOINED: {
        _E.CRASHED: _C.ERRORED,
        _E.CONNECTION_LOST: _C.ERRORED,
        _E.LEAVE_SENT: _C.LEAVING,
        _E.LEFT: _C.CLOSED,
        _E.CLOSED: _C.CLOSED,
    },
    _C.ERRORED: {
        _E.JOIN_BEGUN: _C.JOINING,
        _E.CRASHED: _C.ERRORED,
        _E.LEFT: _C.CLOSED,
        _E.CLOSED: _C.CLOSED,
    },
    _C.LEAVING: {
        _E.CRASHED: _C.CLOSED,
        _E.CONNECTION_LOST: _C.CLOSED,
        _E.LEFT: _C.CLOSED,
        _E.CLOSED: _C.CLOSED,
    },
}

_S, _F = SocketState, SocketEvent

SOCKET_TRANSITIONS: Mapping[SocketState, Mapping[SocketEvent, SocketState]] = {
    _S.CLOSED: {
        _F.ATTEMPT_BEGUN: _S.CONNECTING,
    },
    _S.CONNECTING: {
        _F.OPENED: _S.OPEN,
        _F.LOST: _S.CLOSED,
        _F.CLOSED: _S.CLOSED,
    },
    _S.OPEN: {
        _F.LOST: _S.CLOSED,
        _F.CLOSE_BEGUN: _S.CLOSING,
        _F.CLOSED: _S.CLOSED,
    },
    _S.CLOSING: {
        _F.CLOSED: _S.CLOSED,
        # A new attempt never waits for an old connection's goodbye.
        _F.ATTEMPT_BEGUN: _S.CONNECTING,
    },
}
