"""What is to be seen at one moment."""

from dataclasses import dataclass

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.badge import Badge
from rx_phoenix._cli.demo.feed import Dated, Feed
from rx_phoenix._cli.demo.pipelines import Figures, last, paces
from rx_phoenix._cli.demo.publisher import Deliveries
from rx_phoenix._cli.demo.watching import Watcher
from rx_phoenix.stats import SocketStats

__all__ = ["Scene", "scenes"]

REMEMBERED = 50
"""How many pieces of news a scene holds."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be seen at one moment.

    Attributes:
        badge: How the connection does.
        stats: The viewer's socket in numbers.
        deliveries: What became of the readings that were pushed.
        news: What happened lately, oldest first.
        figures: The latest figures; None before the first.
        pace: How many frames arrive in a second.
        watchers: Who is watching.
    """

    badge: Badge
    stats: SocketStats
    deliveries: Deliveries
    news: tuple[Dated, ...]
    figures: Figures | None
    pace: float = 0.0
    watchers: tuple[Watcher, ...] = ()


def scenes(feed: Feed) -> Observable[Scene]:
    """Scenes, made from the latest of each stream; the first comes at once."""
    unread: tuple[Dated, ...] = ()
    unknown: Figures | None = None
    nobody: tuple[Watcher, ...] = ()
    return reactivex.combine_latest(
        feed.badges,
        feed.stats,
        feed.deliveries.pipe(ops.start_with(Deliveries())),
        feed.news.pipe(last(REMEMBERED), ops.start_with(unread)),
        feed.figures.pipe(ops.start_with(unknown)),
        paces(feed.stats),
        feed.watchers.pipe(ops.start_with(nobody)),
    ).pipe(ops.starmap(Scene))
