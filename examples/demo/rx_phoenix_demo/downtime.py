"""Downtimes: the times during which a channel was not joined."""

from collections.abc import Callable
from typing import NamedTuple

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix import ChannelState

__all__ = ["Downtime", "downtimes"]


class Downtime(NamedTuple):
    """The time from the loss of a channel until its rejoin.

    Attributes:
        began: Time of the loss, in seconds since 1970.
        ended: Time of the rejoin, likewise.
    """

    began: float
    ended: float


def downtimes(
    states: Observable[ChannelState], clock: Callable[[], float]
) -> Observable[Downtime]:
    """Emit each downtime of a channel when it ends.

    The time before the first join does not count.

    Args:
        states: The channel's states.
        clock: Returns the time in seconds since 1970.
    """

    def changed(is_joined: bool) -> tuple[bool, float]:  # noqa: FBT001 - an event
        return is_joined, clock()

    def downtime(loss: tuple[bool, float], change: tuple[bool, float]) -> Downtime:
        return Downtime(loss[1], change[1])

    return states.pipe(
        ops.map(lambda state: state is ChannelState.JOINED),
        ops.distinct_until_changed(),
        ops.skip_while(lambda is_joined: not is_joined),
        ops.map(changed),
        ops.pairwise(),
        ops.filter(lambda pair: pair[1][0]),
        ops.starmap(downtime),
    )
