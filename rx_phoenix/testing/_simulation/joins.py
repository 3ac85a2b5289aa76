"""The joins that a socket sends by itself: their pace, and what a server asked for."""

from collections.abc import Callable

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN, SocketState
from rx_phoenix._streams.deadline import CLOCK_RESOLUTION
from rx_phoenix.errors import JoinRefused
from rx_phoenix.policy import Rejoin, seconds
from rx_phoenix.testing._simulation.invariants import Invariant

__all__ = ["OwnJoins"]


class OwnJoins:
    """Checks the joins of one socket that no user has just asked for.

    Args:
        rejoin: The policy of the socket.
        now: Returns the clock.
        broken: Called with each broken invariant.
    """

    def __init__(
        self,
        rejoin: Rejoin,
        now: Callable[[], float],
        broken: Callable[[Invariant, str], None],
    ) -> None:
        self._rejoin = rejoin
        self._now = now
        self._broken = broken
        self._is_open = False
        # Of the open connection: what users asked for, and when the others were sent.
        self._asked: set[str] = set()
        self._sent: list[float] = []
        self._earliest: dict[str, float] = {}

    def moved(self, state: SocketState) -> None:
        """Begin again with each connection."""
        self._is_open = state is SocketState.OPEN
        self._asked.clear()
        self._sent.clear()

    def asked(self, topic: str) -> None:
        """Note that a user may have the channel join now."""
        self.ended(topic)
        if self._is_open:
            self._asked.add(topic)

    def refused(self, topic: str, error: Exception) -> None:
        """Note the least seconds that the server asks to wait."""
        hint = self._rejoin.hint
        wait = hint(error) if hint and isinstance(error, JoinRefused) else None
        if wait is not None:
            self._earliest[topic] = self._now() + seconds(wait)

    def ended(self, topic: str) -> None:
        """Forget what the server asked for, because the membership ended."""
        self._earliest.pop(topic, None)

    def send(self, message: Message) -> None:
        """Check a message that leaves, if it is a join."""
        if message.event != JOIN:
            return
        topic, now, most = message.topic, self._now(), self._rejoin.at_once
        if now < self._earliest.pop(topic, now) - CLOCK_RESOLUTION:
            self._broken(Invariant.HINTS_KEPT, f"{topic} joined again too early")
        if topic in self._asked:
            self._asked.remove(topic)
        elif most is not None:
            self._sent.append(now)
            recent = self._sent[-most - 1 :]
            every = seconds(self._rejoin.every)
            if len(recent) > most and now - recent[0] < every - CLOCK_RESOLUTION:
                text = f"{len(recent)} joins within {now - recent[0]:g} s"
                self._broken(Invariant.PACED, text)
