"""The stages of a membership, and the events that lead from one to another."""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto

from rx_phoenix._protocol.names import ChannelState

__all__ = ["STATE_OF", "ChannelEvent", "Removal", "Stage"]


class Stage(StrEnum):
    """The stages of a membership. Users see both kinds of joining as one."""

    CLOSED = "closed"
    WAITING = "waiting to send the join"
    JOINING = "joining"
    JOINED = "joined"
    ERRORED = "errored"
    LEAVING = "leaving"


STATE_OF: Mapping[Stage, ChannelState] = {
    Stage.CLOSED: ChannelState.CLOSED,
    Stage.WAITING: ChannelState.JOINING,
    Stage.JOINING: ChannelState.JOINING,
    Stage.JOINED: ChannelState.JOINED,
    Stage.ERRORED: ChannelState.ERRORED,
    Stage.LEAVING: ChannelState.LEAVING,
}


class Removal(Enum):
    """The stages of a channel's removal, beside those of its membership."""

    NONE = auto()
    BEGUN = auto()
    OVER = auto()


class ChannelEvent(StrEnum):
    """The events that a membership handles."""

    JOIN_BEGUN = "join begun"
    JOIN_SENT = "join sent"
    JOIN_NOT_SENT = "join not sent"
    JOIN_ACCEPTED = "join accepted"
    JOIN_REFUSED = "join refused"
    JOIN_REFUSED_FOR_GOOD = "join refused for good"
    CALLER_TIMED_OUT = "caller timed out"
    JOIN_TIMED_OUT = "join timed out"
    JOIN_TIMED_OUT_FOR_GOOD = "join timed out for good"
    CRASHED = "crashed"
    UNMATCHED = "lost by the server"
    CONNECTION_OPENED = "connection opened"
    CONNECTION_LOST = "connection lost"
    GAVE_UP = "connection given up"
    LEAVE_SENT = "leave sent"
    LEAVE_CONFIRMED = "leave confirmed"
    LEFT = "left"
    CLOSED = "closed by the server"
    CLOSED_TO_REJOIN = "closed to rejoin"
    ENDED = "socket ended"
