"""What happens to a socket's connection, as values."""

from dataclasses import dataclass, field

__all__ = [
    "AttemptFailed",
    "Closed",
    "FellBack",
    "GaveUp",
    "HeartbeatMissed",
    "Lifecycle",
    "Opened",
    "Retrying",
    "SteppedUp",
]


@dataclass(frozen=True, slots=True)
class Opened:
    """The connection is open; wanted channels join now."""


@dataclass(frozen=True, slots=True)
class Closed:
    """An open connection ended, or `disconnect()` ended an attempt.

    Attributes:
        code: The WebSocket's close code; 1006 when there was no close frame.
        reason: The reason given with it.
        clean: Whether a close frame was exchanged.
        ours: True if this client closed it. Like `was_open`, it does not count when
            two closes are compared.
        was_open: False if there was an attempt only.
    """

    code: int
    reason: str
    clean: bool
    ours: bool = field(default=False, compare=False, repr=False, kw_only=True)
    was_open: bool = field(default=True, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """An attempt to connect failed.

    Attributes:
        error: What went wrong.
        attempt: Which attempt it was, from 1, since the last one that held.
    """

    error: Exception
    attempt: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """The next attempt is due.

    Attributes:
        attempt: Which retry it will be, from 1, since the connection last held.
        delay: Seconds from now.
    """

    attempt: int
    delay: float


@dataclass(frozen=True, slots=True)
class HeartbeatMissed:
    """The server did not answer a heartbeat in time; the connection is abandoned."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """There will be no further attempt until somebody asks for one.

    Attributes:
        error: The failure that decided it.
    """

    error: Exception


@dataclass(frozen=True, slots=True)
class FellBack:
    """The better transport is of no use; the other one is used.

    Attributes:
        error: What became of the better one.
    """

    error: Exception


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """The better transport works again, and is used again."""


Lifecycle = (
    Opened
    | Closed
    | AttemptFailed
    | Retrying
    | HeartbeatMissed
    | GaveUp
    | FellBack
    | SteppedUp
)
"""Any of the values above."""
