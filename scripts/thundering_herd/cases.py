"""The ways to lose a server that the page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from rx_phoenix.errors import ConnectionLost
from rx_phoenix.policy import Backoff, Reconnect
from scripts.thundering_herd.run import ThunderingHerd, thundering_herd

__all__ = ["AWAY", "CASES", "Case", "run_all"]

AWAY = 3.0
"""Seconds until the server is back."""


@dataclass(frozen=True, slots=True)
class Case:
    """A way to lose a server, and what clients do about it.

    Attributes:
        title: What happens.
        policy: What the clients do.
        code: Their policy, as a user writes it.
        loss: What they see.
        notice: After how many seconds they see it, at least and at most.
    """

    title: str
    policy: Reconnect
    code: str
    loss: ConnectionLost
    notice: tuple[float, float] = (0.0, 0.0)

    def run(self, away: float) -> ThunderingHerd:
        """Live through it, with a server that is away for so many seconds."""
        return thundering_herd(self.policy, self.loss, away=away, notice=self.notice)


RESTART = ConnectionLost(1012)
RESET = ConnectionLost(1006)

CASES = (
    Case("It restarts, and announces it (1012)", Reconnect(), "Reconnect()", RESTART),
    Case(
        "It vanishes: no heartbeat is answered",
        Reconnect(),
        "Reconnect()",
        RESET,
        # A heartbeat each 25 s, and 10 s to answer it.
        notice=(10.0, 35.0),
    ),
    Case("It crashes: every connection is reset", Reconnect(), "Reconnect()", RESET),
    Case(
        "It crashes, and the clients reckon with that",
        Reconnect(Backoff(12.0, jitter="full")),
        'Reconnect(Backoff(12.0, jitter="full"))',
        RESET,
    ),
    Case(
        "It crashes, and the clients keep phoenix.js's table",
        Reconnect(Backoff.phoenix_reconnect()),
        "Reconnect(Backoff.phoenix_reconnect())",
        RESET,
    ),
)


def run_all() -> Sequence[ThunderingHerd]:
    """One herd for each case."""
    return [case.run(AWAY) for case in CASES]
