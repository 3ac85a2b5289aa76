"""Builders of feeds, figures and snapshots."""

from datetime import UTC, datetime

import reactivex

from rx_phoenix import SocketStats, WebSocketTransport
from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.feed import Feed, TimedEntry
from rx_phoenix_demo.log import Level, LogEntry
from rx_phoenix_demo.pipelines import Limits, figures
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.snapshot import Snapshot

__all__ = ["BACKEND", "NOON", "STATS", "entry", "feed_of", "figures_of", "snapshot_of"]

BACKEND = Backend(
    "ws://127.0.0.1:4000/socket",
    "room:machine",
    "presence:machine",
    WebSocketTransport(),
    None,
    "it breaks",
)

NOON = datetime(2024, 1, 2, 12, 0, 0, tzinfo=UTC)

STATS = SocketStats(
    frames_in=12,
    frames_out=34,
    bytes_in=0,
    bytes_out=0,
    protocol_errors=0,
    late_replies=0,
    casts_dropped=0,
    stale=0,
    reconnects={"connection_closed": 1},
    round_trip=0.0042,
    buffered=0,
    channels=1,
)


def entry(text, level=Level.GOOD):
    return TimedEntry(NOON, LogEntry(level, text))


def figures_of(*readings):
    """Compute the figures of the last of some readings."""
    shown = []
    reactivex.of(*readings).pipe(figures(Limits(80, 70))).subscribe(shown.append)
    return shown[-1]


def feed_of(**streams):
    """Build a feed in which only the given streams emit."""
    names = ("figures", "badges", "downtimes", "stats", "deliveries", "log", "watchers")
    silent = dict.fromkeys(names, reactivex.never())
    return Feed(**{**silent, **streams})


def snapshot_of(figures=None, **changes):
    usual = {
        "badge": Badge(Status.LIVE),
        "stats": STATS,
        "deliveries": Deliveries(3, 3),
        "log": (entry("Joined room:machine."),),
    }
    return Snapshot(figures=figures, **{**usual, **changes})
