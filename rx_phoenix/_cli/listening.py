"""``rx-phoenix listen``: the events of a topic."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.events import (
    Notice,
    channel_notices,
    connection_notices,
    refusal_notices,
)
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.changes import Change, Joined, Left, Updated
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.errors import JoinRefused, PushTimeout
from rx_phoenix.operators import values
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
    "with_topic",
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


def notices_of(socket: Socket, *channels: Channel) -> Observable[Notice]:
    """Emit the events of a connection and of its channels."""
    return reactivex.merge(
        connection_notices(socket.lifecycle),
        *(channel.joins.pipe(channel_notices(channel.topic)) for channel in channels),
        *(refusal_notices(refusals_of_rejoins(channel)) for channel in channels),
    )


def refusals_of_rejoins(channel: Channel) -> Observable[Exception]:
    """Emit the errors of a channel's joins from the first that succeeded on."""
    if channel.state == "joined":
        return channel.refusals
    return channel.refusals.pipe(ops.skip_until(channel.joins))


def with_topic(
    channel: Channel, options: ListenOptions
) -> Observable[tuple[str, TopicEvent]]:
    """Emit the selected events of a topic, with the topic.

    A refusal of the first join is an error; later ones are retried.
    """

    def first(_: object) -> Observable[Any]:
        # Subscribed after the stream, which joins: it is the same join.
        return channel.join().pipe(ops.ignore_elements(), ops.catch(unless_lost))

    return reactivex.merge(events_of(channel, options), reactivex.defer(first)).pipe(
        ops.map(lambda event: (channel.topic, event))
    )


def unless_lost(error: Exception, _: object) -> Observable[Any]:
    """Fail if a join was refused or timed out; a lost connection is not final."""
    if isinstance(error, JoinRefused | PushTimeout):
        return reactivex.throw(error)
    return reactivex.empty()


async def listen(
    target: Target,
    topics: Sequence[str],
    params: Mapping[str, Any],
    options: ListenOptions,
    output: Output,
    *,
    wait: bool = False,
) -> ExitCode:
    """Show the events of topics, across reconnects, up to the given limits.

    Args:
        target: The server.
        topics: The topics.
        params: The params of the joins.
        options: The selection, and the limits.
        output: Shows the events.
        wait: True to wait for a server that is not there yet.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The first join of a topic was refused.
    """
    async with connected(target, wait=wait) as socket:
        channels = [socket.channel(topic, params) for topic in dict.fromkeys(topics)]
        events = reactivex.merge(*(with_topic(one, options) for one in channels))
        stream = bounded(events, options, LoopScheduler.current())
        notices = notices_of(socket, *channels)
        shown = 0
        with notices.subscribe(lambda item: target.note(item.text)):
            async with values(stream) as items:
                async for topic, item in items:
                    output.event(topic, item.event, item.payload)
                    shown += 1
        is_closed = all(channel.state == "closed" for channel in channels)
    if options.count is None or shown >= options.count:
        return ExitCode.OK
    return ExitCode.UNREACHABLE if is_closed else ExitCode.TIMEOUT
