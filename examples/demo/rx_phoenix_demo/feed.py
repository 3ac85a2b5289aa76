"""The streams of the demo, built from a socket and a channel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import Channel, Socket, SocketStats
from rx_phoenix.operators import LoopScheduler
from rx_phoenix_demo.badge import Badge, badges
from rx_phoenix_demo.downtime import Downtime, downtimes
from rx_phoenix_demo.log import Level, LogEntry, alarm_entries, connection_entries
from rx_phoenix_demo.pipelines import Figures, Limits, figures
from rx_phoenix_demo.publisher import RECEIVED, Deliveries
from rx_phoenix_demo.reading import Reading
from rx_phoenix_demo.watchers import Watcher

__all__ = ["Feed", "TimedEntry", "feed"]


class TimedEntry(NamedTuple):
    """A log entry with its time."""

    at: datetime
    entry: LogEntry


STALE_AFTER = 3.0
"""Least seconds without a reading after which the figures are stale."""

LATE = 2.0
"""Number of intervals without a reading after which the figures are stale."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The streams of the demo.

    Attributes:
        figures: The figures of each reading.
        badges: The state of the connection.
        downtimes: The downtimes of the viewer's channel.
        stats: The viewer's socket in numbers.
        deliveries: Counts of the pushed readings.
        log: The log.
        watchers: The viewers, by presence.
    """

    figures: Observable[Figures]
    badges: Observable[Badge]
    downtimes: Observable[Downtime]
    stats: Observable[SocketStats]
    deliveries: Observable[Deliveries]
    log: Observable[TimedEntry]
    watchers: Observable[tuple[Watcher, ...]]


def feed(
    socket: Socket,
    channel: Channel,
    deliveries: Observable[Deliveries],
    limits: Limits,
    scheduler: LoopScheduler,
    watchers: Observable[tuple[Watcher, ...]],
) -> Feed:
    """Build the streams; they are cold, so that nothing runs before a subscription.

    Args:
        socket: The viewer's socket.
        channel: The viewer's channel; subscribing joins it.
        deliveries: Counts of the pushed readings.
        limits: Thresholds of the alarms.
        scheduler: Time.
        watchers: The viewers, by presence.
    """
    readings = channel.stream(RECEIVED, as_type=Reading).pipe(ops.share())
    shown = readings.pipe(figures(limits), ops.share())
    log = reactivex.merge(
        connection_entries(socket, channel),
        alarm_entries(shown.pipe(ops.map(lambda figures: figures.alarms))),
        socket.unhandled.pipe(ops.map(lambda error: LogEntry(Level.BAD, str(error)))),
    )
    intervals = readings.pipe(
        ops.map(lambda reading: max(STALE_AFTER, LATE * reading.every))
    )
    return Feed(
        shown,
        badges(socket.lifecycle, channel.states, intervals, scheduler),
        downtimes(channel.states, scheduler.wall_clock),
        socket.stats,
        deliveries,
        log.pipe(ops.map(lambda entry: TimedEntry(_now(), entry))),
        watchers,
    )


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
