"""Simulated runs, and the search for the shortest that breaks an invariant."""

from collections.abc import Sequence

from rx_phoenix.testing._simulation.invariants import Broken
from rx_phoenix.testing._simulation.plan import Step, plan_of
from rx_phoenix.testing._simulation.world import World

__all__ = ["simulate"]


def simulate(seed: int, *, sockets: int = 2, steps: int = 120) -> int:
    """Run a seeded history of faults and check the invariants.

    A seed always gives the same history. A history that breaks an invariant is
    shortened as far as possible.

    Args:
        seed: The seed.
        sockets: The number of sockets.
        steps: The number of actions of users, the server and the network.

    Returns:
        The number of delivered messages.

    Raises:
        Broken: An invariant does not hold.

    >>> simulate(1) > 0
    True
    """
    plan = plan_of(seed, steps)
    try:
        return World(seed, sockets).run(plan)
    except Broken as broken:
        raise shortest(seed, sockets, plan, broken) from None


def shortest(seed: int, sockets: int, plan: Sequence[Step], broken: Broken) -> Broken:
    """Find a failure with fewer steps by leaving out halves, quarters and so on."""
    size = len(plan) // 2
    while size:
        start = 0
        while start < len(plan):
            fewer = [*plan[:start], *plan[start + size :]]
            try:
                World(seed, sockets).run(fewer)
            except Broken as shorter:
                plan, broken = fewer, shorter
            else:
                start += size
        size //= 2
    return broken
