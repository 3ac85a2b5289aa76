"""``rx-phoenix listen``: what happens on a topic."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.connecting import FirstTry, connected
from rx_phoenix._cli.events import News, channel_news, connection_news
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output, notice
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.changes import Change, Joined, Left, Updated
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.operators import values
from rx_phoenix.policy import Rejoin
from rx_phoenix.presence import Presence
from rx_phoenix.socket import Socket

__all__ = [
    "Heard",
    "ListenOptions",
    "bounded",
    "heard",
    "listen",
    "news_of",
    "told_change",
]

T = TypeVar("T")

INTERNAL = "phx_"
"""What the events of the protocol itself begin with."""

PRESENCE = frozenset({"presence_diff", "presence_state"})
"""The events that say who is there, in the language of servers."""


class Heard(NamedTuple):
    """Something that happened on a topic."""

    event: str
    payload: Any


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """What somebody wants to hear.

    Attributes:
        events: The events; all but the protocol's own if there are none.
        presence: Whether to hear who comes and goes.
        count: How many events are enough; None for any number.
        seconds: How long to listen; None for as long as it takes.
    """

    events: Collection[str]
    presence: bool
    count: int | None
    seconds: float | None


def told_change(change: Change) -> Heard:
    """A change of who is there, as an event."""
    match change:
        case Joined(key, metas):
            return Heard("presence_joined", {"key": key, "metas": metas})
        case Left(key, metas):
            return Heard("presence_left", {"key": key, "metas": metas})
        case Updated(key, _, metas):
            return Heard("presence_updated", {"key": key, "metas": metas})


def heard(channel: Channel, wish: ListenOptions) -> Observable[Heard]:
    """What happens on a topic, as far as somebody wants to hear it.

    Subscribing joins; it ends as `Channel.stream` does.
    """
    hidden = PRESENCE if wish.presence else frozenset[str]()

    def is_wanted(event: str) -> bool:
        if wish.events:
            return event in wish.events
        return not event.startswith(INTERNAL) and event not in hidden

    messages = channel.stream().pipe(
        ops.filter(lambda message: is_wanted(message.event)),
        ops.map(lambda message: Heard(message.event, message.payload)),
    )
    if not wish.presence:
        return messages
    ended = channel.joined.pipe(ops.ignore_elements(), ops.materialize())
    changes = Presence(channel).changes.pipe(ops.map(told_change))
    # Whoever is there is told first of all, so this has to listen before the join.
    return reactivex.merge(changes.pipe(ops.take_until(ended)), messages)


def bounded(
    stream: Observable[T], wish: ListenOptions, scheduler: LoopScheduler
) -> Observable[T]:
    """A stream that ends when it was enough."""
    if wish.seconds is not None:
        over = reactivex.timer(wish.seconds, scheduler=scheduler)
        stream = stream.pipe(ops.take_until(over))
    if wish.count is not None:
        stream = stream.pipe(ops.take(wish.count))
    return stream


def news_of(socket: Socket, channel: Channel) -> Observable[News]:
    """What happens to a connection and to a channel of it."""
    return reactivex.merge(
        connection_news(socket.lifecycle),
        channel.joins.pipe(channel_news(channel.topic)),
    )


async def listen(
    target: Target,
    topic: str,
    params: Mapping[str, Any],
    wish: ListenOptions,
    output: Output,
) -> ExitCode:
    """Show what happens on a topic, across reconnects, until it was enough.

    Args:
        target: The server.
        topic: The topic.
        params: What to join with.
        wish: What to hear.
        output: Where to show it.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The first join was refused.
    """
    first = FirstTry()
    rejoin = Rejoin(give_up=first)
    async with connected(target.url, rejoin=rejoin, **target.options) as socket:
        channel = socket.channel(topic, params)
        channel.joins.subscribe(first.succeed)
        stream = bounded(heard(channel, wish), wish, LoopScheduler.current())
        shown = 0
        with news_of(socket, channel).subscribe(lambda news: notice(news.text)):
            async with values(stream) as items:
                async for item in items:
                    output.event(topic, item.event, item.payload)
                    shown += 1
        is_closed = channel.state == "closed"
    if wish.count is None or shown >= wish.count:
        return ExitCode.OK
    return ExitCode.UNREACHABLE if is_closed else ExitCode.TIMEOUT
