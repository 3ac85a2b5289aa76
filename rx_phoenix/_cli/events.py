"""Events of a connection and its channels, as sentences."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.problems import cause_of, explain
from rx_phoenix._connection.sentences import describe
from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    HeartbeatAnswered,
    Lifecycle,
    Opened,
    Retrying,
)
from rx_phoenix.errors import ProtocolError

__all__ = [
    "Kind",
    "Notice",
    "channel_notices",
    "connection_notices",
    "refusal_notices",
]


class Kind(StrEnum):
    """The kind of an event, for its colour."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"


class Notice(NamedTuple):
    """An event, as a sentence."""

    kind: Kind
    text: str


def connection_notices(
    lifecycle: Observable[Lifecycle | ProtocolError],
) -> Observable[Notice]:
    """Emit the events of a connection, except scheduled retries and heartbeats."""
    silent = (Retrying, HeartbeatAnswered)
    return lifecycle.pipe(
        ops.filter(lambda event: not isinstance(event, silent)), ops.map(_notice)
    )


def channel_notices(topic: str) -> Callable[[Observable[Any]], Observable[Notice]]:
    """Emit joins and rejoins, given the replies to them.

    Args:
        topic: The channel's topic.
    """

    def joined(_: Any, number: int) -> Notice:
        return Notice(Kind.GOOD, f"{'Rejoined' if number else 'Joined'} {topic}.")

    return ops.map_indexed(joined)


def refusal_notices(refusals: Observable[Exception]) -> Observable[Notice]:
    """Emit the failures of rejoins, each change of reason once.

    Args:
        refusals: The errors of rejoins; those of a first join are a command's own.
    """
    return refusals.pipe(ops.map(_refused), ops.distinct_until_changed())


def _notice(event: Lifecycle | ProtocolError) -> Notice:
    if isinstance(event, AttemptFailed):
        cause = cause_of(event.error)
        reason = cause.text if cause else str(event.error)
        return Notice(Kind.BAD, f"Attempt {event.attempt} failed: {reason}.")
    return Notice(Kind.GOOD if isinstance(event, Opened) else Kind.BAD, describe(event))


def _refused(error: Exception) -> Notice:
    problem = explain(error)
    return Notice(Kind.BAD, f"{problem.text if problem else error} Retrying.")
