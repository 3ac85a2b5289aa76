"""What happened to a connection and its channels, in words."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.problems import cause_of
from rx_phoenix._connection.diagnosis import describe
from rx_phoenix._protocol.lifecycle import AttemptFailed, Lifecycle, Opened, Retrying
from rx_phoenix.errors import ProtocolError

__all__ = ["Kind", "News", "channel_news", "connection_news"]


class Kind(StrEnum):
    """Whether news are good, bad, or neither."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"


class News(NamedTuple):
    """One thing that happened."""

    kind: Kind
    text: str


def connection_news(
    lifecycle: Observable[Lifecycle | ProtocolError],
) -> Observable[News]:
    """What happens to the connection; its plans to retry are no news."""
    return lifecycle.pipe(
        ops.filter(lambda event: not isinstance(event, Retrying)), ops.map(_told)
    )


def channel_news(topic: str) -> Callable[[Observable[Any]], Observable[News]]:
    """Joins and rejoins, from the replies to them.

    Args:
        topic: The channel's topic.
    """

    def tell(_: Any, number: int) -> News:
        return News(Kind.GOOD, f"{'Rejoined' if number else 'Joined'} {topic}.")

    return ops.map_indexed(tell)


def _told(event: Lifecycle | ProtocolError) -> News:
    if isinstance(event, AttemptFailed):
        cause = cause_of(event.error)
        why = cause.text if cause else str(event.error)
        return News(Kind.BAD, f"Attempt {event.attempt} failed: {why}.")
    return News(Kind.GOOD if isinstance(event, Opened) else Kind.BAD, describe(event))
