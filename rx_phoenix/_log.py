"""Records of the standard ``logging``: words for people, fields for programs.

Unhandled exceptions go to the logger ``rx_phoenix``, and the lifecycle of connections
to ``rx_phoenix.lifecycle`` below it. Warnings and errors of both are seen even where
logging is not set up, on stderr: silence would hide mistakes.
"""

import logging
from collections.abc import Iterator
from logging import DEBUG, INFO, WARNING
from traceback import print_exception

from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    FellBack,
    GaveUp,
    HeartbeatAnswered,
    HeartbeatMissed,
    Lifecycle,
    Retrying,
)
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.errors import ConnectError, ProtocolError

__all__ = ["fields", "log", "log_event", "log_unhandled"]

log = logging.getLogger("rx_phoenix")
lifecycle = logging.getLogger("rx_phoenix.lifecycle")

TROUBLE = (AttemptFailed, FellBack, GaveUp, HeartbeatMissed, ProtocolError)
"""The events that are warnings, if they are news; so is a close by the peer."""


def fields(**known: object) -> dict[str, object]:
    """Return the fields of a record, by names that do not clash with others.

    >>> fields(topic="room:1")
    {'phoenix_topic': 'room:1'}
    """
    return {f"phoenix_{name}": value for name, value in known.items()}


def log_event(
    event: Lifecycle | ProtocolError,
    text: str,
    url: str,
    *,
    is_news: bool = True,
    took: float | None = None,
) -> None:
    """Log an event of a connection.

    Args:
        event: The event.
        text: The event in words.
        url: The endpoint, fit for logs; put before words that do not name it.
        is_news: False for a failure that is like the one before.
        took: Seconds that an opening took, if something had failed before.
    """
    is_lost = isinstance(event, Closed) and not event.ours
    is_trouble = is_lost or isinstance(event, TROUBLE)
    known = {"event": type(event).__name__, "url": url, **dict(details(event))}
    if took is not None:
        known["took"] = took
    is_quiet = isinstance(event, HeartbeatAnswered)
    level = WARNING if is_trouble and is_news else DEBUG if is_quiet else INFO
    words = text if url in text else f"{url}: {text}"
    lifecycle.log(level, "%s", words, extra=fields(**known))


def details(event: Lifecycle | ProtocolError) -> Iterator[tuple[str, object]]:
    """Yield the fields of an event."""
    match event:
        case Closed(code, reason):
            yield from (("code", code), ("reason", reason))
        case HeartbeatAnswered(round_trip):
            yield "round_trip", round_trip
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
    """Yield the fields of an error; its words are in the message."""
    yield "error", type(error).__name__
    if isinstance(error, ConnectError) and error.status is not None:
        yield "status", error.status


def log_unhandled(error: Exception, **source: object) -> None:
    """Log an unhandled exception.

    Args:
        error: The exception.
        source: Its source, as fields; a ``topic`` is in the words of the record, too.
    """
    name = type(error).__name__
    extra = fields(error=name, **source)
    topic = source.get("topic")
    what = "unhandled" if topic is None else f"unhandled in {topic!r}"
    try:
        words = str(error).strip() or name
        log.error("%s: %s", what, words, exc_info=error, extra=extra)
    except ISOLATED as problem:
        # A handler of logging raised, and there is no other place to report it.
        print_exception(contained(problem))
