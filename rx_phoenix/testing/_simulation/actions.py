"""Actions of users, the server and the network in a simulated run."""

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

__all__ = ["ACTIONS", "CODES", "Setup"]


@dataclass(frozen=True, slots=True)
class Setup:
    """The parts of a run that actions need beside sockets and channels.

    Attributes:
        server: The server.
        networks: The networks of each socket.
        ends: The awaitables of users.
        leases: The leases of users.
    """

    server: ModelServer
    networks: Sequence[Sequence[Network]]
    ends: Ends
    leases: list[abc.DisposableBase] = field(default_factory=list[abc.DisposableBase])


Action = Callable[[Setup, int, Socket, Channel, Random], object]
"""Called with the setup, a socket's number, the socket, a channel and a `Random`."""

CODES = (1000, 1001, 1012, 1006)
"""The close codes of connections."""


def push(setup: Setup, _: int, __: Socket, channel: Channel, random: Random) -> None:
    """Push as a user."""
    within = random.choice([2.0, 10.0])
    setup.ends.watch_push(channel.push("echo", {"n": 1}, timeout=within))


def ping(setup: Setup, _: int, socket: Socket, *__: object) -> None:
    """Measure the round trip as a user."""
    answer = socket.ping()
    if isinstance(answer, SingleResult):
        setup.ends.watch(answer, "a ping")


def lease(setup: Setup, _: int, __: Socket, channel: Channel, random: Random) -> None:
    """Take a lease as a user; some leases end by themselves."""
    stream = random.choice([channel.joined, channel.session, channel.stream()])
    setup.leases.append(stream.subscribe(on_error=lambda _: None))


def drop(setup: Setup, _: int, __: Socket, ___: Channel, random: Random) -> None:
    """Drop a lease as a user."""
    if setup.leases:
        setup.leases.pop(random.randrange(len(setup.leases))).dispose()


def outage(setup: Setup, number: int, _: Socket, __: Channel, random: Random) -> None:
    """Lose the open connections and refuse new ones for a while."""
    for network in setup.networks[number]:
        network.fail_for(random.uniform(1, 60))
        for link in network.open_links():
            link.end(ConnectionLost(random.choice(CODES)))


def silence(setup: Setup, number: int, *_: object) -> None:
    """Lose all frames of the open connections, unnoticed by both ends."""
    for network in setup.networks[number]:
        network.fall_silent()


ACTIONS: Mapping[str, Action] = {
    "join": lambda setup, _n, _s, channel, _c: setup.ends.watch_push(channel.join()),
    "leave": lambda setup, _n, _s, channel, _c: setup.ends.watch_push(channel.leave()),
    "push": push,
    "ping": ping,
    "lease": lease,
    "drop": drop,
    "disconnect": lambda setup, _n, socket, _ch, _c: setup.ends.watch(
        socket.disconnect(), "disconnect()"
    ),
    "connect": lambda setup, _n, socket, _ch, _c: setup.ends.watch(
        socket.connect(), "connect()"
    ),
    "reconnect": lambda _w, _n, socket, _ch, _c: socket.reconnect_now(),
    "publish": lambda setup, _n, _s, _ch, _c: setup.server.publish(),
    "crash": lambda setup, _n, _s, _ch, _c: setup.server.crash_any(),
    "forget": lambda setup, _n, _s, _ch, _c: setup.server.forget_any(),
    "kick": lambda setup, _n, _s, _ch, random: setup.server.kick(random.choice(CODES)),
    "silence": silence,
    "outage": outage,
}
"""The actions by name."""
