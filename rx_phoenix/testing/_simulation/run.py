"""Simulations of this library's client, and of users' programs."""

import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import overload

from rx_phoenix._log import log
from rx_phoenix._protocol.checks import check, check_instance, is_whole
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._simulation.app import (
    Action,
    App,
    AppRun,
    Check,
    Scenario,
    Server,
)
from rx_phoenix.testing._simulation.engine import explore
from rx_phoenix.testing._simulation.plan import Step, plan_of
from rx_phoenix.testing._simulation.world import World

__all__ = ["simulate"]


@overload
def simulate(app: int, *, sockets: int = 2, steps: int = 120) -> int: ...
@overload
def simulate(
    app: App,
    *,
    server: Server,
    seeds: Iterable[int] = range(100),
    invariants: Sequence[Check] = (),
    actions: Sequence[Action] = (),
    steps: int = 40,
) -> int: ...
def simulate(  # noqa: PLR0913 - options of two kinds
    app: App | int,
    *,
    server: Server | None = None,
    seeds: Iterable[int] = range(100),
    invariants: Sequence[Check] = (),
    actions: Sequence[Action] = (),
    sockets: int = 2,
    steps: int | None = None,
) -> int:
    """Run a program in virtual time, again and again, on a network that fails.

    Connections are refused, lost and silenced, joins refused and channels crashed, all
    at times that a seed decides: the same seed gives the same run. A run that breaks an
    invariant is shortened to the fewest steps that still break it.

    Args:
        app: A coroutine function that gets a function that makes sockets: call it with
            the arguments of `Socket`, of which it needs none. Or a seed, to simulate
            this library itself.
        server: The channels by pattern, as of `PhoenixServer`; or a function that
            returns them for each run.
        seeds: The seed of each run.
        invariants: Functions of a `SimulatedRun` that raise an AssertionError or return
            False if they do not hold. They are called after each step, and with
            `SimulatedRun.is_calm` once all faults have ended for three minutes.
        actions: Functions of a `SimulatedRun` that are steps besides the faults, such
            as a change on the server.
        sockets: The number of sockets, with a seed.
        steps: The number of steps of a run.

    Returns:
        The number of runs; with a seed, that of delivered messages.

    Raises:
        Broken: An invariant does not hold, or the program raised. Its text has the
            seed, both lanes, the shortest history and a line that keeps it as a test.
        UsageError: There is no server; an argument is not what it takes.

    >>> simulate(1) > 0
    True
    """
    if isinstance(app, int):
        seed = app

        def live_world(plan: Sequence[Step]) -> int:
            world = World(seed, sockets)
            world.run(plan)
            return world.arrived

        with quiet():
            return explore(plan_of(seed, 120 if steps is None else steps), live_world)
    if server is None:
        raise UsageError(
            'simulate(app) needs a server: pass server={"room:*": YourServerChannel}'
        )
    for name, value in ("invariants", invariants), ("actions", actions):
        check_instance(name, value, Sequence, "a list of functions")
    check_instance("seeds", seeds, Iterable, "numbers such as range(100)")
    scenario = Scenario(app, server, tuple(invariants), tuple(actions))
    count = 0
    with quiet():
        for seed in seeds:
            check(is_whole(seed), "a seed", "a whole number", repr(seed))
            plan = plan_of(seed, 40 if steps is None else steps, scenario.weights)
            explore(plan, live_app(seed, scenario))
            count += 1
    return count


@contextmanager
def quiet() -> Generator[None]:
    """Log no warnings: hundreds of runs with faults have thousands of them."""
    level = log.level
    log.setLevel(max(level, logging.ERROR))
    try:
        yield
    finally:
        log.setLevel(level)


def live_app(seed: int, scenario: Scenario) -> Callable[[Sequence[Step]], None]:
    """Return a function that executes a plan for a program."""
    return lambda plan: AppRun(seed, scenario).run(plan)
