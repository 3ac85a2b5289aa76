"""Sockets, their users, a server, and the network between them."""

from asyncio import all_tasks, sleep
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from rx_phoenix._connection.handle import connection_of
from rx_phoenix._protocol.names import ChannelState, SocketState
from rx_phoenix.channel import Channel
from rx_phoenix.errors import RxPhoenixError, UsageError
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect, Rejoin
from rx_phoenix.socket import Socket
from rx_phoenix.testing._simulation.actions import ACTIONS, Stage
from rx_phoenix.testing._simulation.ends import Ends
from rx_phoenix.testing._simulation.invariants import Broken, Invariant
from rx_phoenix.testing._simulation.listener import Listener
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.plan import Step
from rx_phoenix.testing._simulation.server import ModelServer
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["World"]

TOPICS = ("room:a", "room:b", "room:c")

HEALING = 60.0
"""Seconds without faults in which everything wanted must be joined: a heartbeat shows
the silence within 18, an attempt that hangs ends within 15, the next one is due within
8, its joins are answered within 9, and a refused one is tried again within 6."""

BUFFER = 5
"""How many pushes of a socket may wait."""

ATTEMPTS = 40
"""How many attempts of a socket may begin within a minute, wishes of its users
included: an outage of that length costs nine."""

MINUTE = 60.0

SECRET = "s3cr3t"  # noqa: S105 - planted, to be looked for
"""Part of everything that is secret."""


class World:
    """One life of a few sockets.

    Args:
        seed: Where all chance comes from.
        sockets: How many sockets there are.
    """

    def __init__(self, seed: int, sockets: int) -> None:
        self._scheduler = VirtualScheduler()
        self._ends = Ends(self._scheduler, self._tell)
        self._seed = seed
        self._timeline: list[str] = []
        self._told: set[str] = set()
        self._problems: list[tuple[Invariant, str]] = []
        moods = Random(seed + 1)  # noqa: S311 - for play
        self._server = ModelServer(moods, self._scheduler.call_later)
        self._networks = [
            Network(self._scheduler, moods, self._server) for _ in range(sockets)
        ]
        self._stage = Stage(self._server, self._networks, self._ends)
        self._sockets = [
            self._socket(number, network, Random(seed + number))  # noqa: S311
            for number, network in enumerate(self._networks)
        ]
        self._listeners = [
            self._listen(socket, topic) for socket in self._sockets for topic in TOPICS
        ]

    def _socket(self, number: int, network: Network, chance: Random) -> Socket:
        async def params() -> Mapping[str, Any]:
            await sleep(0.01)
            return {"token": SECRET}

        socket = Socket(
            f"ws://socket{number}/socket?key={SECRET}",
            params=params,
            auth_token=SECRET,
            headers={"x-key": SECRET},
            transport=network,
            scheduler=self._scheduler,
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

    def _listen(self, socket: Socket, topic: str) -> Listener:
        channel = socket.channel(topic)
        channel.states.subscribe(lambda state: self.note(f"{topic} {state}"))
        chance = Random(self._seed)  # noqa: S311 - for play
        listener = Listener(channel, self._scheduler, chance, self._problem)
        socket.frames.subscribe(listener.receive)
        return listener

    # What happens.

    def live(self, plan: Sequence[Step]) -> int:
        """Go through a plan, then let everything heal, then end it.

        Returns:
            How many messages arrived.

        Raises:
            Broken: Something did not hold.
        """
        try:
            self._live(plan)
        except Broken:
            raise
        except Exception as error:
            raise self._broken(Invariant.NOTHING_RAISED, f"raised {error!r}") from error
        finally:
            self._abandon()
        return sum(listener.arrived for listener in self._listeners)

    def _live(self, plan: Sequence[Step]) -> None:
        for socket in self._sockets:
            self._ends.watch(socket.connect(), "connect()")
        for step in plan:
            self._scheduler.advance_to(max(step.at, self._scheduler.clock))
            self._do(step)
            self._check()
        self._calm_down()
        self._scheduler.advance_by(HEALING)
        self._say_something()
        self._scheduler.advance_by(HEALING)
        self._check()
        self._check_healed()
        for listener in self._listeners:
            listener.check(is_quiet=True)
            listener.ponder()
        self._server.tell()
        self._scheduler.advance_by(1.0)
        for socket in self._sockets:
            self._tell(f"{socket} {socket.diagnosis()}")
            self._ends.watch(socket.aclose(), "aclose()")
        self._scheduler.advance_by(5.0)
        self._check_ended()

    def _abandon(self) -> None:
        """Call off what a broken life leaves; its last words say nothing new."""
        for task in all_tasks(self._scheduler.loop):
            task.cancel()
        while all_tasks(self._scheduler.loop):
            with suppress(Exception):
                self._scheduler.advance_by(0)

    def _do(self, step: Step) -> None:
        chance = Random(step.seed)  # noqa: S311 - for play
        number = chance.randrange(len(self._sockets))
        socket = self._sockets[number]
        channel = socket.channel(chance.choice(TOPICS))
        self.note(f"{step.name} {number} {channel.topic}")
        try:
            ACTIONS[step.name](self._stage, number, socket, channel, chance)
        except UsageError as error:
            self.note(f"refused: {error}")

    def _calm_down(self) -> None:
        self.note("calm")
        self._server.is_calm = True
        for network in self._networks:
            network.calm_down()
        for socket in self._sockets:
            self._ends.watch(socket.connect(), "connect()")

    def _say_something(self) -> None:
        """A push shows a channel that the server forgot without a word."""
        for channel in self._channels():
            if channel.is_wanted:
                self._ends.watch_push(channel.push("say", {}))

    def _channels(self) -> Iterator[Channel]:
        for socket in self._sockets:
            for topic in TOPICS:
                yield socket.channel(topic)

    # What is heard of it.

    def note(self, text: str) -> None:
        """Put a line on the timeline."""
        self._tell(text)
        self._timeline.append(f"{self._scheduler.clock:8.1f}  {text}")

    def _tell(self, what: object) -> None:
        """A user was told something, by which no secret may be told."""
        self._told.update((str(what), repr(what)))

    def _unhandled(self, error: Exception) -> None:
        self._tell(error)
        if not isinstance(error, RxPhoenixError):
            self._problem(Invariant.NOTHING_RAISED, f"unhandled: {error!r}")

    def _problem(self, invariant: Invariant, text: str) -> None:
        self._problems.append((invariant, text))

    def _broken(self, invariant: Invariant, text: str) -> Broken:
        return Broken(self._seed, text, self._timeline, invariant)

    # What has to hold.

    def _demand(self) -> None:
        if self._problems:
            raise self._broken(*self._problems[0])

    def _check(self) -> None:
        """What has to hold at any time."""
        self._check_connections()
        for listener in self._listeners:
            listener.check()
        for twice in self._ends.twice():
            self._problem(Invariant.ENDS_ONCE, twice)
        for socket in self._sockets:
            waiting = connection_of(socket).router.buffered
            if waiting > BUFFER:
                self._problem(Invariant.BOUNDED, f"{socket} lets {waiting} wait")
        self._check_told()
        self._demand()

    def _check_connections(self) -> None:
        for number, network in enumerate(self._networks):
            alive = len(network.alive())
            if alive > 1:
                text = f"socket {number} has {alive} connections"
                self._problem(Invariant.ONE_CONNECTION, text)
            count = network.attempts_since(self._scheduler.clock - MINUTE)
            if count > ATTEMPTS:
                text = f"socket {number} tried {count} times in a minute"
                self._problem(Invariant.FEW_ATTEMPTS, text)

    def _check_told(self) -> None:
        for text in self._told:
            if SECRET in text:
                self._problem(Invariant.NO_SECRET, f"{text} was told")
        self._told.clear()

    def _check_healed(self) -> None:
        for socket in self._sockets:
            if socket.state is not SocketState.OPEN:
                self._problem(Invariant.ALL_HEALS, f"{socket} did not heal")
        for channel in self._channels():
            wanted = ChannelState.JOINED if channel.is_wanted else ChannelState.CLOSED
            if channel.state is not wanted:
                self._problem(Invariant.ALL_HEALS, f"{channel} did not heal")
        self._demand()
        for socket, network in zip(self._sockets, self._networks, strict=True):
            (wire,) = network.alive()
            ours = {
                topic: socket.channel(topic).join_ref
                for topic in TOPICS
                if socket.channel(topic).state is ChannelState.JOINED
            }
            theirs = self._server.joined[wire]
            if ours != theirs:
                text = f"joined by us {ours}, by the server {theirs}"
                self._problem(Invariant.SERVER_AGREES, text)
        self._demand()

    def _check_ended(self) -> None:
        self._check()
        for wrong in self._ends.wrong():
            self._problem(Invariant.ENDS_ONCE, wrong)
        pending = self._scheduler.pending, all_tasks(self._scheduler.loop)
        if any(pending):
            self._problem(Invariant.NOTHING_LEFT, f"still there: {pending}")
        if any(network.open_wires() for network in self._networks):
            self._problem(Invariant.NOTHING_LEFT, "a connection outlived its socket")
        self._demand()
