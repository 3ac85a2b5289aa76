"""Who wants to be in a channel."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.state import Latest

__all__ = ["Demand"]


class WantsObserver(Protocol):
    """Who is told of wants: the membership."""

    def session_wanted(self) -> None:
        """Somebody wants one attempt, and is the first."""
        ...

    def joined_wanted(self) -> None:
        """Somebody wants to be in the channel for good, and is the first."""
        ...

    def unwanted(self) -> None:
        """The last who held a lease is gone."""
        ...


def is_held(lease: Lease[Any] | None) -> TypeGuard[Lease[Any]]:
    """Whether there is a lease, and somebody holds it."""
    return lease is not None and lease.is_held


class Demand:
    """A standing `join`, and two leases, which are made when they are asked for.

    Args:
        observer: Told when a lease is taken, or held no longer.
        report: Where observers' exceptions go.

    Attributes:
        is_standing: Whether a `join` stands.
    """

    __slots__ = ("_joined", "_observer", "_report", "_session", "is_standing")

    def __init__(self, observer: WantsObserver, report: Reporter) -> None:
        self.is_standing = False
        self._observer = observer
        self._report = report
        self._session: Lease[Any] | None = None
        self._joined: Lease[Any] | None = None

    @property
    def session(self) -> Lease[Any]:
        """One attempt, as a shared stream."""
        if self._session is None:
            self._session = self._new_lease(self._observer.session_wanted)
        return self._session

    @property
    def joined(self) -> Lease[Any]:
        """The membership with its rejoins, as a shared stream."""
        if self._joined is None:
            self._joined = self._new_lease(self._observer.joined_wanted)
        return self._joined

    def _new_lease(self, acquire: Callable[[], None]) -> Lease[Any]:
        return Lease(acquire, self._observer.unwanted, self._report)

    @property
    def are_any(self) -> bool:
        """Whether anybody wants to be in the channel."""
        return self.is_standing or is_held(self._joined) or is_held(self._session)

    def holders(self) -> list[Latest[Any]]:
        """Those who hold a lease now."""
        leases = self._session, self._joined
        return [lease.holders for lease in leases if is_held(lease)]

    def forget(self) -> None:
        """Keep no response for those who come later."""
        self.forget_joined()
        if self._session is not None:
            self._session.forget()

    def forget_joined(self) -> None:
        """Keep none for those who come to `joined`."""
        if self._joined is not None:
            self._joined.forget()

    def detach(self) -> Sequence[Latest[Any]]:
        """Make the leases ready for a new start.

        Returns:
            Those who held them, who are still to be told of the end.
        """
        return (*self.detach_joined(), *self.detach_session())

    def detach_joined(self) -> Sequence[Latest[Any]]:
        """Make `joined` ready for a new start; likewise."""
        return () if self._joined is None else (self._joined.detach(),)

    def detach_session(self) -> Sequence[Latest[Any]]:
        """Make `session` ready for a new start; likewise."""
        return () if self._session is None else (self._session.detach(),)
