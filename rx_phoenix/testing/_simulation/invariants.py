"""The invariants of simulated runs."""

from collections.abc import Sequence
from enum import StrEnum

__all__ = ["Broken", "Invariant"]

SHOWN = 60
"""The number of timeline lines that an error shows."""


class Invariant(StrEnum):
    """A sentence that must hold in every run."""

    NOTHING_RAISED = "the library raises no unexpected exception"
    ONE_CONNECTION = "at most one connection is open per socket"
    FEW_ATTEMPTS = "attempts are few, even in a long outage"
    ENDS_ONCE = "every awaitable ends exactly once"
    ALL_HEALS = "every requested channel is rejoined soon after the faults"
    SERVER_AGREES = "client and server agree on the joined channels"
    NO_OLD_JOIN = "no message of an older join is delivered"
    IN_ORDER = "the order within a topic is kept"
    BOUNDED = "every queue keeps its bound"
    ALL_ACCOUNTED = "every received message is delivered or reported as lost"
    NO_SECRET = "no secret is disclosed"  # noqa: S105 - a sentence
    NOTHING_LEFT = "no task, timer or connection outlives its socket"


class Broken(AssertionError):
    """A simulated run broke an invariant.

    Attributes:
        seed: The seed of the run.
        problem: The observation that broke the invariant.
        timeline: The history of the run, as lines.
        invariant: The broken invariant.
    """

    def __init__(
        self,
        seed: int,
        problem: str,
        timeline: Sequence[str],
        invariant: Invariant = Invariant.NOTHING_RAISED,
    ) -> None:
        last = "\n".join(timeline[-SHOWN:])
        super().__init__(f"seed {seed}: {problem} (but {invariant})\n{last}")
        self.seed = seed
        self.problem = problem
        self.timeline: tuple[str, ...] = tuple(timeline)
        self.invariant = invariant
