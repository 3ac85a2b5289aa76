"""Lifecycle events of a socket's connection, as values."""

from dataclasses import dataclass, field

__all__ = [
    "AttemptFailed",
    "Closed",
    "FellBack",
    "GaveUp",
    "HeartbeatAnswered",
    "HeartbeatMissed",
    "Lifecycle",
    "Opened",
    "Retrying",
    "SteppedUp",
]


@dataclass(frozen=True, slots=True)
class Opened:
    """The connection is open; channels in demand join now."""


@dataclass(frozen=True, slots=True)
class Closed:
    """An open connection ended, or `disconnect()` ended an attempt.

    Attributes:
        code: The WebSocket's close code; 1006 without a close frame.
        reason: The reason in the close frame.
        clean: True if the peer's close frame came.
        ours: True if the client closed it; ignored by comparisons.
        was_open: False if only an attempt ended; ignored by comparisons.
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
        error: The reason.
        attempt: The attempt's number, from 1, since the last stable connection.
    """

    error: Exception
    attempt: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """The next attempt is scheduled.

    Attributes:
        attempt: The retry's number, from 1, since the last stable connection.
        delay: Seconds until the retry.
    """

    attempt: int
    delay: float


@dataclass(frozen=True, slots=True)
class HeartbeatAnswered:
    """A heartbeat was answered.

    Attributes:
        round_trip: Seconds from the heartbeat to its answer.
    """

    round_trip: float


@dataclass(frozen=True, slots=True)
class HeartbeatMissed:
    """Nothing came in time after a heartbeat; the connection is abandoned."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The socket stopped reconnecting, until the user connects again.

    Attributes:
        error: The final failure.
    """

    error: Exception


@dataclass(frozen=True, slots=True)
class FellBack:
    """The primary transport failed; the socket uses the fallback.

    Attributes:
        error: The failure of the primary transport.
    """

    error: Exception


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """The primary transport works again, and the socket uses it."""


Lifecycle = (
    Opened
    | Closed
    | AttemptFailed
    | Retrying
    | HeartbeatAnswered
    | HeartbeatMissed
    | GaveUp
    | FellBack
    | SteppedUp
)
"""Any of the values above."""
