"""The events of a connection in sentences: of the past, or of the moment."""

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
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["announce", "describe"]

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


def describe(event: Lifecycle | ProtocolError, took: float | None = None) -> str:
    """Describe an event of the past.

    Args:
        event: The event.
        took: Seconds that an opening took, if something had failed before.

    >>> describe(Closed(1012, "", clean=True))
    'The server closed the connection with code 1012 (it restarts).'
    >>> describe(Retrying(2, 1.5))
    'Retry 2 was due 1.5 s later.'
    """
    match event:
        case Opened():
            after = "" if took is None else f" after {took:.1f} s"
            return f"The connection opened{after}."
        case Closed():
            return _describe_close(event)
        case AttemptFailed(error, attempt):
            return f"Attempt {attempt} failed: {_advise(error)}"
        case Retrying(attempt, delay):
            return f"Retry {attempt} was due {delay:.1f} s later."
        case HeartbeatAnswered(round_trip):
            return f"A heartbeat was answered after {1000 * round_trip:.0f} ms."
        case _:
            return _describe_rare(event)


def announce(event: Lifecycle | ProtocolError, took: float | None = None) -> str:
    """Describe an event of this moment, as `describe` does afterwards.

    >>> announce(Retrying(2, 1.5))
    'Retry 2 is due in 1.5 s.'
    """
    match event:
        case Retrying(attempt, delay):
            return f"Retry {attempt} is due in {delay:.1f} s."
        case HeartbeatMissed():
            return "The server does not answer a heartbeat: giving the connection up."
        case GaveUp(error):
            return f"Giving up: {_advise(error)} Call connect() to start over."
        case FellBack(error):
            return f"Falling back to the other transport: {_advise(error)}"
        case ProtocolError():
            return f"A frame is dropped: {event}."
        case _:
            return describe(event, took)


def _describe_rare(event: Lifecycle | ProtocolError) -> str:
    match event:
        case HeartbeatMissed():
            return "The server did not answer a heartbeat, so it was given up."
        case GaveUp(error):
            return f"Gave up: {_advise(error)} Call connect() to start over."
        case FellBack(error):
            return f"Fell back to the other transport: {_advise(error)}"
        case SteppedUp():
            return "The better transport works again, and is used."
        case _:
            return f"A frame was dropped: {event}."


def _describe_close(closed: Closed) -> str:
    code, reason = closed.code, closed.reason
    if not closed.ours and not reason and code != ABNORMAL:
        reason = MEANINGS.get(code, "")
    detail = f" ({reason})" if reason else ""
    if not closed.was_open:
        return f"disconnect() ended the attempt with code {code}{detail}."
    if closed.ours:
        return f"We closed the connection with code {code}{detail}."
    if code == ABNORMAL:
        return f"The connection broke without a close frame{detail}."
    return f"The server closed the connection with code {code}{detail}."


ABNORMAL = 1006
"""The code of an end without a close frame."""


def _advise(error: Exception) -> str:
    status = error.status if isinstance(error, ConnectError) else None
    hint = hint_on(status)
    advice = "" if hint and hint in str(error) else advice_on(status)
    return f"{error}. {advice}".rstrip()
