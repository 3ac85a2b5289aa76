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
    ALL_HEALS = (
        "a requested channel is joined when the faults end, fallback and 4xx included"
    )
    PACED = "joins at an open keep the pace: some at once, then one by one"
    HINTS_KEPT = "no channel joins again before the wait that the server asked for"
    SERVER_AGREES = "client and server agree on the joined channels"
    NO_OLD_JOIN = "no message of an older join is delivered"
    IN_ORDER = "the order within a topic is kept"
    RECEIVING_LIVES = "a connection that receives is never called dead"
    DEAD_FOUND = "a dead connection is found within the bound whatever else goes on"
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
        lanes: The actions of both ends of each network, as drawings.
        steps: The number of steps of the shortest history that breaks it.
    """

    def __init__(
        self,
        seed: int,
        problem: str,
        timeline: Sequence[str],
        invariant: str = Invariant.NOTHING_RAISED,
        *,
        lanes: Sequence[Sequence[str]] = (),
    ) -> None:
        head = f"seed {seed}: {problem} (but {invariant})"
        drawings = [line for drawing in lanes for line in drawing]
        super().__init__("\n".join([head, *drawings, *timeline[-SHOWN:]]))
        self.seed = seed
        self.lanes: tuple[tuple[str, ...], ...] = tuple(map(tuple, lanes))
        self.steps: int = 0
        self.problem = problem
        self.timeline: tuple[str, ...] = tuple(timeline)
        self.invariant = invariant
