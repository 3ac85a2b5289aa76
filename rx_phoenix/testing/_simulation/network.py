"""A network in virtual time that delays, drops, refuses and kills.

It guarantees only the order of frames within a connection, as TCP does.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from random import Random
from typing import Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame, SerializerV1, SerializerV2
from rx_phoenix._streams.hub import Hub
from rx_phoenix._transport.contract import Connection
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.testing._simulation.lanes import Lanes
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Link", "Network", "Peer"]


class Peer(Protocol):
    """The server, as seen by the network."""

    def opened(self, link: "Link") -> None:
        """Handle a new connection."""
        ...

    def received(self, link: "Link", frame: Frame) -> None:
        """Handle a frame of a connection."""
        ...

    def ended(self, link: "Link") -> None:
        """Handle the end of a connection."""
        ...


class Phase(Enum):
    """The phases of a connection, in their order."""

    OPEN = auto()
    # The client closed it, and its close is on the way.
    CLOSING = auto()
    OVER = auto()


class Link:
    """One connection with both of its ends.

    Attributes:
        endpoint: The endpoint that the client asked for.
        phase: Its phase; frames travel until it is over.
        silent_since: The time since which frames are lost on the way, unnoticed by
            both ends; None while they arrive.
        last_arrival: The time of the last frame that arrived at the client.
    """

    def __init__(
        self,
        network: "Network",
        observer: abc.ObserverBase[Connection],
        endpoint: Endpoint,
    ) -> None:
        self.endpoint = endpoint
        self.phase = Phase.OPEN
        self.silent_since: float | None = None
        self.last_arrival = network.now
        self._network = network
        self._observer = observer
        self._batches = Hub[Sequence[Frame]](_raise)
        self._arrivals = [0.0, 0.0]
        self._is_paused = False
        self._unread: list[Frame] = []

    # The client's end: a Connection.

    @property
    def batches(self) -> Observable[Sequence[Frame]]:
        """The batches of frames that arrive at the client."""
        return self._batches.observable

    @property
    def buffered(self) -> int:
        """The number of unwritten frames: always 0."""
        return 0

    def send(self, frame: Frame) -> None:
        """Send a frame of the client."""
        peer = self._network.peer
        self._network.lanes.client_frame(frame)
        self._travel(0, lambda: peer.received(self, frame))

    def close(self, code: int = 1000, reason: str = "") -> None:  # noqa: ARG002
        """Send the client's close; its answer is delayed, too."""
        if self.phase is Phase.OPEN:
            self.phase = Phase.CLOSING
        self._network.lanes.client("!")

        def finish() -> None:
            self.end(None)

        self._travel(0, finish)

    def pause(self) -> None:
        """Keep the frames that arrive, until `resume`."""
        self._is_paused = True

    def resume(self) -> None:
        """Deliver the frames that arrived meanwhile."""
        self._is_paused = False
        self._read()

    def _read(self) -> None:
        while self._unread and not self._is_paused:
            self._batches.on_next([self._unread.pop(0)])

    # The server's end.

    def push(self, frame: Frame) -> None:
        """Send a frame of the server."""

        def arrive() -> None:
            self.last_arrival = self._network.now
            self._network.lanes.server_frame(frame)
            self._unread.append(frame)
            self._read()

        self._travel(1, arrive)

    def end(self, error: ConnectionLost | None) -> None:
        """End it at both ends: with an error, or cleanly."""
        if self.phase is not Phase.OVER:
            self.phase = Phase.OVER
            self._network.peer.ended(self)
            if error is None:
                self._observer.on_completed()
            else:
                self._network.lanes.server("x" if error.clean else "#")
                self._observer.on_error(error)

    def abandon(self) -> None:
        """End it because the client abandoned it; notify the server."""
        if self.phase is not Phase.OVER:
            if self.phase is Phase.OPEN:
                self._network.lanes.client("!")
            self.phase = Phase.OVER
            self._network.peer.ended(self)

    def _travel(self, direction: int, arrive: Callable[[], None]) -> None:
        """Call a function after a delay, in order within the direction."""
        network = self._network
        due = max(network.now + network.latency(), self._arrivals[direction])
        self._arrivals[direction] = due

        def deliver() -> None:
            if self.phase is not Phase.OVER and self.silent_since is None:
                arrive()

        network.after(due - network.now, deliver)


class Network:
    """A `Transport` to a peer, with random faults.

    Args:
        scheduler: The clock.
        random: The source of its faults.
        peer: The server.

    Attributes:
        is_faultless: True once its faults have stopped.
        lanes: The actions of both ends as letters.
    """

    def __init__(self, scheduler: VirtualScheduler, random: Random, peer: Peer) -> None:
        self.is_faultless = False
        self.peer = peer
        self.lanes = Lanes(lambda: scheduler.clock)
        self._links: list[Link] = []
        self._attempts: list[float] = []
        self._refuses_until = 0.0
        self._scheduler = scheduler
        self._random = random

    @property
    def now(self) -> float:
        """The clock."""
        return self._scheduler.clock

    def after(self, delay: float, call: Callable[[], None]) -> None:
        """Call a function after a delay."""
        self._scheduler.call_later(delay, call)

    def latency(self) -> float:
        """Return the delay of the next frame: mostly short, sometimes seconds."""
        slow = not self.is_faultless and self._random.random() < SLOW_SHARE
        return round(self._random.uniform(0.001, 4.0 if slow else 0.1), 3)

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Make an attempt that opens, fails or hangs forever."""

        def subscribe(
            observer: abc.ObserverBase[Connection], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            draw = 1.0 if self.is_faultless else self._random.random()
            self._attempts.append(self.now)
            is_v1 = endpoint.vsn == SerializerV1.vsn
            self.lanes.serializer = SerializerV1() if is_v1 else SerializerV2()
            self.lanes.client("*")
            attempt = Disposable()
            link: Link | None = None

            def open_or_fail() -> None:
                nonlocal link
                if attempt.is_disposed:
                    return
                if draw < REFUSAL_SHARE or self.now < self._refuses_until:
                    self.lanes.server("f")
                    observer.on_error(self._refusal(endpoint))
                    return
                link = Link(self, observer, endpoint)
                self._links.append(link)
                self.lanes.server("o")
                self.peer.opened(link)
                observer.on_next(link)

            def dispose() -> None:
                attempt.dispose()
                if link is not None:
                    link.abandon()

            if draw >= HANG_SHARE:
                self.after(self.latency(), open_or_fail)
            return Disposable(dispose)

        return Observable(subscribe)

    def _refusal(self, endpoint: Endpoint) -> ConnectError:
        # An ingress may answer anything, once the client knows the server.
        status = self._random.choice(STATUSES) if self._links else UNAVAILABLE
        return ConnectError("refused", url=endpoint.public_url, status=status)

    def open_links(self) -> list[Link]:
        """Return the connections that are open at both ends."""
        return [link for link in self._links if link.phase is not Phase.OVER]

    def alive(self) -> list[Link]:
        """Return the open connections that the client has not closed."""
        return [link for link in self._links if link.phase is Phase.OPEN]

    def attempts_since(self, time: float) -> int:
        """Return the number of attempts to connect since a time."""
        return sum(attempt > time for attempt in self._attempts)

    # Its faults.

    def fall_silent(self) -> None:
        """Drop all frames of the open connections from now on."""
        for link in self.open_links():
            if link.silent_since is None:
                link.silent_since = self.now
                self.lanes.server("~")

    def fail_for(self, duration: float) -> None:
        """Refuse every attempt for a number of seconds."""
        self._refuses_until = max(self._refuses_until, self.now + duration)

    def stop_faults(self) -> None:
        """Stop all faults."""
        self.is_faultless = True
        self._refuses_until = 0.0


UNAVAILABLE = 503

STATUSES = (UNAVAILABLE, UNAVAILABLE, 400, 404, 429)
"""The statuses of refusals, some of which look final."""

SLOW_SHARE = 0.05
"""The share of slow frames."""

HANG_SHARE = 0.03
"""The share of attempts that hang."""

REFUSAL_SHARE = 0.2
"""The share of attempts that are refused or hang."""


def _raise(error: Exception) -> None:
    raise error
