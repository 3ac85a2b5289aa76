"""The demo's log: events of the connection, the channel and the alarms as sentences."""

from enum import StrEnum
from typing import Any, NamedTuple

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import (
    AttemptFailed,
    Channel,
    Closed,
    GaveUp,
    HeartbeatMissed,
    Lifecycle,
    Opened,
    ProtocolError,
    Socket,
)
from rx_phoenix_demo.pipelines import Alarm

__all__ = ["Level", "LogEntry", "alarm_entries", "connection_entries"]


class Level(StrEnum):
    """Weight of a log entry; the page has a colour for each."""

    GOOD = "good"
    BAD = "bad"


class LogEntry(NamedTuple):
    """One event, as a sentence."""

    level: Level
    text: str


def connection_entries(socket: Socket, channel: Channel) -> Observable[LogEntry]:
    """Log the life of a connection, and the joins of one of its channels.

    Args:
        socket: The socket.
        channel: A channel of the socket; it is not joined by this.
    """

    def joined(_: Any, number: int) -> LogEntry:
        verb = "Rejoined" if number else "Joined"
        return LogEntry(Level.GOOD, f"{verb} {channel.topic}.")

    return reactivex.merge(
        socket.lifecycle.pipe(ops.flat_map(_lifecycle_entries)),
        channel.joins.pipe(ops.map_indexed(joined)),
    )


def alarm_entries(alarms: Observable[tuple[Alarm, ...]]) -> Observable[LogEntry]:
    """Log each alarm when it is raised, and when it is over.

    Args:
        alarms: The alarms that are on, each time they are evaluated.
    """

    def compare(pair: tuple[tuple[Alarm, ...], ...]) -> Observable[LogEntry]:
        before, now = ({alarm.name: alarm for alarm in alarms} for alarms in pair)
        raised = [
            LogEntry(Level.BAD, f"Alarm: {name} is at {alarm.value:.0f} %.")
            for name, alarm in now.items()
            if name not in before
        ]
        over = [
            LogEntry(Level.GOOD, f"The alarm about {name} is over.")
            for name in before
            if name not in now
        ]
        return reactivex.from_iterable(raised + over)

    none: tuple[Alarm, ...] = ()
    return alarms.pipe(ops.start_with(none), ops.pairwise(), ops.flat_map(compare))


def _lifecycle_entries(event: Lifecycle | ProtocolError) -> Observable[LogEntry]:
    match event:
        case Opened():
            return reactivex.just(LogEntry(Level.GOOD, "The connection opened."))
        case Closed(code, reason):
            text = f"The connection closed with code {code}"
            text += f": {reason}." if reason else "."
        case AttemptFailed(error, attempt):
            text = f"Attempt {attempt} failed: {error}."
        case HeartbeatMissed():
            text = "A heartbeat timed out."
        case GaveUp(error):
            text = f"Gave up: {error}."
        case _:
            return reactivex.empty()
    return reactivex.just(LogEntry(Level.BAD, text))
