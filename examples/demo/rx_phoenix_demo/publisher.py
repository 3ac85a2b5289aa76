"""The publisher: a client that pushes this machine's figures to a channel."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import Channel, Push, Reply
from rx_phoenix.operators import LoopScheduler, map_async
from rx_phoenix_demo.reading import Reading

__all__ = [
    "PUSHED",
    "RECEIVED",
    "Deliveries",
    "RateRequest",
    "deliveries",
    "publications",
    "requested_rate",
]

PUSHED = "shout_others"
"""Event of a pushed reading; the reference app acknowledges it."""

RECEIVED = "shout"
"""Event of a reading at the other clients."""

FIRST_AFTER = 0.5
"""Seconds to the first reading at most after a change of rate."""


class RateRequest(msgspec.Struct, frozen=True):
    """Request of a viewer for another rate.

    Attributes:
        every: Seconds between readings.
    """

    every: Annotated[float, msgspec.Meta(ge=0.2, le=60.0)]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Counts of the pushed readings.

    Attributes:
        pushed: Pushed readings.
        acknowledged: Readings that the server acknowledged.
        lost: Readings that failed.
    """

    pushed: int = 0
    acknowledged: int = 0
    lost: int = 0

    @property
    def waiting(self) -> int:
        """Readings that wait for the connection, or for their reply."""
        return self.pushed - self.acknowledged - self.lost


def requested_rate(payload: object) -> Observable[float]:
    """Parse a request for another rate, in seconds; empty if it is not one.

    >>> subscription = requested_rate({"every": 0.5}).subscribe(print)
    0.5
    >>> subscription = requested_rate({"every": "always"}).subscribe(print)
    """
    try:
        return reactivex.just(msgspec.convert(payload, RateRequest).every)
    except msgspec.ValidationError:
        return reactivex.empty()


def publications(
    channel: Channel,
    read: Callable[[float], Awaitable[Reading]],
    scheduler: LoopScheduler,
    *,
    every: float = 1.0,
) -> Observable[Push]:
    """Push readings periodically, at the rate that viewers request.

    While the connection is down the pushes wait; they are sent after the rejoin.

    Args:
        channel: The channel; the caller must join it.
        read: Takes a reading, given the seconds between readings.
        scheduler: Time.
        every: Seconds between readings until a viewer requests another rate.

    Emits:
        Each push.
    """

    def ticks(every: float) -> Observable[float]:
        # The first comes soon, so that a request for a slow rate shows an effect.
        timer = reactivex.timer(min(every, FIRST_AFTER), every, scheduler=scheduler)
        return timer.pipe(ops.map(lambda _: every))

    due = channel.events(RECEIVED).pipe(
        ops.flat_map(requested_rate),
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
    """Count the outcomes of pushes."""

    def count(counted: Deliveries, reply: Reply | None) -> Deliveries:
        if reply is None:
            return replace(counted, pushed=counted.pushed + 1)
        if reply.status == "ok":
            return replace(counted, acknowledged=counted.acknowledged + 1)
        return replace(counted, lost=counted.lost + 1)

    def follow(push: Push) -> Observable[Reply | None]:
        pending: Reply | None = None
        return push.outcome.pipe(ops.start_with(pending))

    return pushes.pipe(ops.flat_map(follow), ops.scan(count, Deliveries()))
