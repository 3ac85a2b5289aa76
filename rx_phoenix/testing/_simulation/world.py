"""Sockets, their users, a server and the networks between them."""

from asyncio import all_tasks, sleep
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from rx_phoenix._connection.handle import connection_of
from rx_phoenix._protocol.lifecycle import GaveUp, HeartbeatMissed
from rx_phoenix._protocol.names import ChannelState, SocketState
from rx_phoenix._transport.fallback import FallbackTransport
from rx_phoenix.channel import Channel
from rx_phoenix.errors import RxPhoenixError, UsageError
from rx_phoenix.policy import Backoff, Heartbeat, Reconnect, Rejoin
from rx_phoenix.socket import Socket
from rx_phoenix.testing._simulation.actions import ACTIONS, Setup
from rx_phoenix.testing._simulation.ends import Ends
from rx_phoenix.testing._simulation.engine import Run
from rx_phoenix.testing._simulation.invariants import Invariant
from rx_phoenix.testing._simulation.joins import OwnJoins
from rx_phoenix.testing._simulation.listener import Listener
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.plan import Step
from rx_phoenix.testing._simulation.server import ModelServer

__all__ = ["World"]

TOPICS = ("room:a", "room:b", "room:c")

HEALING = 60.0
"""Seconds without faults in which every requested channel must be joined: a heartbeat
detects silence within 18, an attempt that hangs ends within 15, the next is due within
8, its joins are answered within 9, and a refused join is retried within 6."""

HEARTBEAT = Heartbeat(10.0, 5.0)

PROBE = 3.0
"""The least seconds without a frame after which a connection is dead."""

TIMEOUT = 3.0
"""Seconds of each join and push."""

BOUND = 10.0 + 5.0 + TIMEOUT + 1.0
"""The most seconds that a dead connection stays open: the interval, the timeout, the
timeout of one join, and the delays of frames that were on their way."""

BUFFER = 5
"""The most pushes that may wait on a socket."""

ATTEMPTS = 40
"""The most attempts of a socket within a minute, including those requested by users;
an outage of that length costs nine."""

MINUTE = 60.0

SECRET = "s3cr3t"  # noqa: S105 - planted, to be looked for
"""Part of every secret."""


REJOINS = (
    Rejoin(Backoff.steps(1, 2, 5, jitter=0.2)),
    Rejoin(Backoff.steps(1, 2, 5, jitter=0.2), hint=lambda _: 3, at_once=1, every=0.2),
)
"""The policies of the sockets: joins together, and joins one by one after a hint."""

JOINING = frozenset({"join", "lease"})
"""The actions by which users have a channel join."""


class World(Run):
    """One run of a few sockets.

    Args:
        seed: The seed of all randomness.
        sockets: The number of sockets.
    """

    def __init__(self, seed: int, sockets: int) -> None:
        super().__init__(seed)
        self._ends = Ends(self.scheduler, self._inspect)
        self._inspected: set[str] = set()
        self.server = ModelServer(self.faults, self.scheduler.call_later)
        # The last socket falls back from one network to another.
        self._pairs = [
            [
                Network(self.scheduler, self.faults, self.server)
                for _ in range(1 + (number == sockets - 1))
            ]
            for number in range(sockets)
        ]
        self.networks = [network for pair in self._pairs for network in pair]
        self._setup = Setup(self.server, self._pairs, self._ends)
        self._joins: list[OwnJoins] = []
        self._sockets = [
            self._socket(number, pair, Random(seed + number))  # noqa: S311
            for number, pair in enumerate(self._pairs)
        ]
        self._listeners = [
            self._listen(socket, joins, topic)
            for socket, joins in zip(self._sockets, self._joins, strict=True)
            for topic in TOPICS
        ]

    @property
    def arrived(self) -> int:
        """The number of delivered messages."""
        return sum(listener.arrived for listener in self._listeners)

    def _socket(self, number: int, pair: Sequence[Network], random: Random) -> Socket:
        async def params() -> Mapping[str, Any]:
            await sleep(0.01)
            return {"token": SECRET}

        socket = Socket(
            f"ws://socket{number}/socket?key={SECRET}",
            params=params,
            auth_token=SECRET,
            headers={"x-key": SECRET},
            transport=pair[0] if len(pair) == 1 else FallbackTransport(*pair),
            scheduler=self.scheduler,
            random=random,
            heartbeat=HEARTBEAT,
            reconnect=Reconnect(Backoff(0.25, 2.0, 8.0, "full")),
            rejoin=REJOINS[number % len(REJOINS)],
            send_buffer=BUFFER,
            timeout=TIMEOUT,
        )
        joins = OwnJoins(socket.rejoin, lambda: self.clock, self.problem)
        socket.states.subscribe(joins.moved)
        socket.sent.subscribe(joins.send)
        self._joins.append(joins)
        socket.lifecycle.subscribe(partial(self._lifecycle, number))
        socket.unhandled.subscribe(self._unhandled)
        return socket

    def _lifecycle(self, number: int, event: object) -> None:
        self.note(f"{number} {event}")
        # Each refusal heals: those that look final come only after the first open.
        if isinstance(event, GaveUp):
            self.problem(Invariant.ALL_HEALS, f"{number} gave up: {event.error!r}")
        # A fallback may have another connection beside the one that is called dead.
        if isinstance(event, HeartbeatMissed) and len(self._pairs[number]) == 1:
            for link in self._pairs[number][0].open_links():
                late = self.clock - link.last_arrival
                if late < PROBE:
                    text = f"{number} was called dead {late:g} s after it received"
                    self.problem(Invariant.RECEIVING_LIVES, text)

    def _listen(self, socket: Socket, joins: OwnJoins, topic: str) -> Listener:
        channel = socket.channel(topic)
        channel.refusals.subscribe(lambda error: joins.refused(topic, error))
        channel.closes.subscribe(lambda _: joins.ended(topic))
        channel.states.subscribe(lambda state: self.note(f"{topic} {state}"))
        random = Random(self._seed)  # noqa: S311
        listener = Listener(channel, self.scheduler, random, self.problem)
        socket.frames.subscribe(listener.receive)
        return listener

    # The run.

    def begin(self) -> None:
        """Connect all sockets."""
        for socket in self._sockets:
            self._ends.watch(socket.connect(), "connect()")

    def do(self, step: Step) -> None:
        """Execute an action of a user, the server or the network."""
        random = Random(step.seed)  # noqa: S311
        number = random.randrange(len(self._sockets))
        socket = self._sockets[number]
        channel = socket.channel(random.choice(TOPICS))
        self.note(f"{step.name} {number} {channel.topic}")
        if step.name in JOINING:
            self._joins[number].asked(channel.topic)
        try:
            ACTIONS[step.name](self._setup, number, socket, channel, random)
        except UsageError as error:
            self.note(f"refused: {error}")

    def heal(self) -> None:
        """Let all channels recover."""
        self.server.is_faultless = True
        self.begin()
        self.scheduler.advance_by(HEALING)
        self._push_once()
        self.scheduler.advance_by(HEALING)
        self.check()
        self.raise_problem()
        self._check_healed()
        for listener in self._listeners:
            listener.check(is_quiet=True)
            listener.hang_callbacks()
        self.server.publish()
        self.scheduler.advance_by(1.0)

    def end(self) -> None:
        """Close all sockets."""
        for socket in self._sockets:
            self._inspect(f"{socket} {socket.diagnosis()}")
            self._ends.watch(socket.aclose(), "aclose()")
        self.scheduler.advance_by(5.0)
        self._check_ended()

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
        super().note(text)

    def _inspect(self, what: object) -> None:
        """Remember text that a user sees, to search it for secrets."""
        self._inspected.update((str(what), repr(what)))

    def _unhandled(self, error: Exception) -> None:
        self._inspect(error)
        if not isinstance(error, RxPhoenixError):
            self.problem(Invariant.NOTHING_RAISED, f"unhandled: {error!r}")

    # The invariants.

    def check(self) -> None:
        """Check the invariants that hold at any time."""
        self._check_connections()
        for listener in self._listeners:
            listener.check()
        for problem in self._ends.repeated():
            self.problem(Invariant.ENDS_ONCE, problem)
        for socket in self._sockets:
            waiting = connection_of(socket).router.buffered
            if waiting > BUFFER:
                self.problem(Invariant.BOUNDED, f"{socket} lets {waiting} wait")
        for text in self.silenced_too_long(BOUND):
            self.problem(Invariant.DEAD_FOUND, text)
        self._check_secrets()

    def _check_connections(self) -> None:
        for number, pair in enumerate(self._pairs):
            alive = sum(len(network.alive()) for network in pair)
            # A fallback tries the better network beside the other.
            if alive > len(pair):
                text = f"socket {number} has {alive} connections"
                self.problem(Invariant.ONE_CONNECTION, text)
            since = self.clock - MINUTE
            count = max(network.attempts_since(since) for network in pair)
            if count > ATTEMPTS:
                text = f"socket {number} tried {count} times in a minute"
                self.problem(Invariant.FEW_ATTEMPTS, text)

    def _check_secrets(self) -> None:
        for text in self._inspected:
            if SECRET in text:
                self.problem(Invariant.NO_SECRET, f"{text} was disclosed")
        self._inspected.clear()

    def _check_healed(self) -> None:
        for socket in self._sockets:
            if socket.state is not SocketState.OPEN:
                self.problem(Invariant.ALL_HEALS, f"{socket} did not heal")
        for channel in self._channels():
            expected = ChannelState.JOINED if channel.is_wanted else ChannelState.CLOSED
            if channel.state is not expected:
                self.problem(Invariant.ALL_HEALS, f"{channel} did not heal")
        self.raise_problem()
        for socket, pair in zip(self._sockets, self._pairs, strict=True):
            alive = [link for network in pair for link in network.alive()]
            ours = {
                topic: socket.channel(topic).join_ref
                for topic in TOPICS
                if socket.channel(topic).state is ChannelState.JOINED
            }
            joined = [self.server.joined[link] for link in alive]
            theirs = {topic: ref for topics in joined for topic, ref in topics.items()}
            if ours != theirs:
                text = f"joined by us {ours}, by the server {theirs}"
                self.problem(Invariant.SERVER_AGREES, text)
        self.raise_problem()

    def _check_ended(self) -> None:
        self.check()
        for problem in self._ends.unsettled():
            self.problem(Invariant.ENDS_ONCE, problem)
        pending = self.scheduler.pending, all_tasks(self.scheduler.loop)
        if any(pending):
            self.problem(Invariant.NOTHING_LEFT, f"still there: {pending}")
        if any(network.open_links() for network in self.networks):
            self.problem(Invariant.NOTHING_LEFT, "a connection outlived its socket")
        self.raise_problem()
