"""The publisher: a client that pushes this machine's figures into a channel."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._cli.demo.reading import Reading
from rx_phoenix._protocol.message import Reply
from rx_phoenix._protocol.names import OK
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.channel import Channel
from rx_phoenix.operators import map_async
from rx_phoenix.push import Push

__all__ = [
    "PUSHED",
    "RECEIVED",
    "Deliveries",
    "ListenOptions",
    "asked",
    "deliveries",
    "publications",
]

PUSHED = "shout_others"
"""The event that a reading is pushed as; the reference app acknowledges it."""

RECEIVED = "shout"
"""The event that it reaches the others as."""


SOON = 0.5
"""Seconds after which there is a reading at the latest when a rate begins."""


class ListenOptions(msgspec.Struct, frozen=True):
    """What a viewer may ask the publisher for.

    Attributes:
        every: Seconds from one reading to the next.
    """

    every: Annotated[float, msgspec.Meta(ge=0.2, le=60.0)]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What became of the readings.

    Attributes:
        pushed: How many were pushed.
        acknowledged: How many the server has answered.
        lost: How many it never will.
    """

    pushed: int = 0
    acknowledged: int = 0
    lost: int = 0

    @property
    def waiting(self) -> int:
        """How many wait for the connection, or for the answer."""
        return self.pushed - self.acknowledged - self.lost


def asked(payload: object) -> Observable[float]:
    """How often somebody asks for readings, in seconds; nothing if nobody does.

    >>> subscription = asked({"every": 0.5}).subscribe(print)
    0.5
    >>> subscription = asked({"every": "always"}).subscribe(print)
    """
    try:
        return reactivex.just(msgspec.convert(payload, ListenOptions).every)
    except msgspec.ValidationError:
        return reactivex.empty()


def publications(
    channel: Channel,
    read: Callable[[float], Awaitable[Reading]],
    scheduler: LoopScheduler,
    *,
    every: float = 1.0,
) -> Observable[Push]:
    """Push a reading again and again, as often as others on the channel ask for.

    While the connection is down the pushes wait; they are sent after the rejoin.

    Args:
        channel: The channel; somebody has to want it.
        read: Makes a reading; its argument is how often there is one.
        scheduler: Time.
        every: Seconds from one reading to the next, until somebody asks for others.

    Emits:
        Each push, as soon as it is on its way.
    """

    def ticks(every: float) -> Observable[float]:
        # Who asks for few wants to see that they were heard.
        timer = reactivex.timer(min(every, SOON), every, scheduler=scheduler)
        return timer.pipe(ops.map(lambda _: every))

    due = channel.events(RECEIVED).pipe(
        ops.flat_map(asked),
        ops.start_with(every),
        ops.distinct_until_changed(),
        ops.map(ticks),
        ops.switch_latest(),
    )
    return due.pipe(
        map_async(read, strategy="exhaust", scheduler=scheduler),
        ops.map(lambda reading: channel.push(PUSHED, reading)),
    )


def deliveries(pushes: Observable[Push]) -> Observable[Deliveries]:
    """Keep count of what becomes of pushes."""

    def count(counted: Deliveries, reply: Reply | None) -> Deliveries:
        if reply is None:
            return replace(counted, pushed=counted.pushed + 1)
        if reply.status == OK:
            return replace(counted, acknowledged=counted.acknowledged + 1)
        return replace(counted, lost=counted.lost + 1)

    def follow(push: Push) -> Observable[Reply | None]:
        on_its_way: Reply | None = None
        return push.outcome.pipe(ops.start_with(on_its_way))

    return pushes.pipe(ops.flat_map(follow), ops.scan(count, Deliveries()))
