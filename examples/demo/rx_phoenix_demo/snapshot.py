"""Snapshots: the latest value of each stream of the demo."""

from dataclasses import dataclass

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import SocketStats
from rx_phoenix_demo.badge import Badge
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.feed import Feed, TimedEntry
from rx_phoenix_demo.pipelines import Figures, frame_rates, last
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.watchers import Watcher

__all__ = ["Snapshot", "snapshots"]

REMEMBERED = 50
"""Number of log entries, and of downtimes, in a snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The latest value of each stream.

    Attributes:
        badge: State of the connection.
        stats: The viewer's socket in numbers.
        deliveries: Counts of the pushed readings.
        log: The latest log entries, oldest first.
        figures: The latest figures; None before the first.
        frame_rate: Frames received per second.
        watchers: The viewers, by presence.
        downtimes: The latest downtimes of the viewer's channel, oldest first.
    """

    badge: Badge
    stats: SocketStats
    deliveries: Deliveries
    log: tuple[TimedEntry, ...]
    figures: Figures | None
    frame_rate: float = 0.0
    watchers: tuple[Watcher, ...] = ()
    downtimes: tuple[Downtime, ...] = ()


def snapshots(feed: Feed) -> Observable[Snapshot]:
    """Combine the latest values of the streams; emit the first at once."""
    empty_log: tuple[TimedEntry, ...] = ()
    unknown: Figures | None = None
    unwatched: tuple[Watcher, ...] = ()
    unbroken: tuple[Downtime, ...] = ()
    return reactivex.combine_latest(
        feed.badges,
        feed.stats,
        feed.deliveries.pipe(ops.start_with(Deliveries())),
        feed.log.pipe(last(REMEMBERED), ops.start_with(empty_log)),
        feed.figures.pipe(ops.start_with(unknown)),
        frame_rates(feed.stats),
        feed.watchers.pipe(ops.start_with(unwatched)),
        feed.downtimes.pipe(last(REMEMBERED), ops.start_with(unbroken)),
    ).pipe(ops.starmap(Snapshot))
