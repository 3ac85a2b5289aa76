"""Why a socket is, or is not, connected: in plain words."""

from collections import deque

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_event
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    Retrying,
    SteppedUp,
)
from rx_phoenix._protocol.names import SocketState
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["Diagnosis", "describe"]

KEPT = 20
"""How many of the last events are remembered."""


def describe(  # noqa: C901, PLR0911 - a case a kind, and a sentence a case
    event: Lifecycle | ProtocolError,
) -> str:
    """Say an event of a connection's life in a sentence.

    >>> describe(Closed(1012, "", clean=True))
    'The server closed the connection with code 1012 (it restarts).'
    """
    match event:
        case Opened():
            return "The connection opened."
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
"""What close codes mean when a Phoenix server sends them."""


def _advise(error: Exception) -> str:
    status = error.status if isinstance(error, ConnectError) else None
    advice = {
        401: "The server refused the credentials.",
        403: "The server refused: check the token, the Origin, and the endpoint's vsn.",
        404: "There is no socket at this path: check the URL.",
        429: "The server asks for patience.",
    }.get(status or 0)
    return f"{error}. {advice}" if advice else f"{error}."


class Diagnosis:
    """Remembers what last happened to a connection, and tells it.

    Args:
        url: The endpoint, fit for logs.
        link: The connection.
    """

    def __init__(self, url: str, link: ConnectionManager) -> None:
        self._url = url
        self._link = link
        self._events: deque[tuple[float, str]] = deque(maxlen=KEPT)
        self._dropped = 0
        link.observer = self.note

    def note(self, event: Lifecycle | ProtocolError) -> None:
        """Remember an event, and when it was; and log it.

        Frames that are dropped one after another are one event, so that they neither
        flood a log nor hide what happened before.
        """
        text = describe(event)
        self._dropped = self._dropped + 1 if isinstance(event, ProtocolError) else 0
        if self._dropped > 1:
            self._events.pop()
            text = f"{self._dropped} frames were dropped, the last of them: {event}."
        else:
            log_event(event, text, self._url)
        self._events.append((self._link.scheduler.monotonic(), text))

    def text(self) -> str:
        """The state, then what led to it, newest last."""
        link = self._link
        lines = [f"{self._url} is {link.state.value}{self._outlook()}."]
        if not self._events:
            return f"{lines[0]} Nothing has happened yet: call connect()."
        now = link.scheduler.monotonic()
        lines += [f"{now - at:8.1f} s ago: {text}" for at, text in self._events]
        return "\n".join(lines)

    def _outlook(self) -> str:
        if self._link.state.value is not SocketState.CLOSED:
            return ""
        due = self._link.next_attempt
        if due is None:
            return ", and no attempt is due"
        left = max(due - self._link.scheduler.monotonic(), 0.0)
        return f"; the next attempt is due in {left:.1f} s"
