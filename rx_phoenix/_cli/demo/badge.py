"""How the connection does, in one word: live, stale, and so on."""

from dataclasses import dataclass
from enum import StrEnum

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._protocol.lifecycle import (
    AttemptFailed,
    Closed,
    GaveUp,
    Lifecycle,
    Opened,
    Retrying,
)
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import ProtocolError

__all__ = ["Badge", "Mood", "badges", "troubles"]


class Mood(StrEnum):
    """What a badge says."""

    CONNECTING = "connecting"
    RECONNECTING = "reconnecting"
    JOINING = "joining"
    LIVE = "live"
    STALE = "stale"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Badge:
    """How the connection does.

    Attributes:
        mood: In one word.
        attempt: Which retry is due, from 1; 0 if none is.
        due: When it is due, by the scheduler's clock.
    """

    mood: Mood
    attempt: int = 0
    due: float = 0.0


def badges(
    lifecycle: Observable[Lifecycle | ProtocolError],
    states: Observable[ChannelState],
    arrivals: Observable[float],
    scheduler: LoopScheduler,
    *,
    patience: float = 3.0,
) -> Observable[Badge]:
    """How a channel does, and the connection below it.

    Args:
        lifecycle: What happens to the connection; it may be open already.
        states: The channel's states, the current one first.
        arrivals: Each thing that arrives, as the seconds after which it counts as
            stale.
        scheduler: Time.
        patience: The same for the first one, which may be on its way.

    Emits:
        A badge, first of what is known at once; only when it changes.
    """

    def watch(patience: float) -> Observable[Mood]:
        waiting = reactivex.timer(patience, scheduler=scheduler)
        return waiting.pipe(ops.map(lambda _: Mood.STALE), ops.start_with(Mood.LIVE))

    def choose(trouble: Badge | None, state: ChannelState, freshness: Mood) -> Badge:
        if state is ChannelState.JOINED:
            return Badge(freshness)
        return trouble or Badge(Mood.JOINING)

    return reactivex.combine_latest(
        troubles(lifecycle, scheduler),
        states,
        arrivals.pipe(ops.start_with(patience), ops.map(watch), ops.switch_latest()),
    ).pipe(ops.starmap(choose), ops.distinct_until_changed())


def troubles(
    lifecycle: Observable[Lifecycle | ProtocolError], scheduler: LoopScheduler
) -> Observable[Badge | None]:
    """What is wrong with the connection, first that nothing is known; None when open.

    Args:
        lifecycle: What happens to the connection.
        scheduler: Time.
    """

    def trouble(event: Lifecycle | ProtocolError) -> Observable[Badge | None]:
        match event:
            case Opened():
                return reactivex.just(None)
            case Closed() | AttemptFailed():
                return reactivex.just(Badge(Mood.RECONNECTING))
            case Retrying(attempt, delay):
                due = scheduler.monotonic() + delay
                return reactivex.just(Badge(Mood.RECONNECTING, attempt, due))
            case GaveUp():
                return reactivex.just(Badge(Mood.ENDED))
            case _:
                return reactivex.empty()

    unknown: Badge | None = Badge(Mood.CONNECTING)
    return lifecycle.pipe(ops.flat_map(trouble), ops.start_with(unknown))
