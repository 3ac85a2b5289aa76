"""Sockets, their users, a server and the networks between them."""

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
from rx_phoenix.testing._simulation.actions import ACTIONS, Setup
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
"""Seconds without faults in which every requested channel must be joined: a heartbeat
detects silence within 18, an attempt that hangs ends within 15, the next is due within
8, its joins are answered within 9, and a refused join is retried within 6."""

BUFFER = 5
"""The most pushes that may wait on a socket."""

ATTEMPTS = 40
"""The most attempts of a socket within a minute, including those requested by users;
an outage of that length costs nine."""

MINUTE = 60.0

SECRET = "s3cr3t"  # noqa: S105 - planted, to be looked for
"""Part of every secret."""


class World:
    """One run of a few sockets.

    Args:
        seed: The seed of all randomness.
        sockets: The number of sockets.
    """

    def __init__(self, seed: int, sockets: int) -> None:
        self._scheduler = VirtualScheduler()
        self._ends = Ends(self._scheduler, self._inspect)
        self._seed = seed
        self._timeline: list[str] = []
        self._inspected: set[str] = set()
        self._problems: list[tuple[Invariant, str]] = []
        faults = Random(seed + 1)  # noqa: S311
        self._server = ModelServer(faults, self._scheduler.call_later)
        self._networks = [
            Network(self._scheduler, faults, self._server) for _ in range(sockets)
        ]
        self._setup = Setup(self._server, self._networks, self._ends)
        self._sockets = [
            self._socket(number, network, Random(seed + number))  # noqa: S311
            for number, network in enumerate(self._networks)
        ]
        self._listeners = [
            self._listen(socket, topic) for socket in self._sockets for topic in TOPICS
        ]

    def _socket(self, number: int, network: Network, random: Random) -> Socket:
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
            random=random,
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
        random = Random(self._seed)  # noqa: S311
        listener = Listener(channel, self._scheduler, random, self._problem)
        socket.frames.subscribe(listener.receive)
        return listener

    # The run.

    def run(self, plan: Sequence[Step]) -> int:
        """Execute a plan, let all channels recover, and close the sockets.

        Returns:
            The number of delivered messages.

        Raises:
            Broken: An invariant does not hold.
        """
        try:
            self._run(plan)
        except Broken:
            raise
        except Exception as error:
            raise self._broken(Invariant.NOTHING_RAISED, f"raised {error!r}") from error
        finally:
            self._cancel_tasks()
        return sum(listener.arrived for listener in self._listeners)

    def _run(self, plan: Sequence[Step]) -> None:
        for socket in self._sockets:
            self._ends.watch(socket.connect(), "connect()")
        for step in plan:
            self._scheduler.advance_to(max(step.at, self._scheduler.clock))
            self._do(step)
            self._check()
        self._stop_faults()
        self._scheduler.advance_by(HEALING)
        self._push_once()
        self._scheduler.advance_by(HEALING)
        self._check()
        self._check_healed()
        for listener in self._listeners:
            listener.check(is_quiet=True)
            listener.hang_callbacks()
        self._server.publish()
        self._scheduler.advance_by(1.0)
        for socket in self._sockets:
            self._inspect(f"{socket} {socket.diagnosis()}")
            self._ends.watch(socket.aclose(), "aclose()")
        self._scheduler.advance_by(5.0)
        self._check_ended()

    def _cancel_tasks(self) -> None:
        """Cancel the tasks of a broken run; ignore their errors."""
        for task in all_tasks(self._scheduler.loop):
            task.cancel()
        while all_tasks(self._scheduler.loop):
            with suppress(Exception):
                self._scheduler.advance_by(0)

    def _do(self, step: Step) -> None:
        random = Random(step.seed)  # noqa: S311
        number = random.randrange(len(self._sockets))
        socket = self._sockets[number]
        channel = socket.channel(random.choice(TOPICS))
        self.note(f"{step.name} {number} {channel.topic}")
        try:
            ACTIONS[step.name](self._setup, number, socket, channel, random)
        except UsageError as error:
            self.note(f"refused: {error}")

    def _stop_faults(self) -> None:
        self.note("calm")
        self._server.is_faultless = True
        for network in self._networks:
            network.stop_faults()
        for socket in self._sockets:
            self._ends.watch(socket.connect(), "connect()")

    def _push_once(self) -> None:
        """Push once per channel: the reply reveals a join that the server forgot."""
        for channel in self._channels():
            if channel.is_wanted:
                self._ends.watch_push(channel.push("echo", {}))

    def _channels(self) -> Iterator[Channel]:
        for socket in self._sockets:
            for topic in TOPICS:
                yield socket.channel(topic)

    # Observations.

    def note(self, text: str) -> None:
        """Add a line to the timeline."""
        self._inspect(text)
        self._timeline.append(f"{self._scheduler.clock:8.1f}  {text}")

    def _inspect(self, what: object) -> None:
        """Remember text that a user sees, to search it for secrets."""
        self._inspected.update((str(what), repr(what)))

    def _unhandled(self, error: Exception) -> None:
        self._inspect(error)
        if not isinstance(error, RxPhoenixError):
            self._problem(Invariant.NOTHING_RAISED, f"unhandled: {error!r}")

    def _problem(self, invariant: Invariant, text: str) -> None:
        self._problems.append((invariant, text))

    def _broken(self, invariant: Invariant, text: str) -> Broken:
        return Broken(self._seed, text, self._timeline, invariant)

    # The invariants.

    def _raise_problem(self) -> None:
        if self._problems:
            raise self._broken(*self._problems[0])

    def _check(self) -> None:
        """Check the invariants that hold at any time."""
        self._check_connections()
        for listener in self._listeners:
            listener.check()
        for problem in self._ends.repeated():
            self._problem(Invariant.ENDS_ONCE, problem)
        for socket in self._sockets:
            waiting = connection_of(socket).router.buffered
            if waiting > BUFFER:
                self._problem(Invariant.BOUNDED, f"{socket} lets {waiting} wait")
        self._check_secrets()
        self._raise_problem()

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

    def _check_secrets(self) -> None:
        for text in self._inspected:
            if SECRET in text:
                self._problem(Invariant.NO_SECRET, f"{text} was disclosed")
        self._inspected.clear()

    def _check_healed(self) -> None:
        for socket in self._sockets:
            if socket.state is not SocketState.OPEN:
                self._problem(Invariant.ALL_HEALS, f"{socket} did not heal")
        for channel in self._channels():
            expected = ChannelState.JOINED if channel.is_wanted else ChannelState.CLOSED
            if channel.state is not expected:
                self._problem(Invariant.ALL_HEALS, f"{channel} did not heal")
        self._raise_problem()
        for socket, network in zip(self._sockets, self._networks, strict=True):
            (link,) = network.alive()
            ours = {
                topic: socket.channel(topic).join_ref
                for topic in TOPICS
                if socket.channel(topic).state is ChannelState.JOINED
            }
            theirs = self._server.joined[link]
            if ours != theirs:
                text = f"joined by us {ours}, by the server {theirs}"
                self._problem(Invariant.SERVER_AGREES, text)
        self._raise_problem()

    def _check_ended(self) -> None:
        self._check()
        for problem in self._ends.unsettled():
            self._problem(Invariant.ENDS_ONCE, problem)
        pending = self._scheduler.pending, all_tasks(self._scheduler.loop)
        if any(pending):
            self._problem(Invariant.NOTHING_LEFT, f"still there: {pending}")
        if any(network.open_links() for network in self._networks):
            self._problem(Invariant.NOTHING_LEFT, "a connection outlived its socket")
        self._raise_problem()
