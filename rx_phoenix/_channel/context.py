"""A channel, as the parts of it know it."""

from typing import Any, Protocol

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix.policy import Rejoin
from rx_phoenix.push import Push

__all__ = ["Owner"]


class Owner(Protocol):
    """The channel, as its parts know it.

    They are given the channel, and not what they need of it: each function that is
    handed over would be an object more, for each of thousands of channels.

    Attributes:
        topic: Its topic.
    """

    topic: str

    def report(self, error: Exception) -> None:
        """Hand on an exception of a user's function."""
        ...

    def sending_ref(self) -> str | None:
        """The join that a push sent now belongs to; None if none can be sent."""
        ...

    def link(self) -> ConnectionManager:
        """Its socket's connection; raises `UsageError` without a socket."""
        ...

    def default_timeout(self) -> float:
        """Seconds for a join, a leave or a push."""
        ...

    def rejoin(self) -> Rejoin:
        """When to join again."""
        ...

    def may_join(self) -> bool:
        """Whether a join can be sent now."""
        ...

    def claim(self) -> None:
        """Take the topic; raises `ChannelConflict` if it is taken."""
        ...

    def settle_down(self) -> None:
        """Nothing is joined or wanted any more."""
        ...

    def tell_joined(self, response: Any) -> None:
        """Tell those who follow joins of one that was accepted."""
        ...

    def flush(self) -> None:
        """Send what waited for the join."""
        ...

    def take_pushes(self, *, waiting: bool) -> list[Push]:
        """The pushes that were sent, and those that wait too if asked, to be ended."""
        ...

    def dispatch(
        self, event: str, payload: Any, ref: str | None, join_ref: str | None
    ) -> None:
        """Tell listeners of something that came in no frame."""
        ...
