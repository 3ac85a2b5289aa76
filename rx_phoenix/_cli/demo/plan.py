"""When what happens in the demo."""

from dataclasses import dataclass

__all__ = ["Plan", "plan_for"]


@dataclass(frozen=True, slots=True)
class Plan:
    """When what happens, in seconds from the start.

    Attributes:
        outage_at: When the connection breaks.
        outage: How long that lasts.
        end: When all is over; None for never.
    """

    outage_at: float
    outage: float
    end: float | None

    def outlook(self, elapsed: float, what: str) -> str:
        """What is to come, in a few words.

        Args:
            elapsed: Seconds since the start.
            what: What the outage is.
        """
        if elapsed < self.outage_at:
            return f"In {self.outage_at - elapsed:.0f} s {what}, on purpose"
        if elapsed < self.outage_at + self.outage:
            return f"Now {what}, on purpose"
        if self.end is None:
            return "The outage is over"
        return f"The end is in {max(self.end - elapsed, 0.0):.0f} s"


def plan_for(seconds: float | None) -> Plan:
    """The plan of a demo that takes so many seconds, or goes on for ever if None.

    >>> plan_for(10.0)
    Plan(outage_at=5.0, outage=2.0, end=10.0)
    """
    if seconds is None:
        return Plan(15.0, 3.0, None)
    return Plan(seconds / 2, min(seconds / 5, 3.0), seconds)
