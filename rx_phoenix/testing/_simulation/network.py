"""A network in virtual time: it delays, falls silent, refuses, and kills.

Within one connection it keeps the order of frames, as TCP does, and nothing else.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Frame, SerializerV2
from rx_phoenix._streams.hub import Hub
from rx_phoenix._transport.contract import Connection
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Network", "Peer", "Router"]


class Peer(Protocol):
    """The server's end of the network."""

    def opened(self, wire: "Router") -> None:
        """A connection opened."""
        ...

    def received(self, wire: "Router", message: Message) -> None:
        """A message arrived over a connection."""
        ...

    def ended(self, wire: "Router") -> None:
        """A connection is gone."""
        ...


class Router:
    """One connection, seen from both ends.

    Attributes:
        is_open: Whether frames travel at all.
        is_ending: Whether the client said goodbye.
        is_silent: Whether they are lost on the way, without either end's knowledge.
    """

    def __init__(
        self, network: "Network", observer: abc.ObserverBase[Connection]
    ) -> None:
        self.is_open = True
        self.is_ending = False
        self.is_silent = False
        self._network = network
        self._observer = observer
        self._batches = Hub[Sequence[Frame]](_raise)
        self._arrivals = [0.0, 0.0]

    # The client's end: a Connection.

    @property
    def batches(self) -> Observable[Sequence[Frame]]:
        """What arrives at the client."""
        return self._batches.observable

    @property
    def buffered(self) -> int:
        """Nothing waits here: it is on its way, or lost."""
        return 0

    def send(self, frame: Frame) -> None:
        """Let a frame of the client's travel."""
        message = self._network.codec.decode_of_client(frame)
        peer = self._network.peer
        self._travel(0, lambda: peer.received(self, message))

    def close(self, code: int = 1000, reason: str = "") -> None:  # noqa: ARG002
        """Let the client's goodbye travel; the answer takes its time too."""
        self.is_ending = True

        def say_goodbye() -> None:
            self.end(None)

        self._travel(0, say_goodbye)

    # The server's end.

    def push(self, message: Message) -> None:
        """Let a message of the server's travel."""
        frame = self._network.codec.encode_of_server(message)
        self._travel(1, lambda: self._batches.on_next([frame]))

    def end(self, error: ConnectionLost | None) -> None:
        """End it at both ends: with an error, or well."""
        if self.is_open:
            self.is_open = False
            self._network.peer.ended(self)
            if error is None:
                self._observer.on_completed()
            else:
                self._observer.on_error(error)

    def abandon(self) -> None:
        """The client let go; the server hears of it."""
        if self.is_open:
            self.is_open = False
            self._network.peer.ended(self)

    def _travel(self, direction: int, arrive: Callable[[], None]) -> None:
        """In order with what went before in the same direction."""
        network = self._network
        due = max(network.now + network.latency(), self._arrivals[direction])
        self._arrivals[direction] = due

        def deliver() -> None:
            if self.is_open and not self.is_silent:
                arrive()

        network.after(due - network.now, deliver)


class Codec:
    """Version 2 of the protocol for both ends."""

    def __init__(self) -> None:
        serializer = SerializerV2()
        self.encode_of_server = serializer.encode
        self.decode_of_client = serializer.decode


class Network:
    """Connects clients to a peer: a `Transport` with moods.

    Args:
        scheduler: Time.
        chance: What it draws its moods from.
        peer: The server.

    Attributes:
        is_calm: Whether it has stopped doing its worst.
    """

    def __init__(self, scheduler: VirtualScheduler, chance: Random, peer: Peer) -> None:
        self.is_calm = False
        self.peer = peer
        self.codec = Codec()
        self._wires: list[Router] = []
        self._attempts: list[float] = []
        self._away_until = 0.0
        self._scheduler = scheduler
        self._chance = chance

    @property
    def now(self) -> float:
        """The clock."""
        return self._scheduler.clock

    def after(self, delay: float, call: Callable[[], None]) -> None:
        """Call something later."""
        self._scheduler.call_later(delay, call)

    def latency(self) -> float:
        """How long the next frame travels: mostly little, sometimes seconds."""
        slow = not self.is_calm and self._chance.random() < SLOWNESS
        return round(self._chance.uniform(0.001, 4.0 if slow else 0.1), 3)

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt: it opens, fails, or hangs for ever."""
        refused = ConnectError("refused", url=endpoint.public_url, status=503)

        def subscribe(
            observer: abc.ObserverBase[Connection], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            luck = 1.0 if self.is_calm else self._chance.random()
            self._attempts.append(self.now)
            attempt = Disposable()
            wire: Router | None = None

            def open_or_fail() -> None:
                nonlocal wire
                if attempt.is_disposed:
                    return
                if luck < REFUSALS or self.now < self._away_until:
                    observer.on_error(refused)
                    return
                wire = Router(self, observer)
                self._wires.append(wire)
                self.peer.opened(wire)
                observer.on_next(wire)

            def dispose() -> None:
                attempt.dispose()
                if wire is not None:
                    wire.abandon()

            if luck >= HANGS:
                self.after(self.latency(), open_or_fail)
            return Disposable(dispose)

        return Observable(subscribe)

    def open_wires(self) -> list[Router]:
        """The connections that are open at both ends."""
        self._wires = [wire for wire in self._wires if wire.is_open]
        return self._wires

    def alive(self) -> list[Router]:
        """Those that the client has not said goodbye to."""
        return [wire for wire in self.open_wires() if not wire.is_ending]

    def attempts_since(self, time: float) -> int:
        """How many attempts to connect there were since then."""
        return sum(attempt > time for attempt in self._attempts)

    # Its moods.

    def fall_silent(self) -> None:
        """Lose what travels over the open connections from now on: nobody is told."""
        for wire in self.open_wires():
            wire.is_silent = True

    def fail_for(self, duration: float) -> None:
        """Refuse every attempt for some seconds."""
        self._away_until = max(self._away_until, self.now + duration)

    def calm_down(self) -> None:
        """Stop doing its worst."""
        self.is_calm = True
        self._away_until = 0.0


SLOWNESS = 0.05
"""How often a frame travels slowly."""

HANGS = 0.03
"""How often an attempt is never answered."""

REFUSALS = 0.2
"""How often it is refused, or never answered."""


def _raise(error: Exception) -> None:
    raise error
