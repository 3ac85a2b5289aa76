"""The diagnosis of a connection, in plain words."""

from collections import deque
from collections.abc import Iterator

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_event
from rx_phoenix._protocol.http_status import advice_on, hint_on
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatAnswered,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    Retrying,
    SteppedUp,
)
from rx_phoenix._protocol.names import SocketState
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["Diagnosis", "describe"]

LISTED = 10
"""The number of channels that are listed."""

KEPT = 20
"""The number of events that are remembered."""


def describe(  # noqa: C901, PLR0911, PLR0912 - a case a kind, and a sentence a case
    event: Lifecycle | ProtocolError,
) -> str:
    """Describe an event of a connection in a sentence.

    >>> describe(Closed(1012, "", clean=True))
    'The server closed the connection with code 1012 (it restarts).'
    """
    match event:
        case Opened():
            return "The connection opened."
        case Closed(code, reason, was_open=False):
            detail = f" ({reason})" if reason else ""
            return f"disconnect() ended the attempt with code {code}{detail}."
        case Closed(code, reason, ours=True):
            detail = f" ({reason})" if reason else ""
            return f"We closed the connection with code {code}{detail}."
        case Closed(1006, reason):
            detail = f" ({reason})" if reason else ""
            return f"The connection broke without a close frame{detail}."
        case Closed(code, reason):
            detail = reason or MEANINGS.get(code, "")
            detail = f" ({detail})" if detail else ""
            return f"The server closed the connection with code {code}{detail}."
        case AttemptFailed(error, attempt):
            return f"Attempt {attempt} failed: {_advise(error)}"
        case Retrying(attempt, delay):
            return f"Retry {attempt} was due {delay:.1f} s later."
        case HeartbeatAnswered(round_trip):
            return f"A heartbeat was answered after {1000 * round_trip:.0f} ms."
        case HeartbeatMissed():
            return "The server did not answer a heartbeat, so it was given up."
        case GaveUp(error):
            return f"Gave up: {_advise(error)} Call connect() to start afresh."
        case FellBack(error):
            return f"Fell back to the other transport: {_advise(error)}"
        case SteppedUp():
            return "The better transport works again, and is used."
        case ProtocolError():
            return f"A frame was dropped: {event}."


MEANINGS = {
    1000: "normal; servers also say so when a socket is idle",
    1001: "it went away, and expects you back",
    1002: "a protocol error; servers also say so when a socket is idle",
    1008: "a policy forbids it",
    1009: "a message was too large",
    1011: "it could not read a message",
    1012: "it restarts",
    1013: "it is overloaded",
}
"""The meanings of close codes that a Phoenix server sends."""


def _advise(error: Exception) -> str:
    status = error.status if isinstance(error, ConnectError) else None
    hint = hint_on(status)
    advice = "" if hint and hint in str(error) else advice_on(status)
    return f"{error}. {advice}".rstrip()


class Diagnosis:
    """Remembers and logs the last events of a connection.

    Args:
        url: The endpoint, fit for logs.
        connection: The connection.
    """

    def __init__(self, url: str, connection: ConnectionManager) -> None:
        self._url = url
        self._connection = connection
        self._events: deque[tuple[float, str]] = deque(maxlen=KEPT)
        self._dropped = 0
        connection.observer = self.note

    def note(self, event: Lifecycle | ProtocolError) -> None:
        """Remember an event with its time, and log it.

        Frames that are dropped one after another are one event, so that they neither
        flood a log nor hide earlier events; heartbeats that were answered are none.
        """
        text = describe(event)
        if isinstance(event, HeartbeatAnswered):
            log_event(event, text, self._url)
            return
        self._dropped = self._dropped + 1 if isinstance(event, ProtocolError) else 0
        if self._dropped > 1:
            self._events.pop()
            text = f"{self._dropped} frames were dropped, the last of them: {event}."
        else:
            log_event(event, text, self._url)
        self._events.append((self._connection.scheduler.monotonic(), text))

    def text(self) -> str:
        """Return the state, then the events that led to it, newest last."""
        connection = self._connection
        lines = [f"{self._url} is {connection.state.value}{self._outlook()}."]
        if not self._events:
            lines[0] += " Nothing has happened yet: call connect()."
        else:
            now = connection.scheduler.monotonic()
            lines += [f"{now - at:8.1f} s ago: {text}" for at, text in self._events]
        return "\n".join((*lines, *self._channels()))

    def _channels(self) -> Iterator[str]:
        """Yield a line for each channel that is to be joined and is not."""
        problems = [
            f"{channel.topic!r} is not joined: {channel.problem}."
            for channel in self._connection.router.registry
            if channel.problem is not None
        ]
        yield from problems[:LISTED]
        if len(problems) > LISTED:
            yield f"{len(problems) - LISTED} more channels are not joined."

    def _outlook(self) -> str:
        connection = self._connection
        if connection.linger.due is not None:
            left = self._seconds_until(connection.linger.due)
            return f"; nothing holds it, so it closes in {left:.1f} s"
        if connection.state.value is not SocketState.CLOSED:
            return ""
        if connection.next_attempt is None:
            return ", and no attempt is due"
        left = self._seconds_until(connection.next_attempt)
        return f"; the next attempt is due in {left:.1f} s"

    def _seconds_until(self, time: float) -> float:
        return max(time - self._connection.scheduler.monotonic(), 0.0)
