"""Records of the standard ``logging``: words for people, fields for programs.

What nobody handled goes to the logger ``rx_phoenix``, and is seen even where nobody set
up logging: silence would hide mistakes. What happens to connections goes to
``rx_phoenix.lifecycle``, which is quiet until somebody sets up a handler.
"""

import logging
from collections.abc import Iterator

from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Retrying,
)
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["fields", "log", "log_event", "log_unhandled"]

log = logging.getLogger("rx_phoenix")
lifecycle = logging.getLogger("rx_phoenix.lifecycle")
lifecycle.addHandler(logging.NullHandler())

TROUBLE = (AttemptFailed, FellBack, GaveUp, HeartbeatMissed, ProtocolError)
"""What is worth a warning; a close is, unless it was our own wish."""


def fields(**known: object) -> dict[str, object]:
    """Fields of a record, by names that clash with no others.

    >>> fields(topic="room:1")
    {'phoenix_topic': 'room:1'}
    """
    return {f"phoenix_{name}": value for name, value in known.items()}


def log_event(event: Lifecycle | ProtocolError, text: str, url: str) -> None:
    """Log what happened to a connection.

    Args:
        event: The event.
        text: The same in words.
        url: The endpoint, fit for logs.
    """
    is_lost = isinstance(event, Closed) and not event.ours
    is_trouble = is_lost or isinstance(event, TROUBLE)
    known = {"event": type(event).__name__, "url": url, **dict(details(event))}
    level = logging.WARNING if is_trouble else logging.INFO
    lifecycle.log(level, "%s", text, extra=fields(**known))


def details(event: Lifecycle | ProtocolError) -> Iterator[tuple[str, object]]:
    """What an event holds."""
    match event:
        case Closed(code, reason):
            yield from (("code", code), ("reason", reason))
        case Retrying(attempt, delay):
            yield from (("attempt", attempt), ("delay", delay))
        case AttemptFailed(error, attempt):
            yield "attempt", attempt
            yield from details_of_error(error)
        case GaveUp(error) | FellBack(error):
            yield from details_of_error(error)
        case _:
            pass


def details_of_error(error: Exception) -> Iterator[tuple[str, object]]:
    """What kind of error it is; its words are in the message."""
    yield "error", type(error).__name__
    if isinstance(error, ConnectError) and error.status is not None:
        yield "status", error.status


def log_unhandled(error: Exception, by: object = None, **known: object) -> None:
    """Log an exception that nobody handled.

    Args:
        error: The exception.
        by: Where it came up, for the words of the record.
        known: The same, as its fields.
    """
    extra = fields(error=type(error).__name__, **known)
    what = "unhandled" if by is None else f"unhandled in {by!r}"
    log.error("%s: %s", what, error, exc_info=error, extra=extra)
