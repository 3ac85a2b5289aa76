"""What users, the server and the network do in a simulated life."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from reactivex import abc

from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.channel import Channel
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.socket import Socket
from rx_phoenix.testing._simulation.ends import Ends
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.server import ModelServer

__all__ = ["ACTIONS", "Stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is there beside sockets and channels.

    Attributes:
        server: Whom the sockets speak to.
        networks: By what, one for each socket.
        ends: What users wait for.
        leases: What they hold.
    """

    server: ModelServer
    networks: Sequence[Network]
    ends: Ends
    leases: list[abc.DisposableBase] = field(default_factory=list[abc.DisposableBase])


Action = Callable[[Stage, int, Socket, Channel, Random], object]
"""Gets the stage, the number of a socket, the socket, a channel of it, and chance."""

CODES = (1000, 1001, 1012, 1006)
"""With which a connection is ended."""


def push(stage: Stage, _: int, __: Socket, channel: Channel, chance: Random) -> None:
    """A user pushes."""
    within = chance.choice([2.0, 10.0])
    stage.ends.watch_push(channel.push("say", {"n": 1}, timeout=within))


def ping(stage: Stage, _: int, socket: Socket, *__: object) -> None:
    """A user measures the round trip."""
    answer = socket.ping()
    if isinstance(answer, SingleResult):
        stage.ends.watch(answer, "a ping")


def lease(stage: Stage, _: int, __: Socket, channel: Channel, chance: Random) -> None:
    """A user takes a lease, which ends by itself now and then."""
    stream = chance.choice([channel.joined, channel.session, channel.stream()])
    stage.leases.append(stream.subscribe(on_error=lambda _: None))


def drop(stage: Stage, _: int, __: Socket, ___: Channel, chance: Random) -> None:
    """A user lets a lease go."""
    if stage.leases:
        stage.leases.pop(chance.randrange(len(stage.leases))).dispose()


def outage(stage: Stage, number: int, _: Socket, __: Channel, chance: Random) -> None:
    """A network is away for a while, and what was open is lost."""
    network = stage.networks[number]
    network.fail_for(chance.uniform(1, 60))
    for wire in network.open_wires():
        wire.end(ConnectionLost(chance.choice(CODES)))


ACTIONS: Mapping[str, Action] = {
    "join": lambda stage, _n, _s, channel, _c: stage.ends.watch_push(channel.join()),
    "leave": lambda stage, _n, _s, channel, _c: stage.ends.watch_push(channel.leave()),
    "push": push,
    "ping": ping,
    "lease": lease,
    "drop": drop,
    "disconnect": lambda stage, _n, socket, _ch, _c: stage.ends.watch(
        socket.disconnect(), "disconnect()"
    ),
    "connect": lambda stage, _n, socket, _ch, _c: stage.ends.watch(
        socket.connect(), "connect()"
    ),
    "reconnect": lambda _w, _n, socket, _ch, _c: socket.reconnect_now(),
    "tell": lambda stage, _n, _s, _ch, _c: stage.server.tell(),
    "crash": lambda stage, _n, _s, _ch, _c: stage.server.crash_any(),
    "forget": lambda stage, _n, _s, _ch, _c: stage.server.forget_any(),
    "kick": lambda stage, _n, _s, _ch, chance: stage.server.kick(chance.choice(CODES)),
    "silence": lambda stage, number, _s, _ch, _c: stage.networks[number].fall_silent(),
    "outage": outage,
}
"""What can happen, by name."""
