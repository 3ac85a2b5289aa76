"""What happens in a simulated life, and when: drawn from its seed."""

from dataclasses import dataclass
from random import Random

__all__ = ["DURATION", "Step", "plan_of"]

DURATION = 120.0
"""Seconds of faults."""

WEIGHTS = {
    "join": 14,
    "leave": 8,
    "push": 20,
    "ping": 4,
    "lease": 14,
    "drop": 10,
    "disconnect": 3,
    "connect": 5,
    "reconnect": 3,
    "tell": 20,
    "crash": 6,
    "forget": 1,
    "kick": 5,
    "silence": 3,
    "outage": 2,
}
"""What can happen, and how often beside the others."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that somebody does at some time.

    Attributes:
        at: Seconds from the beginning.
        name: What is done.
        seed: What its own choices are drawn from.
    """

    at: float
    name: str
    seed: int


def plan_of(seed: int, steps: int) -> list[Step]:
    """What happens when.

    >>> [step.name for step in plan_of(seed=1, steps=3)]
    ['leave', 'tell', 'tell']
    """
    chance = Random(seed)  # noqa: S311 - for play
    names = list(WEIGHTS)
    drawn = chance.choices(names, [WEIGHTS[name] for name in names], k=steps)
    times = sorted(round(chance.uniform(0, DURATION), 1) for _ in range(steps))
    return [
        Step(at, name, chance.getrandbits(32))
        for at, name in zip(times, drawn, strict=True)
    ]
