"""What has to hold in every simulated life."""

from collections.abc import Sequence
from enum import StrEnum

__all__ = ["Broken", "Invariant"]

SHOWN = 60
"""How many lines of a timeline an error shows."""


class Invariant(StrEnum):
    """A sentence that no history may make false."""

    NOTHING_RAISED = "no exception of ours comes out"
    ONE_CONNECTION = "at most one connection lives"
    FEW_ATTEMPTS = "attempts are few, however long an outage lasts"
    ENDS_ONCE = "every awaitable ends exactly once"
    ALL_HEALS = "what is wanted is joined again soon after the faults"
    SERVER_AGREES = "client and server agree on who is joined"
    NO_OLD_JOIN = "no message of an older join is delivered"
    IN_ORDER = "the order within a topic is kept"
    BOUNDED = "what waits keeps its bounds"
    ALL_ACCOUNTED = "what was received was delivered, or reported as lost"
    NO_SECRET = "no secret is told"  # noqa: S105 - a sentence
    NOTHING_LEFT = "no task, timer or connection outlives its socket"


class Broken(AssertionError):
    """What has to hold did not.

    Attributes:
        seed: The seed that shows it.
        problem: What did not hold.
        timeline: What happened until then, a line each.
        invariant: The sentence that is false now.
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
