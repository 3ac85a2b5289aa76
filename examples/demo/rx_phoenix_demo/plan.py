"""Schedule of the demo: the outage, and the end."""

from dataclasses import dataclass

__all__ = ["Plan", "plan_for"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Schedule of the demo, in seconds from the start.

    Attributes:
        outage_at: Start of the outage.
        outage: Duration of the outage.
        end: End of the demo; None for never.
    """

    outage_at: float
    outage: float
    end: float | None

    def next_event(self, elapsed: float, outage_text: str) -> str:
        """Describe the next event in a few words.

        Args:
            elapsed: Seconds since the start.
            outage_text: The outage, in a few words.
        """
        if elapsed < self.outage_at:
            return f"In {self.outage_at - elapsed:.0f} s {outage_text}, on purpose"
        if elapsed < self.outage_at + self.outage:
            return f"Now {outage_text}, on purpose"
        if self.end is None:
            return "The outage is over"
        return f"The end is in {max(self.end - elapsed, 0.0):.0f} s"


def plan_for(seconds: float | None) -> Plan:
    """Plan a demo of some seconds, or without an end if None.

    >>> plan_for(10.0)
    Plan(outage_at=5.0, outage=2.0, end=10.0)
    """
    if seconds is None:
        return Plan(15.0, 3.0, None)
    return Plan(seconds / 2, min(seconds / 5, 3.0), seconds)
