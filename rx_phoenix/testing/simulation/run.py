"""One simulated life of a few sockets, and what has to hold in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from reactivex import abc

from rx_phoenix.channel import Channel
from rx_phoenix.errors import RxPhoenixError, UsageError
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect, Rejoin
from rx_phoenix.protocol.names import ChannelState, SocketState
from rx_phoenix.push import Push
from rx_phoenix.socket import Socket
from rx_phoenix.testing.scheduler import VirtualScheduler
from rx_phoenix.testing.simulation.network import Network
from rx_phoenix.testing.simulation.server import ModelServer

__all__ = ["Broken", "simulate"]

TOPICS = ("room:a", "room:b", "room:c")

DURATION = 120.0
"""Seconds of faults."""

HEALING = 90.0
"""Seconds without faults, in which everything wanted must be joined."""

LOST = 1006


class Broken(AssertionError):
    """What has to hold did not.

    Attributes:
        seed: The seed that shows it.
        problem: What did not hold.
        timeline: What happened until then, a line each.
    """

    def __init__(self, seed: int, problem: str, timeline: Sequence[str]) -> None:
        last = "\n".join(timeline[-60:])
        super().__init__(f"seed {seed}: {problem}\n{last}")
        self.seed = seed
        self.problem = problem
        self.timeline = tuple(timeline)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody does at some time.

    Attributes:
        at: Seconds from the beginning.
        name: What is done.
        seed: What its own choices are drawn from.
    """

    at: float
    name: str
    seed: int


def simulate(seed: int, *, sockets: int = 2, steps: int = 120) -> int:
    """Live through a seeded history of faults, and check what has to hold.

    The same seed is the same history. One that breaks something is made as short as
    it can be before it is shown.

    Args:
        seed: The seed.
        sockets: How many sockets there are.
        steps: How many things are done, by users, the server, and the network.

    Returns:
        How many messages arrived.

    Raises:
        Broken: Something did not hold.

    >>> simulate(1) > 0
    True
    """
    plan = plan_of(seed, steps)
    try:
        return World(seed, sockets).live(plan)
    except Broken as broken:
        raise shortest(seed, sockets, plan, broken) from None


def plan_of(seed: int, steps: int) -> list[Step]:
    """What happens when."""
    chance = Random(seed)  # noqa: S311 - for play
    names = list(WEIGHTS)
    drawn = chance.choices(names, [WEIGHTS[name] for name in names], k=steps)
    times = sorted(round(chance.uniform(0, DURATION), 1) for _ in range(steps))
    return [
        Step(at, name, chance.getrandbits(32))
        for at, name in zip(times, drawn, strict=True)
    ]


def shortest(seed: int, sockets: int, plan: list[Step], broken: Broken) -> Broken:
    """The same failure with fewer steps: halves, quarters … are left out in turn."""
    size = len(plan) // 2
    while size:
        start = 0
        while start < len(plan):
            fewer = plan[:start] + plan[start + size :]
            try:
                World(seed, sockets).live(fewer)
            except Broken as shorter:
                plan, broken = fewer, shorter
            else:
                start += size
        size //= 2
    return broken


class World:
    """Sockets, their users, a server, and the network between them.

    Args:
        seed: Where all chance comes from.
        sockets: How many sockets there are.
    """

    def __init__(self, seed: int, sockets: int) -> None:
        self.seed = seed
        self.scheduler = VirtualScheduler()
        self.timeline: list[str] = []
        self.arrived = 0
        moods = Random(seed + 1)  # noqa: S311 - for play
        self.server = ModelServer(moods, self.scheduler.call_later)
        self.networks = [
            Network(self.scheduler, moods, self.server) for _ in range(sockets)
        ]
        self.sockets = [
            self._socket(number, network, Random(seed + number))  # noqa: S311
            for number, network in enumerate(self.networks)
        ]
        self.leases: list[abc.DisposableBase] = []
        self.pushes: dict[Push, list[str]] = {}
        self.problems: list[str] = []
        for socket in self.sockets:
            for topic in TOPICS:
                self._watch(socket.channel(topic))

    def live(self, plan: Sequence[Step]) -> int:
        """Go through a plan, then let everything heal, then end it."""
        try:
            return self._live(plan)
        except Broken:
            raise
        except Exception as error:
            raise self.broken(f"raised {error!r}") from error

    def _live(self, plan: Sequence[Step]) -> int:
        for socket in self.sockets:
            socket.connect()
        for step in plan:
            self.scheduler.advance_to(max(step.at, self.scheduler.clock))
            self._do(step)
            self.check()
        self._calm_down()
        self.scheduler.advance_by(HEALING)
        self._say_something()
        self.scheduler.advance_by(HEALING)
        self.check()
        self._check_healed()
        for socket in self.sockets:
            socket.aclose()
        self.scheduler.advance_by(5.0)
        self._check_ended()
        return self.arrived

    def _do(self, step: Step) -> None:
        chance = Random(step.seed)  # noqa: S311 - for play
        number = chance.randrange(len(self.sockets))
        socket = self.sockets[number]
        channel = socket.channel(chance.choice(TOPICS))
        self.note(f"{step.name} {number} {channel.topic}")
        try:
            ACTIONS[step.name](self, socket, self.networks[number], channel, chance)
        except UsageError as error:
            self.note(f"refused: {type(error).__name__}")

    def note(self, text: str) -> None:
        """Put a line on the timeline."""
        self.timeline.append(f"{self.scheduler.clock:8.1f}  {text}")

    def broken(self, problem: str) -> Broken:
        """What did not hold, with what led to it."""
        return Broken(self.seed, problem, self.timeline)

    # What users do.

    def push(self, channel: Channel, chance: Random) -> None:
        """Push, and count how it ends."""
        push = channel.push("say", {"n": 1}, timeout=chance.choice([2.0, 10.0]))
        ends = self.pushes[push] = []
        push.subscribe(
            lambda _: ends.append("ok"), lambda error: ends.append(repr(error))
        )

    def lease(self, channel: Channel, chance: Random) -> None:
        """Take a lease, which ends by itself now and then."""
        stream = chance.choice([channel.joined, channel.session, channel.stream()])
        self.leases.append(stream.subscribe(on_error=lambda _: None))

    def drop(self, chance: Random) -> None:
        """Let a lease go."""
        if self.leases:
            self.leases.pop(chance.randrange(len(self.leases))).dispose()

    def _socket(self, number: int, network: Network, chance: Random) -> Socket:
        socket = Socket(
            f"ws://socket{number}/socket",
            transport=network,
            scheduler=self.scheduler,
            random=chance,
            heartbeat=Heartbeat(10.0, 5.0),
            reconnect=Reconnect(Backoff(0.25, 2.0, 8.0, "full")),
            rejoin=Rejoin(Backoff.steps(1, 2, 5, jitter=0.2)),
            send_buffer=BUFFER,
            timeout=3.0,
        )
        socket.lifecycle.subscribe(lambda event: self.note(f"{number} {event}"))
        socket.unhandled.subscribe(self._unhandled)
        return socket

    def _unhandled(self, error: Exception) -> None:
        if not isinstance(error, RxPhoenixError):
            self.problems.append(f"unhandled: {error!r}")

    def _watch(self, channel: Channel) -> None:
        last = 0

        def arrived(payload: Any) -> None:
            nonlocal last
            self.arrived += 1
            if payload["join"] != channel.join_ref:
                self.problems.append(f"{channel} got a message of an older join")
            if payload["number"] <= last:
                self.problems.append(f"{channel} got {payload} after {last}")
            last = payload["number"]

        channel.events("number").subscribe(arrived)
        channel.states.subscribe(lambda state: self.note(f"{channel.topic} {state}"))

    # What has to hold.

    def check(self) -> None:
        """What has to hold at any time."""
        if self.problems:
            raise self.broken(self.problems[0])
        for number, network in enumerate(self.networks):
            if len(network.open_wires()) > AT_MOST_WITH_GOODBYE:
                raise self.broken(f"socket {number} has more than one connection")
        for push, ends in self.pushes.items():
            if len(ends) > 1:
                raise self.broken(f"{push} ended twice: {ends}")
        for socket in self.sockets:
            if socket.link.wire.buffered > BUFFER:
                raise self.broken(f"{socket} buffers more than {BUFFER} pushes")

    def _calm_down(self) -> None:
        self.note("calm")
        self.server.is_calm = True
        for network in self.networks:
            network.is_calm = True
        for socket in self.sockets:
            socket.connect()

    def _say_something(self) -> None:
        """A push shows a channel that the server forgot without a word."""
        for socket in self.sockets:
            for topic in TOPICS:
                channel = socket.channel(topic)
                if channel.is_wanted:
                    self.push(channel, Random(0))  # noqa: S311 - for play

    def _check_healed(self) -> None:
        for socket in self.sockets:
            if socket.state is not SocketState.OPEN:
                raise self.broken(f"{socket} did not heal")
            for topic in TOPICS:
                channel = socket.channel(topic)
                if channel.state not in {ChannelState.JOINED, ChannelState.CLOSED}:
                    raise self.broken(f"{channel} did not heal")
                if channel.is_wanted != (channel.state is ChannelState.JOINED):
                    raise self.broken(f"{channel}, but wanted: {channel.is_wanted}")
        self._check_agreement()

    def _check_agreement(self) -> None:
        """Client and server agree on who is joined."""
        for socket, network in zip(self.sockets, self.networks, strict=True):
            (wire,) = network.open_wires()
            ours = {
                topic: socket.channel(topic).join_ref
                for topic in TOPICS
                if socket.channel(topic).state is ChannelState.JOINED
            }
            if ours != self.server.joined[wire]:
                theirs = self.server.joined[wire]
                raise self.broken(f"joined by us {ours}, by the server {theirs}")

    def _check_ended(self) -> None:
        for push, ends in self.pushes.items():
            if len(ends) != 1:
                raise self.broken(f"{push} has {len(ends)} ends")
        if self.scheduler.pending:
            raise self.broken(f"still armed: {self.scheduler.pending}")
        if any(network.open_wires() for network in self.networks):
            raise self.broken("a connection outlived its socket")


BUFFER = 5
"""How many pushes of a socket may wait."""

AT_MOST_WITH_GOODBYE = 3
"""One that lives, and those whose goodbye is not answered yet."""


def silence(network: Network) -> None:
    """Let every open connection fall silent: nobody is told."""
    for wire in network.open_wires():
        wire.is_silent = True


Action = Callable[[World, Socket, Network, Channel, Random], object]

ACTIONS: dict[str, Action] = {
    "join": lambda _w, _s, _n, channel, _c: channel.join(),
    "leave": lambda _w, _s, _n, channel, _c: channel.leave(),
    "push": lambda world, _s, _n, channel, chance: world.push(channel, chance),
    "lease": lambda world, _s, _n, channel, chance: world.lease(channel, chance),
    "drop": lambda world, _s, _n, _ch, chance: world.drop(chance),
    "disconnect": lambda _w, socket, _n, _ch, _c: socket.disconnect(),
    "connect": lambda _w, socket, _n, _ch, _c: socket.connect(),
    "reconnect": lambda _w, socket, _n, _ch, _c: socket.reconnect_now(),
    "tell": lambda world, _s, _n, _ch, _c: world.server.tell(),
    "crash": lambda world, _s, _n, _ch, _c: world.server.crash_any(),
    "forget": lambda world, _s, _n, _ch, _c: world.server.forget_any(),
    "kick": lambda world, _s, _n, _ch, chance: world.server.kick(
        chance.choice([1000, 1001, 1012, LOST])
    ),
    "silence": lambda _w, _s, network, _ch, _c: silence(network),
}
"""What can happen; each gets the world, a socket, its network, a channel, chance."""

WEIGHTS = {
    "join": 14,
    "leave": 8,
    "push": 20,
    "lease": 14,
    "drop": 10,
    "disconnect": 3,
    "connect": 5,
    "reconnect": 3,
    "tell": 20,
    "crash": 6,
    "forget": 1,
    "kick": 5,
    "silence": 3,
}
