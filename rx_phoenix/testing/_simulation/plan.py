"""The plan of a simulated run, derived from its seed."""

from collections.abc import Mapping
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
    "publish": 20,
    "crash": 6,
    "forget": 1,
    "kick": 5,
    "silence": 3,
    "outage": 2,
}
"""The actions with their relative frequencies."""


@dataclass(frozen=True, slots=True)
class Step:
    """An action at a time.

    Attributes:
        at: Seconds from the start.
        name: The name of the action.
        seed: The seed of its own choices.
    """

    at: float
    name: str
    seed: int


def plan_of(seed: int, steps: int, weights: Mapping[str, int] = WEIGHTS) -> list[Step]:
    """Return the steps of a run in order of time.

    Args:
        seed: The seed of the run.
        steps: Their number.
        weights: The names of the steps with their relative frequencies.

    >>> [step.name for step in plan_of(seed=1, steps=3)]
    ['leave', 'publish', 'publish']
    """
    random = Random(seed)  # noqa: S311
    chosen = random.choices([*weights], [*weights.values()], k=steps)
    times = sorted(round(random.uniform(0, DURATION), 1) for _ in range(steps))
    return [
        Step(at, name, random.getrandbits(32))
        for at, name in zip(times, chosen, strict=True)
    ]
