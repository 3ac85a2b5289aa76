"""Tracing of subscriptions and deliveries, for the checks at the end of a test.

Methods of the streams are wrapped during a test only, so production code pays nothing.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakSet

from reactivex import abc

from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Hub, Subscription
from rx_phoenix._streams.lease import Lease
from rx_phoenix.testing._leaks.call_site import CallSite

__all__ = ["Share", "forget_pushes", "watch_deliveries", "watch_leases"]


@dataclass(eq=False, slots=True)
class Share(abc.DisposableBase):
    """One subscription to a lease.

    Attributes:
        subscription: The subscription.
        call_site: The call that subscribed.
        is_disposed: True once it was disposed.
    """

    subscription: abc.DisposableBase
    call_site: CallSite
    is_disposed: bool = False

    @property
    def is_held(self) -> bool:
        """True until it is disposed or its stream ends."""
        subscription = self.subscription
        has_ended = (
            isinstance(subscription, Subscription) and subscription.hub.has_ended
        )
        return not (self.is_disposed or has_ended)

    def dispose(self) -> None:
        """Dispose the subscription."""
        self.is_disposed = True
        self.subscription.dispose()


@contextmanager
def watch_leases() -> Generator[list[Share]]:
    """Collect every subscription to a lease that is made meanwhile."""
    shares: list[Share] = []
    subscribe = cast("Any", Lease[Any].subscribe)

    def traced(lease: Lease[Any], *args: Any, **options: Any) -> abc.DisposableBase:
        call_site = CallSite.here()
        share = Share(subscribe(lease, *args, **options), call_site)
        shares.append(share)
        return share

    Lease.subscribe = traced  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield shares
    finally:
        Lease.subscribe = subscribe


@contextmanager
def watch_deliveries() -> Generator[list[object]]:
    """Collect every value that a hub delivers to an observer meanwhile."""
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
    """On exit, silence the pushes that were made meanwhile.

    An unobserved refusal is reported when its push is collected, which may happen
    during another test.
    """
    pushes: WeakSet[ChannelPush] = WeakSet()
    init = cast("Any", ChannelPush.__init__)

    def traced(push: ChannelPush, *args: Any, **options: Any) -> None:
        pushes.add(push)
        init(push, *args, **options)

    ChannelPush.__init__ = traced  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        ChannelPush.__init__ = init
        for push in pushes:
            push.mark_seen()
