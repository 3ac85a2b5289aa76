"""What happened, in words: news of the connection, of the channel and of alarms."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix.cli.demo.pipelines import Alarm
from rx_phoenix.cli.problems import cause_of
from rx_phoenix.diagnosis import describe
from rx_phoenix.errors import ProtocolError
from rx_phoenix.protocol.lifecycle import AttemptFailed, Lifecycle, Retrying

__all__ = ["Kind", "News", "alarm_news", "channel_news", "connection_news"]


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


def alarm_news(alarms: Observable[tuple[Alarm, ...]]) -> Observable[News]:
    """Which alarms were raised and which are over, from those that are on."""

    def compare(pair: tuple[tuple[Alarm, ...], ...]) -> Observable[News]:
        before, now = ({alarm.name: alarm for alarm in alarms} for alarms in pair)
        raised = [
            News(Kind.BAD, f"Alarm: {name} is at {alarm.value:.0f} %.")
            for name, alarm in now.items()
            if name not in before
        ]
        over = [
            News(Kind.GOOD, f"The alarm about {name} is over.")
            for name in before
            if name not in now
        ]
        return reactivex.from_iterable(raised + over)

    none: tuple[Alarm, ...] = ()
    return alarms.pipe(ops.start_with(none), ops.pairwise(), ops.flat_map(compare))


def _told(event: Lifecycle | ProtocolError) -> News:
    if isinstance(event, AttemptFailed):
        cause = cause_of(event.error)
        why = cause.text if cause else str(event.error)
        return News(Kind.BAD, f"Attempt {event.attempt} failed: {why}.")
    text = describe(event)
    return News(Kind.GOOD if "opened" in text else Kind.BAD, text)
