"""``rx-phoenix listen``: the events of a topic."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.connecting import FirstTry, connected
from rx_phoenix._cli.events import Notice, channel_notices, connection_notices
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
    "ListenOptions",
    "TopicEvent",
    "bounded",
    "event_of",
    "events_of",
    "listen",
    "notices_of",
]

T = TypeVar("T")

CONTROL_PREFIX = "phx_"
"""The prefix of the protocol's control events."""

PRESENCE = frozenset({"presence_diff", "presence_state"})
"""The raw presence events of a server."""


class TopicEvent(NamedTuple):
    """An event on a topic."""

    event: str
    payload: Any


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """A selection of a topic's events.

    Attributes:
        events: The events' names; if empty, all but control events.
        presence: True to include changes of presence.
        count: The number of events; None for no limit.
        seconds: The duration; None for no limit.
    """

    events: Collection[str]
    presence: bool
    count: int | None
    seconds: float | None


def event_of(change: Change) -> TopicEvent:
    """Convert a change of presence into an event."""
    match change:
        case Joined(key, metas):
            return TopicEvent("presence_joined", {"key": key, "metas": metas})
        case Left(key, metas):
            return TopicEvent("presence_left", {"key": key, "metas": metas})
        case Updated(key, _, metas):
            return TopicEvent("presence_updated", {"key": key, "metas": metas})


def events_of(channel: Channel, options: ListenOptions) -> Observable[TopicEvent]:
    """Emit the selected events of a topic.

    Subscribing joins; it ends when `Channel.stream` does.
    """
    hidden = PRESENCE if options.presence else frozenset[str]()

    def is_selected(event: str) -> bool:
        if options.events:
            return event in options.events
        return not event.startswith(CONTROL_PREFIX) and event not in hidden

    messages = channel.stream().pipe(
        ops.filter(lambda message: is_selected(message.event)),
        ops.map(lambda message: TopicEvent(message.event, message.payload)),
    )
    if not options.presence:
        return messages
    ended = channel.joined.pipe(ops.ignore_elements(), ops.materialize())
    changes = Presence(channel).changes.pipe(ops.map(event_of))
    # Subscribed before the join, because the presence state follows it at once.
    return reactivex.merge(changes.pipe(ops.take_until(ended)), messages)


def bounded(
    stream: Observable[T], options: ListenOptions, scheduler: LoopScheduler
) -> Observable[T]:
    """Limit a stream to a number of events and a duration."""
    if options.seconds is not None:
        over = reactivex.timer(options.seconds, scheduler=scheduler)
        stream = stream.pipe(ops.take_until(over))
    if options.count is not None:
        stream = stream.pipe(ops.take(options.count))
    return stream


def notices_of(socket: Socket, channel: Channel) -> Observable[Notice]:
    """Emit the events of a connection and of one of its channels."""
    return reactivex.merge(
        connection_notices(socket.lifecycle),
        channel.joins.pipe(channel_notices(channel.topic)),
    )


async def listen(
    target: Target,
    topic: str,
    params: Mapping[str, Any],
    options: ListenOptions,
    output: Output,
) -> ExitCode:
    """Show the events of a topic, across reconnects, up to the given limits.

    Args:
        target: The server.
        topic: The topic.
        params: The params of the join.
        options: The selection, and the limits.
        output: Shows the events.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The first join was refused.
    """
    first = FirstTry()
    rejoin = Rejoin(give_up=first)
    async with connected(target.url, rejoin=rejoin, **target.options) as socket:
        channel = socket.channel(topic, params)
        channel.joins.subscribe(first.succeed)
        events = events_of(channel, options)
        stream = bounded(events, options, LoopScheduler.current())
        shown = 0
        with notices_of(socket, channel).subscribe(lambda item: notice(item.text)):
            async with values(stream) as items:
                async for item in items:
                    output.event(topic, item.event, item.payload)
                    shown += 1
        is_closed = channel.state == "closed"
    if options.count is None or shown >= options.count:
        return ExitCode.OK
    return ExitCode.UNREACHABLE if is_closed else ExitCode.TIMEOUT
