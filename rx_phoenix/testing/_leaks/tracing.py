"""Tracing of subscriptions and deliveries, for the checks at the end of a test.

Methods of the streams are wrapped during a test only, so production code pays nothing.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from weakref import WeakSet

from reactivex import Observable, abc

from rx_phoenix._protocol.names import OK, TIMEOUT
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Hub, Subscription
from rx_phoenix._streams.lease import Lease
from rx_phoenix.channel import Channel
from rx_phoenix.errors import PushRefused
from rx_phoenix.push import Push
from rx_phoenix.testing._leaks.call_site import CallSite

__all__ = [
    "Joins",
    "Pushes",
    "Share",
    "watch_deliveries",
    "watch_joins",
    "watch_leases",
    "watch_pushes",
]

LOOKS = ("joined", "refusals")
"""The streams of a channel that show a refused join."""

ENDS = frozenset({OK, TIMEOUT, "cancelled", "lost"})
"""The statuses of a join that was not refused."""


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """A join or rejoin that the server refused.

    Attributes:
        channel: The channel.
        join: The push of the join, whose rejoins have no push of their own.
        call_site: The call that made it.
        error: The refusal.
        time: Its time.
        is_rejoin: True if the push had ended before.
    """

    channel: Channel
    join: ChannelPush
    call_site: CallSite
    error: PushRefused
    time: float
    is_rejoin: bool

    @property
    def is_seen(self) -> bool:
        """True if its push showed it to the test."""
        return self.join.has_shown(self.error.status, is_rejoin=self.is_rejoin)

    def __str__(self) -> str:
        what = "a rejoin of the join" if self.is_rejoin else "the join"
        return f"{self.error!r}, of {what} made {self.call_site}"


class Joins:
    """The joins that a test made, and the refusals of them and of their rejoins.

    Args:
        clock: Returns the time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Of each channel the latest one, and the latest one that was refused.
        self._made: dict[Channel, tuple[ChannelPush, CallSite]] = {}
        self._refused: dict[Channel, tuple[ChannelPush, CallSite]] = {}
        self._refusals: list[Refusal] = []
        self._looked: set[Channel] = set()

    def add(
        self, channel: Channel, push: ChannelPush, refusals: Observable[Exception]
    ) -> None:
        """Add a join, unless it is the same again."""
        is_new = channel not in self._made
        if not is_new and self._made[channel][0] is push:
            return
        made = self._made[channel] = push, CallSite.here()

        def ended(status: str) -> None:
            if status not in ENDS:
                self._refused[channel] = made

        push.on_settled(ended)
        if is_new:
            refusals.subscribe(partial(self._note, channel))

    def _note(self, channel: Channel, error: Exception) -> None:
        """Note a refusal, which a push has shown just before unless it had ended."""
        refused = self._refused.pop(channel, None)
        if isinstance(error, PushRefused):
            push, site = refused or self._made[channel]
            self._refusals.append(
                Refusal(channel, push, site, error, self._clock(), refused is None)
            )

    def look(self, channel: Channel) -> None:
        """Record that the test looked at a stream that shows refusals."""
        self._looked.add(channel)

    def unseen(self, spans: Iterable[tuple[float, float]]) -> Iterator[str]:
        """Yield a line for each join with a refusal that no assertion looked at.

        Args:
            spans: The spans of time in which the client's actions were compared.
        """
        spans, told = list(spans), set[ChannelPush]()
        for refusal in self._refusals:
            is_covered = any(start <= refusal.time <= end for start, end in spans)
            is_looked_at = refusal.channel in self._looked or refusal.is_seen
            if not (is_covered or is_looked_at or refusal.join in told):
                told.add(refusal.join)
                yield f"unhandled: {refusal}"


@contextmanager
def watch_joins(clock: Callable[[], float]) -> Generator[Joins]:
    """Collect every join that is made meanwhile, except those of leases."""
    joins = Joins(clock)
    join = Channel.join
    streams = {name: vars(Channel)[name] for name in LOOKS}
    refusals = streams["refusals"]

    def traced(channel: Channel, *args: Any, **options: Any) -> Push:
        push = join(channel, *args, **options)
        if isinstance(push, ChannelPush):
            joins.add(channel, push, refusals.__get__(channel))
        return push

    def watched(stream: property) -> property:
        def get(channel: Channel) -> object:
            joins.look(channel)
            return stream.__get__(channel)

        return property(get)

    Channel.join = traced  # pyright: ignore[reportAttributeAccessIssue]
    for name, stream in streams.items():
        setattr(Channel, name, watched(stream))
    try:
        yield joins
    finally:
        Channel.join = join
        for name, stream in streams.items():
            setattr(Channel, name, stream)


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


class Pushes:
    """The pushes that a test made, as long as they live."""

    def __init__(self) -> None:
        self._living: WeakSet[ChannelPush] = WeakSet()
        self._sites: dict[int, CallSite] = {}

    def add(self, push: ChannelPush) -> None:
        """Add a push, and the call that made it."""
        self._living.add(push)
        self._sites[id(push)] = CallSite.here()

    def made(self, push: ChannelPush) -> str:
        """Describe the call that made a push."""
        site = self._sites.get(id(push))
        return f"of the push made {(site and site.caller) or site or 'earlier'}"

    def unseen(self) -> Iterator[str]:
        """Yield a line for each living refused push that no assertion looked at."""
        for push in self._living:
            error = None if push.is_seen else push.refusal
            if error is not None:
                push.mark_seen()
                yield f"unhandled: {error!r}, {self.made(push)}"

    def forget(self) -> None:
        """Silence those that live: they may be collected during another test."""
        for push in self._living:
            push.mark_seen()


@contextmanager
def watch_pushes() -> Generator[Pushes]:
    """Collect every push that is made meanwhile, and forget them on exit.

    An unobserved refusal is reported when its push is collected; the report says where
    the push was made.
    """
    pushes = Pushes()
    init, report = cast("Any", ChannelPush.__init__), ChannelPush.report_refusal

    def traced(push: ChannelPush, *args: Any, **options: Any) -> None:
        init(push, *args, **options)
        pushes.add(push)

    def reported(push: ChannelPush, error: PushRefused) -> None:
        error.add_note(pushes.made(push))
        report(push, error)

    ChannelPush.__init__ = traced  # pyright: ignore[reportAttributeAccessIssue]
    ChannelPush.report_refusal = reported  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield pushes
    finally:
        ChannelPush.__init__ = init
        ChannelPush.report_refusal = report  # pyright: ignore[reportAttributeAccessIssue]
        pushes.forget()
