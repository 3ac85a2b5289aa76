"""One simulated life after another, and the shortest that breaks something."""

from collections.abc import Sequence

from rx_phoenix.testing._simulation.invariants import Broken
from rx_phoenix.testing._simulation.plan import Step, plan_of
from rx_phoenix.testing._simulation.world import World

__all__ = ["simulate"]


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


def shortest(seed: int, sockets: int, plan: Sequence[Step], broken: Broken) -> Broken:
    """A failure with fewer steps: halves, quarters … are left out in turn."""
    size = len(plan) // 2
    while size:
        start = 0
        while start < len(plan):
            fewer = [*plan[:start], *plan[start + size :]]
            try:
                World(seed, sockets).live(fewer)
            except Broken as shorter:
                plan, broken = fewer, shorter
            else:
                start += size
        size //= 2
    return broken
