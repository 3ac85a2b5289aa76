"""The engine of all simulations: seeded runs, their faults, and their shortest form."""

from asyncio import all_tasks
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import TypeVar

from rx_phoenix.testing._simulation.invariants import Broken, Invariant
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.plan import Step
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Run", "explore"]

R = TypeVar("R")

ROUNDS = 10
"""The most seconds that the tasks of a broken run have to end."""


class Run:
    """One seeded run in virtual time; the base of all simulations.

    Args:
        seed: The seed of all randomness.

    Attributes:
        scheduler: The clock.
        networks: The networks, whose faults end before the run does.
        faults: The source of random faults.
        kept: The line that keeps the run as a test; empty if there is none.
    """

    def __init__(self, seed: int) -> None:
        self.scheduler: VirtualScheduler = VirtualScheduler()
        self.networks: list[Network] = []
        self.faults: Random = Random(seed + 1)  # noqa: S311
        self.kept: str = ""
        self._seed = seed
        self._timeline: list[str] = []
        self._problems: list[tuple[str, str]] = []

    @property
    def clock(self) -> float:
        """Seconds since the run began."""
        return self.scheduler.clock

    def run(self, plan: Sequence[Step]) -> None:
        """Execute a plan, let everything recover, and end it.

        Raises:
            Broken: An invariant does not hold.
        """
        try:
            self._live(plan)
        except Broken:
            raise
        except Exception as error:
            text = f"raised {error!r}"
            raise self._broken(Invariant.NOTHING_RAISED, text) from error
        finally:
            self._cancel_tasks()

    def _live(self, plan: Sequence[Step]) -> None:
        self.begin()
        for step in plan:
            self.scheduler.advance_to(max(step.at, self.clock))
            self.do(step)
            self.check()
            self.raise_problem()
        self.note("calm")
        for network in self.networks:
            network.stop_faults()
        self.heal()
        self.raise_problem()
        self.end()
        self.raise_problem()

    def begin(self) -> None:
        """Start the clients."""

    def do(self, step: Step) -> None:
        """Execute a step of the plan."""

    def check(self) -> None:
        """Check the invariants that hold at any time."""

    def heal(self) -> None:
        """Let everything recover without faults, and check that it did."""

    def end(self) -> None:
        """End the clients, and check that nothing is left."""

    def _cancel_tasks(self) -> None:
        """Cancel the tasks of a broken run; ignore their errors."""
        for _ in range(ROUNDS):
            tasks = all_tasks(self.scheduler.loop)
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            with suppress(Exception):
                self.scheduler.advance_by(1.0)

    def note(self, text: str) -> None:
        """Add a line to the timeline."""
        self._timeline.append(f"{self.clock:8.1f}  {text}")

    def problem(self, invariant: str, text: str) -> None:
        """Record that an invariant does not hold."""
        self._problems.append((invariant, text))

    def raise_problem(self) -> None:
        """Raise the first problem.

        Raises:
            Broken: There is one.
        """
        if self._problems:
            raise self._broken(*self._problems[0])

    def _broken(self, invariant: str, text: str) -> Broken:
        lanes = [network.lanes.drawn() for network in self.networks]
        history = [*self._timeline, *([f"keep it: {self.kept}"] if self.kept else [])]
        return Broken(self._seed, text, history, invariant, lanes=lanes)

    def silenced_too_long(self, bound: float) -> Iterator[str]:
        """Yield a line for each connection that was silent for longer than a bound."""
        for network in self.networks:
            for link in network.alive():
                since = link.silent_since
                if since is not None and self.clock - since > bound:
                    yield f"a connection is silent since {since:g} s, and still open"


def explore(plan: Sequence[Step], live: Callable[[Sequence[Step]], R]) -> R:
    """Execute a plan; if it breaks an invariant, find the shortest that does.

    Args:
        plan: The steps.
        live: Executes a plan from the start.

    Raises:
        Broken: An invariant does not hold.
    """
    try:
        return live(plan)
    except Broken as broken:
        raise shortest(plan, live, broken) from None


def shortest(
    plan: Sequence[Step], live: Callable[[Sequence[Step]], object], broken: Broken
) -> Broken:
    """Leave out halves, quarters and so on, until no step can be left out."""
    size = max(1, len(plan) // 2)
    while size:
        start, before = 0, len(plan)
        while start < len(plan):
            fewer = [*plan[:start], *plan[start + size :]]
            try:
                live(fewer)
            except Broken as shorter:
                plan, broken = fewer, shorter
            else:
                start += size
        # A last step that could stay out may let others stay out.
        if size > 1 or len(plan) == before:
            size //= 2
    broken.steps = len(plan)
    return broken
