"""Names of Phoenix's protocol."""

from enum import StrEnum
from typing import Final

from rx_phoenix.errors import UsageError

__all__ = [
    "CAST_REF",
    "CLOSE",
    "ERROR",
    "HEARTBEAT",
    "JOIN",
    "LEAVE",
    "OK",
    "PHOENIX",
    "REPLY",
    "TIMEOUT",
    "UNMATCHED_TOPIC",
    "ChannelState",
    "SocketState",
    "check_event",
    "check_name",
]

JOIN: Final = "phx_join"
LEAVE: Final = "phx_leave"
REPLY: Final = "phx_reply"
CLOSE: Final = "phx_close"
ERROR: Final = "phx_error"
HEARTBEAT: Final = "heartbeat"
PHOENIX: Final = "phoenix"
"""The topic of heartbeats."""
CAST_REF = "0"
"""The ref of every cast, so that an answer to one is told from a late answer."""

OK: Final = "ok"
TIMEOUT: Final = "timeout"
"""The status of a push that timed out, as in `Push.receive`."""
UNMATCHED_TOPIC: Final = "unmatched topic"
"""The reason of a server to which the topic is not joined (any more)."""

RESERVED: Final = frozenset({JOIN, LEAVE, REPLY, CLOSE, ERROR})
"""The events that only the protocol itself sends."""


class ChannelState(StrEnum):
    """The states of a channel, named as in phoenix.js."""

    CLOSED = "closed"
    ERRORED = "errored"
    JOINED = "joined"
    JOINING = "joining"
    LEAVING = "leaving"


class SocketState(StrEnum):
    """The states of a socket, named as in phoenix.js.

    The state is ``closed`` while the socket waits for the next attempt.
    """

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


def check_name(what: str, name: object) -> None:
    """Check the name of a topic or an event.

    Raises:
        UsageError: It is not a string.
    """
    if not isinstance(name, str):
        raise UsageError(f"the name of {what} must be a string, got {name!r}")


def check_event(topic: str, event: object) -> None:
    """Check that a push may have the name of this event.

    Raises:
        UsageError: It is not a string, or the protocol reserves it.

    >>> check_event("room:1", "shout")
    """
    if not isinstance(event, str):
        check_name("an event", event)
    elif event in RESERVED or (event == HEARTBEAT and topic == PHOENIX):
        raise UsageError(
            f"the event of a push must not be reserved by the protocol, got {event!r}: "
            "use join(), leave() or ping(), or choose another name"
        )
