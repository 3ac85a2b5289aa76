"""The streams that the demo shows, put together from a socket and a channel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.badge import Badge, badges
from rx_phoenix._cli.demo.journal import alarm_news
from rx_phoenix._cli.demo.pipelines import Figures, Limits, figures
from rx_phoenix._cli.demo.publisher import RECEIVED, Deliveries
from rx_phoenix._cli.demo.reading import Reading
from rx_phoenix._cli.demo.watching import Watcher
from rx_phoenix._cli.events import Kind, News, channel_news, connection_news
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.socket import Socket
from rx_phoenix.stats import SocketStats

__all__ = ["Dated", "Feed", "feed"]


class Dated(NamedTuple):
    """News, and when they came in."""

    at: datetime
    news: News


PATIENCE = 3.0
"""Seconds that the next reading may always take."""

LATE = 2.0
"""By how many times its time a reading is late that counts as missing."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The streams that the demo shows.

    Attributes:
        figures: What there is to show of each reading.
        badges: How the connection does.
        stats: The viewer's socket in numbers.
        deliveries: What became of the readings that were pushed.
        news: What happens.
        watchers: Who is watching.
    """

    figures: Observable[Figures]
    badges: Observable[Badge]
    stats: Observable[SocketStats]
    deliveries: Observable[Deliveries]
    news: Observable[Dated]
    watchers: Observable[tuple[Watcher, ...]]


def feed(
    socket: Socket,
    channel: Channel,
    delivered: Observable[Deliveries],
    limits: Limits,
    scheduler: LoopScheduler,
    watched: Observable[tuple[Watcher, ...]],
) -> Feed:
    """Put the streams together; nothing happens before they are subscribed to.

    Args:
        socket: The viewer's socket.
        channel: The viewer's channel; subscribing joins it.
        delivered: What became of the readings.
        limits: When there is alarm.
        scheduler: Time.
        watched: Who is watching.
    """
    readings = channel.stream(RECEIVED, as_type=Reading).pipe(ops.share())
    shown = readings.pipe(figures(limits), ops.share())
    news = reactivex.merge(
        connection_news(socket.lifecycle),
        channel.joins.pipe(channel_news(channel.topic)),
        alarm_news(shown.pipe(ops.map(lambda figures: figures.alarms))),
        socket.unhandled.pipe(ops.map(lambda error: News(Kind.BAD, str(error)))),
    )
    return Feed(
        shown,
        badges(
            socket.lifecycle,
            channel.states,
            readings.pipe(ops.map(lambda reading: max(PATIENCE, LATE * reading.every))),
            scheduler,
        ),
        socket.stats,
        delivered,
        news.pipe(ops.map(lambda item: Dated(datetime.now(UTC).astimezone(), item))),
        watched,
    )
