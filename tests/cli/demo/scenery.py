"""A feed of marbles, and scenes made by hand."""

from datetime import UTC, datetime

import reactivex

from rx_phoenix import WebSocketTransport
from rx_phoenix._cli.demo.badge import Badge, Mood
from rx_phoenix._cli.demo.feed import Dated, Feed
from rx_phoenix._cli.demo.pipelines import Limits, figures
from rx_phoenix._cli.demo.publisher import Deliveries
from rx_phoenix._cli.demo.scene import Scene
from rx_phoenix._cli.demo.stage import Stage
from rx_phoenix._cli.events import Kind, News
from rx_phoenix.stats import SocketStats

__all__ = ["NOON", "STAGE", "STATS", "dated", "feed_of", "figures_of", "scene_of"]

STAGE = Stage(
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
    stale=0,
    reconnects={"connection_closed": 1},
    round_trip=0.0042,
    buffered=0,
    channels=1,
)


def dated(text, kind=Kind.GOOD):
    return Dated(NOON, News(kind, text))


def figures_of(*readings):
    """The figures of the last of some readings."""
    shown = []
    reactivex.of(*readings).pipe(figures(Limits(80, 70))).subscribe(shown.append)
    return shown[-1]


def feed_of(**streams):
    """A feed of which only some streams say anything."""
    names = ("figures", "badges", "stats", "deliveries", "news", "watchers")
    silent = dict.fromkeys(names, reactivex.never())
    return Feed(**{**silent, **streams})


def scene_of(figures=None, **changes):
    usual = {
        "badge": Badge(Mood.LIVE),
        "stats": STATS,
        "deliveries": Deliveries(3, 3),
        "news": (dated("Joined room:machine."),),
    }
    return Scene(figures=figures, **{**usual, **changes})
