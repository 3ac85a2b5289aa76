"""The demand for a channel's membership."""

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.state import Latest

__all__ = ["Demand"]


def is_held(lease: Lease[Any] | None) -> TypeGuard[Lease[Any]]:
    """Return whether there is a lease with a subscriber."""
    return lease is not None and lease.is_held


class Demand:
    """The demand for a membership: a requested `join`, and two leases.

    Args:
        context: The channel's; it reacts to leases that are taken and released.
        report: Receives the exceptions of observers.

    Attributes:
        join_requested: True from `Channel.join` until the channel is left or closed.
    """

    __slots__ = ("_context", "_joined", "_report", "_session", "join_requested")

    def __init__(self, context: ChannelContext, report: Reporter) -> None:
        self.join_requested = False
        self._context = context
        self._report = report
        # Made at the first need: most channels have neither.
        self._session: Lease[Any] | None = None
        self._joined: Lease[Any] | None = None

    @property
    def session(self) -> Lease[Any]:
        """One attempt, as a shared stream."""
        if self._session is None:
            self._session = self._new_lease(self._context.session_requested)
        return self._session

    @property
    def joined(self) -> Lease[Any]:
        """The membership with its rejoins, as a shared stream."""
        if self._joined is None:
            self._joined = self._new_lease(self._context.joined_requested)
        return self._joined

    def _new_lease(self, acquire: Callable[[], None]) -> Lease[Any]:
        return Lease(acquire, self._context.released, self._report)

    @property
    def exists(self) -> bool:
        """True while the channel is to be joined."""
        return self.rejoins or is_held(self._session)

    @property
    def rejoins(self) -> bool:
        """True while the channel is to be joined again after each failure."""
        return self.join_requested or is_held(self._joined)

    def holders(self) -> list[Latest[Any]]:
        """Return the observers of the leases that are held now."""
        leases = self._session, self._joined
        return [lease.holders for lease in leases if is_held(lease)]

    def forget_joined(self) -> None:
        """Forget the last response of `joined`, so that later subscribers wait."""
        if self._joined is not None:
            self._joined.forget()

    def detach(self) -> Sequence[Latest[Any]]:
        """Make the leases ready for a new start.

        Returns:
            Their observers, which the caller must notify of the end.
        """
        return (*self.detach_joined(), *self.detach_session())

    def detach_joined(self) -> Sequence[Latest[Any]]:
        """Make `joined` ready for a new start, as `detach` does."""
        return () if self._joined is None else (self._joined.detach(),)

    def detach_session(self) -> Sequence[Latest[Any]]:
        """Make `session` ready for a new start, as `detach` does."""
        return () if self._session is None else (self._session.detach(),)
