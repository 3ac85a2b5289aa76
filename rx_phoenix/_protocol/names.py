"""Names of Phoenix's protocol."""

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
"""The status of a push that timed out, as in `Push.receive`."""
UNMATCHED_TOPIC: Final = "unmatched topic"
"""The reason of a server to which the topic is not joined (any more)."""


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
