"""The books: what arrived is what was delivered and what was reported lost."""

from collections import Counter

from msgspec import Struct, field

__all__ = ["Ledger", "Numbers"]


class Ledger(Struct):
    """What happened, counted; and what must not have.

    Attributes:
        arrived: Events that reached a listener of the socket.
        delivered: Those that a consumer was given.
        lost: Those that a consumer was told to have lost.
        pushes: The number of pushes, by outcome.
        happened: How often other things happened, by name.
        breaches: What must not have happened, in sentences.
    """

    arrived: int = 0
    delivered: int = 0
    lost: int = 0
    pushes: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    def settle(self, what: str, arrived: int, delivered: int, lost: int = 0) -> None:
        """Close the account of one consumer."""
        self.arrived += arrived
        self.delivered += delivered
        self.lost += lost
        if arrived != delivered + lost:
            self.breach(
                f"{what}: {arrived} arrived, but {delivered} were delivered and {lost} "
                "reported lost"
            )

    def breach(self, text: str) -> None:
        """Note what must not happen."""
        self.breaches.append(text)


class Numbers:
    """The numbers of one channel's events: within a join none is left out or doubled.

    Args:
        ledger: Where a breach is noted.
        what: Whose numbers they are.

    Attributes:
        seen: How many there were.
    """

    def __init__(self, ledger: Ledger, what: str) -> None:
        self.seen = 0
        self._ledger = ledger
        self._what = what
        self._last = 0

    def restart(self, _: object = None) -> None:
        """A join was answered: the server counts from 1 again."""
        self._last = 0

    def see(self, payload: dict[str, int]) -> None:
        """Take the number of one event."""
        self.seen += 1
        number, expected = payload["n"], self._last + 1
        if number != expected:
            self._ledger.breach(f"{self._what}: {number} came instead of {expected}")
        self._last = number
