"""The words of Phoenix's protocol."""

from enum import StrEnum
from typing import Final

from rx_phoenix.errors import UsageError

__all__ = [
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
OK: Final = "ok"
TIMEOUT: Final = "timeout"
"""The status that `Push.receive` knows for an answer that never came."""
UNMATCHED_TOPIC: Final = "unmatched topic"
"""The reason of a server that does not know (any more) that we joined."""


class ChannelState(StrEnum):
    """Where a channel stands, in phoenix.js's words."""

    CLOSED = "closed"
    ERRORED = "errored"
    JOINED = "joined"
    JOINING = "joining"
    LEAVING = "leaving"


class SocketState(StrEnum):
    """Where a socket stands, in phoenix.js's words.

    It is ``closed`` while it waits for the next attempt.
    """

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


def check_name(what: str, name: object) -> None:
    """See that a topic's or an event's name is one.

    Raises:
        UsageError: It is no text.
    """
    if not isinstance(name, str):
        raise UsageError(f"the name of {what} must be text, not {name!r}")
