"""Simulated runs of a user's program."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from random import Random
from typing import Any

from rx_phoenix._protocol.checks import check, check_function
from rx_phoenix._protocol.lifecycle import HeartbeatAnswered
from rx_phoenix.errors import ConnectionLost, RxPhoenixError
from rx_phoenix.socket import Socket
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.routes import ChannelFactory
from rx_phoenix.testing._simulation.actions import CODES
from rx_phoenix.testing._simulation.engine import Run
from rx_phoenix.testing._simulation.hosted import HostedServer
from rx_phoenix.testing._simulation.invariants import Invariant
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.plan import Step

__all__ = ["Action", "App", "AppRun", "Check", "Scenario", "Server", "SimulatedRun"]

URL = "ws://simulated.test/socket"

CALM = 180.0
"""Seconds without faults after which everything must have recovered: a heartbeat finds
silence within 45, the next attempt is due within 30, and a rejoin within 20."""

ENDING = 5.0
"""Seconds for the program and its sockets to end."""

FAULTS = {"crash": 6, "refuse": 5, "kick": 6, "silence": 3, "outage": 4}
"""The faults with their relative frequencies."""

USES = 24
"""The frequency of all actions of a user together."""


@dataclass
class SimulatedRun:
    """A run of a program, as seen by invariants and actions.

    Attributes:
        server: The server: `Endpoint.broadcast`, `Endpoint.presence` and so on.
        sockets: The sockets that the program has made.
        random: A source of randomness for actions, seeded by the run.
        is_calm: True after the faults, once everything had the time to recover.
        clock: Seconds since the run began.
    """

    server: Endpoint
    sockets: list[Socket]
    random: Random
    is_calm: bool = False
    clock: float = 0.0


App = Callable[[Callable[..., Socket]], Awaitable[object]]
"""A program: a coroutine function of a function that makes sockets."""

Server = Mapping[str, ChannelFactory] | Callable[[], Mapping[str, ChannelFactory]]
"""The channels by pattern, or a function that returns them."""

Check = Callable[[SimulatedRun], object]
"""An invariant: raises an AssertionError or returns False if it does not hold."""

Action = Callable[[SimulatedRun], object]
"""A step of a user or of the server."""


@dataclass(frozen=True)
class Scenario:
    """A program with its server, its invariants and its actions."""

    app: App
    server: Server
    invariants: Sequence[Check]
    actions: Sequence[Action]

    def __post_init__(self) -> None:
        check_function("app", self.app, "a coroutine function of new_socket")
        server: Any = self.server
        is_class, text = isinstance(server, type), repr(server)
        is_server = callable(server) or hasattr(server, "items")
        takes = "channels by pattern, or a function that returns them"
        check(is_server and not is_class, "server", takes, text)
        for name, functions in (
            ("an invariant", self.invariants),
            ("an action", self.actions),
        ):
            for function in functions:
                is_plain = callable(function) and not iscoroutinefunction(function)
                takes = "a function of a SimulatedRun, and not a coroutine function"
                check(is_plain, name, takes, repr(function))

    @property
    def weights(self) -> Mapping[str, int]:
        """The names of all steps with their relative frequencies."""
        share = USES // max(1, len(self.actions)) or 1
        return {**FAULTS, **{name_of(action): share for action in self.actions}}

    def kept(self, seed: int) -> str:
        """Return the line that keeps a seed as a test."""
        if callable(self.server):
            server = name_of(self.server)
        else:
            items = self.server.items()
            pairs = (f"{pattern!r}: {name_of(channel)}" for pattern, channel in items)
            server = f"{{{', '.join(pairs)}}}"
        invariants = ", ".join(map(name_of, self.invariants))
        actions = ", ".join(map(name_of, self.actions))
        more = f", actions=[{actions}]" if actions else ""
        return (
            f"simulate({name_of(self.app)}, server={server}, seeds=[{seed}], "
            f"invariants=[{invariants}]{more})"
        )


class AppRun(Run):
    """One run of a program on a network with faults.

    Args:
        seed: The seed of all randomness.
        scenario: The program, its server and its invariants.
    """

    def __init__(self, seed: int, scenario: Scenario) -> None:
        super().__init__(seed)
        self.kept = scenario.kept(seed)
        self._scenario = scenario
        channels = scenario.server
        self._server = HostedServer(
            self.scheduler, channels() if callable(channels) else channels
        )
        self._view = SimulatedRun(self._server.endpoint, [], Random(seed))  # noqa: S311
        self._task: asyncio.Task[object] | None = None
        self._actions = {name_of(action): action for action in scenario.actions}

    def begin(self) -> None:
        """Start the program."""
        self._task = self.scheduler.loop.create_task(self._live_app())
        self.scheduler.advance_by(0)

    async def _live_app(self) -> None:
        try:
            living: object = self._scenario.app(self._new_socket)
            takes, got = "a coroutine function of new_socket", repr(living)
            check(isawaitable(living), "app", takes, f"one that returns {got}")
            await living
        except Exception as error:  # noqa: BLE001 - the verdict on the program
            self.problem("the program raises nothing", raised(error))

    def _new_socket(self, url: str = URL, **options: Any) -> Socket:
        number = len(self.networks)
        network = Network(self.scheduler, self.faults, self._server)
        network.is_faultless = self._view.is_calm
        self.networks.append(network)
        kept: dict[str, Any] = {
            **options,
            "transport": network,
            "scheduler": self.scheduler,
            "random": Random(f"{self._seed} {number}"),  # noqa: S311
        }
        socket = Socket(url, **kept)
        self._view.sockets.append(socket)
        socket.lifecycle.subscribe(partial(self._note_event, number))
        socket.unhandled.subscribe(self._unhandled)
        return socket

    def _note_event(self, number: int, event: object) -> None:
        if not isinstance(event, HeartbeatAnswered):
            self.note(f"socket {number}: {event}")

    def _unhandled(self, error: Exception) -> None:
        if not isinstance(error, RxPhoenixError):
            self.problem("the program raises nothing", f"unhandled: {error!r}")

    def do(self, step: Step) -> None:
        """Execute a fault or an action."""
        random = self._view.random = Random(step.seed)  # noqa: S311
        self.note(f"step: {step.name}")
        if step.name in self._actions:
            self._view.clock = self.clock
            try:
                self._actions[step.name](self._view)
            except Exception as error:  # noqa: BLE001 - a user's mistake, with its name
                self.problem(f"the action {step.name} raises nothing", raised(error))
            self.scheduler.advance_by(0)
        elif step.name == "crash":
            self._server.crash_any(random)
        elif step.name == "refuse":
            self._server.refusals += 1
        elif self.networks:
            self._break(random.choice(self.networks), step.name, random)

    def _break(self, network: Network, fault: str, random: Random) -> None:
        if fault == "silence":
            network.fall_silent()
            return
        if fault == "outage":
            network.fail_for(random.uniform(1, 60))
        for link in network.open_links():
            link.end(ConnectionLost(random.choice(CODES)))

    def check(self) -> None:
        """Check all invariants."""
        self._view.clock = self.clock
        for invariant in self._scenario.invariants:
            name = name_of(invariant).replace("_", " ")
            try:
                holds = invariant(self._view)
            except AssertionError as error:
                self.problem(name, str(error) or "it does not hold")
            except Exception as error:  # noqa: BLE001 - a user's mistake, with its name
                self.problem(name, raised(error))
            else:
                if holds is False:
                    self.problem(name, "it does not hold")

    def heal(self) -> None:
        """Let everything recover."""
        self._server.refusals = 0
        self.scheduler.advance_by(CALM)
        self._view.is_calm = True
        self.check()

    def end(self) -> None:
        """End the program and its sockets."""
        if self._task is not None:
            self._task.cancel()
        self.scheduler.advance_by(0)
        for socket in self._view.sockets:
            socket.aclose()
        self.scheduler.advance_by(ENDING)
        if self._task is not None and not self._task.done():
            self.problem(Invariant.NOTHING_LEFT, "the program survives its end")


def raised(error: Exception) -> str:
    """Return the text of a function that raised."""
    return f"it raised {error!r}"


def name_of(function: object) -> str:
    """Return the name of a function, or of the one that a partial calls."""
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__name__", repr(inner)))
