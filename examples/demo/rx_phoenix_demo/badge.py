"""A badge for the state of the connection: live, stale, reconnecting and so on."""

from dataclasses import dataclass
from enum import StrEnum

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import (
    AttemptFailed,
    ChannelState,
    Closed,
    GaveUp,
    Lifecycle,
    Opened,
    ProtocolError,
    Retrying,
)
from rx_phoenix.operators import LoopScheduler

__all__ = ["Badge", "Status", "badges", "connection_badges"]


class Status(StrEnum):
    """Text of a badge."""

    CONNECTING = "connecting"
    RECONNECTING = "reconnecting"
    JOINING = "joining"
    LIVE = "live"
    STALE = "stale"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Badge:
    """State of the connection.

    Attributes:
        status: The state.
        attempt: Number of the next retry, from 1; 0 if none is due.
        due: Time of that retry, by the scheduler's clock.
    """

    status: Status
    attempt: int = 0
    due: float = 0.0


def badges(
    lifecycle: Observable[Lifecycle | ProtocolError],
    states: Observable[ChannelState],
    intervals: Observable[float],
    scheduler: LoopScheduler,
    *,
    stale_after: float = 3.0,
) -> Observable[Badge]:
    """Derive a badge from a channel's state, and from the connection below it.

    Args:
        lifecycle: Events of the connection; it may be open already.
        states: The channel's states, the current one first.
        intervals: For each value that arrives, the seconds after which it is stale.
        scheduler: Time.
        stale_after: Seconds to wait for the first value.

    Emits:
        The current badge at once, then each change.
    """

    def freshness(interval: float) -> Observable[Status]:
        expiry = reactivex.timer(interval, scheduler=scheduler)
        return expiry.pipe(ops.map(lambda _: Status.STALE), ops.start_with(Status.LIVE))

    def choose(trouble: Badge | None, state: ChannelState, status: Status) -> Badge:
        if state is ChannelState.JOINED:
            return Badge(status)
        return trouble or Badge(Status.JOINING)

    return reactivex.combine_latest(
        connection_badges(lifecycle, scheduler),
        states,
        intervals.pipe(
            ops.start_with(stale_after), ops.map(freshness), ops.switch_latest()
        ),
    ).pipe(ops.starmap(choose), ops.distinct_until_changed())


def connection_badges(
    lifecycle: Observable[Lifecycle | ProtocolError], scheduler: LoopScheduler
) -> Observable[Badge | None]:
    """Derive a badge from the events of a connection; None while it is open.

    Args:
        lifecycle: Events of the connection.
        scheduler: Time.
    """

    def badge(event: Lifecycle | ProtocolError) -> Observable[Badge | None]:
        match event:
            case Opened():
                return reactivex.just(None)
            case Closed() | AttemptFailed():
                return reactivex.just(Badge(Status.RECONNECTING))
            case Retrying(attempt, delay):
                due = scheduler.monotonic() + delay
                return reactivex.just(Badge(Status.RECONNECTING, attempt, due))
            case GaveUp():
                return reactivex.just(Badge(Status.ENDED))
            case _:
                return reactivex.empty()

    unknown: Badge | None = Badge(Status.CONNECTING)
    return lifecycle.pipe(ops.flat_map(badge), ops.start_with(unknown))
