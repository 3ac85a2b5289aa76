"""Who takes what a stream gives, for the checks at the end of a test.

It wraps methods of the streams meanwhile, so that production code pays nothing.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakSet

from reactivex import abc

from rx_phoenix._streams.hub import Hub, Subscription
from rx_phoenix._streams.lease import Lease
from rx_phoenix.push import Push
from rx_phoenix.testing._leaks.call_site import CallSite

__all__ = ["Share", "forget_pushes", "watch_deliveries", "watch_leases"]


@dataclass(eq=False, slots=True)
class Share(abc.DisposableBase):
    """One subscription to a lease.

    Attributes:
        subscription: The subscription.
        origin: Who subscribed.
        is_disposed: Whether it was disposed.
    """

    subscription: abc.DisposableBase
    origin: CallSite
    is_disposed: bool = False

    @property
    def is_held(self) -> bool:
        """Whether it is neither disposed nor ended."""
        subscription = self.subscription
        has_ended = (
            isinstance(subscription, Subscription) and subscription.hub.has_ended
        )
        return not (self.is_disposed or has_ended)

    def dispose(self) -> None:
        """Give it back."""
        self.is_disposed = True
        self.subscription.dispose()


@contextmanager
def watch_leases() -> Generator[list[Share]]:
    """Every share of a lease that is taken meanwhile."""
    shares: list[Share] = []
    subscribe = cast("Any", Lease[Any].subscribe)

    def traced(lease: Lease[Any], *args: Any, **options: Any) -> abc.DisposableBase:
        origin = CallSite.here()
        share = Share(subscribe(lease, *args, **options), origin)
        shares.append(share)
        return share

    Lease.subscribe = traced  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield shares
    finally:
        Lease.subscribe = subscribe


@contextmanager
def watch_deliveries() -> Generator[list[object]]:
    """Every value that a hub delivers to somebody meanwhile."""
    taken: list[object] = []
    emit = cast("Any", Hub[Any].on_next)

    def traced(hub: Hub[Any], value: Any) -> None:
        if hub.is_watched:
            taken.append(value)
        emit(hub, value)

    Hub.on_next = traced  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield taken
    finally:
        Hub.on_next = emit


@contextmanager
def forget_pushes() -> Generator[None]:
    """Ask for no push that is made meanwhile, once it is over.

    A refusal that nobody looked at is reported when its push is collected, and that may
    be in the middle of another test.
    """
    pushes: WeakSet[Push] = WeakSet()
    init = cast("Any", Push.__init__)

    def traced(push: Push, *args: Any, **options: Any) -> None:
        pushes.add(push)
        init(push, *args, **options)

    Push.__init__ = traced  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        Push.__init__ = init
        for push in pushes:
            push.mark_seen()
