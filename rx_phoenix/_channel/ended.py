"""Who has still to be told that a membership is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.state import Latest

__all__ = ["Ended"]


@dataclass(frozen=True, slots=True)
class Ended:
    """Who wanted to be in a channel, and is still to be told that it is over.

    Attributes:
        join: The push of the join.
        pushes: All other pushes.
        leases: The holders of the leases.
        error: What the pushes end with.
    """

    join: ChannelPush | None
    pushes: list[ChannelPush]
    leases: Sequence[Latest[Any]]
    error: Exception

    def tell(self) -> None:
        """Tell everybody."""
        self.tell_pushes()
        self.tell_leases()

    def tell_pushes(self) -> None:
        """Tell those who wait for an outcome."""
        if self.join is not None:
            self.join.cancel_as(self.error)
        for push in self.pushes:
            push.end(self.error)

    def tell_leases(self) -> None:
        """Tell those who follow the membership."""
        for holders in self.leases:
            holders.on_completed()
