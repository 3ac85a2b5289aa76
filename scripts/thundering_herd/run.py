"""A server that its clients lose, in virtual time, with the retries of real sockets."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rx_phoenix._connection.reconnect import Reconnector
from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Reconnect
from rx_phoenix.testing import VirtualScheduler

__all__ = ["CLIENTS", "MOMENT", "ThunderingHerd", "thundering_herd"]

CLIENTS = 10_000

MOMENT = 0.1
"""Seconds: how many try within so short a time is what hurts a server."""


@dataclass(frozen=True, slots=True)
class ThunderingHerd:
    """When clients tried to come back.

    Attributes:
        clients: How many there are.
        attempts: The time of each attempt, in order, in seconds after the loss.
        back: When the server was back.
        returned: When each client was, in order.
    """

    clients: int
    attempts: Sequence[float]
    back: float
    returned: Sequence[float]

    @property
    def median(self) -> float:
        """When half of them were back."""
        return self.returned[len(self.returned) // 2]

    def peak(self, since: float = 0.0) -> float:
        """The largest share of all clients that tried within any 100 ms."""
        first = bisect_left(self.attempts, since)
        counts = (
            bisect_left(self.attempts, self.attempts[index] + MOMENT) - index
            for index in range(first, len(self.attempts))
        )
        return max(counts) / self.clients

    def shares(self, until: float) -> Sequence[float]:
        """The share of all clients that tried in each 100 ms, one after another."""
        counts = [0] * round(until / MOMENT)
        for attempt in self.attempts:
            moment = int(attempt / MOMENT)
            if moment < len(counts):
                counts[moment] += 1
        return [count / self.clients for count in counts]


class Crowd:
    """Clients of one server, each with retries of its own.

    Args:
        policy: The retries' policy.
        back: When the server is back.
        chance: What jitter is drawn from.
    """

    def __init__(self, policy: Reconnect, back: float, chance: Random) -> None:
        self.time = VirtualScheduler(limit=10 * CLIENTS)
        self.attempts: list[float] = []
        self.returned: list[float] = []
        self._policy = policy
        self._back = back
        self._chance = chance

    def lose(self, loss: ConnectionLost) -> None:
        """One client more has lost the server."""
        retries = Reconnector(
            self._policy,
            scheduler=lambda: self.time,
            spawn=self.time.spawn,
            random=self._chance.random,
            begin=lambda _: attempt(),
            expired=lambda: None,
        )

        def attempt() -> None:
            self.attempts.append(self.time.clock)
            if self.time.clock < self._back:
                retries.decide(REFUSED, (), (), noop)
            else:
                self.returned.append(self.time.clock)

        retries.decide(loss, (), (), noop)


def thundering_herd(
    policy: Reconnect,
    loss: ConnectionLost,
    *,
    away: float,
    notice: tuple[float, float] = (0.0, 0.0),
    clients: int = CLIENTS,
    seed: int = 1,
) -> ThunderingHerd:
    """Let clients lose their server, and come back.

    Args:
        policy: What they do about it.
        loss: What they see.
        away: Seconds until the server is back; until then it refuses.
        notice: After how many seconds they see it, at least and at most, by chance.
        clients: How many there are.
        seed: What all chance is drawn from.

    >>> herd = thundering_herd(Reconnect(), ConnectionLost(1012), away=0, clients=100)
    >>> herd.peak() < 0.1
    True
    """
    chance = Random(seed)  # noqa: S311 - for play
    crowd = Crowd(policy, away, chance)
    for _ in range(clients):
        crowd.time.call_later(chance.uniform(*notice), lambda: crowd.lose(loss))
    while len(crowd.returned) < clients:
        crowd.time.advance_by(1.0)
    return ThunderingHerd(clients, crowd.attempts, away, crowd.returned)


REFUSED = ConnectError("refused")
