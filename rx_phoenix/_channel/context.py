"""A channel, as its parts see it."""

from typing import Protocol

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix.errors import PushCancelled
from rx_phoenix.policy import Rejoin

__all__ = ["ChannelContext"]


class ChannelContext(Protocol):
    """The surroundings of a channel's parts: what they use, and whom they notify.

    Parts get the whole context, and not the functions that they call: each bound
    method would be one more object, for each of thousands of channels. It is their
    `Reporter`, too.
    """

    @property
    def topic(self) -> str:
        """The topic."""
        ...

    @property
    def attached(self) -> ConnectionManager | None:
        """The connection of the socket, if there is one."""
        ...

    @property
    def connection(self) -> ConnectionManager:
        """The connection of the socket.

        Raises:
            UsageError: The channel has no socket.
        """
        ...

    @property
    def rejoin(self) -> Rejoin:
        """The policy of rejoins."""
        ...

    def __call__(self, error: Exception, /) -> None:
        """Report an exception, as `report`."""
        ...

    def report(self, error: Exception) -> None:
        """Report an exception of a user's function to `Socket.unhandled`."""
        ...

    def shown(self, words: str) -> str:
        """Return words that are not ours, without our secrets."""
        ...

    def join_sent(self) -> None:
        """React to a join's message that is being sent."""
        ...

    def join_failed(self, error: PushCancelled) -> None:
        """React to a join that could not be sent."""
        ...

    def join_timed_out(self) -> None:
        """React to a join without an answer in time."""
        ...

    def rejoin_due(self) -> None:
        """React to the end of the wait for a rejoin."""
        ...

    def session_requested(self) -> None:
        """React to the first subscriber of `session`."""
        ...

    def joined_requested(self) -> None:
        """React to the first subscriber of `joined`."""
        ...

    def released(self) -> None:
        """React to the end of a lease, when its last subscriber is gone."""
        ...
