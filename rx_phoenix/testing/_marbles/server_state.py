"""What the fake server knows of the client: what it asked, and what it joined."""

from dataclasses import dataclass

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN, LEAVE, OK
from rx_phoenix.testing._marbles.actions import Connects, meaning_of
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane
from rx_phoenix.testing._transports.fake import FakeAttempt, FakeConnection

__all__ = ["Impossible", "Join", "Ledger"]


class Impossible(Exception):
    """The server cannot do this now."""


@dataclass(slots=True)
class Join:
    """A join of the client's, and what became of it.

    Attributes:
        message: The client's message.
        attempt: On which attempt to connect it was sent.
        is_left: Whether the client left again.
        is_over: Whether the channel is gone.
    """

    message: Message
    attempt: FakeAttempt
    is_left: bool = False
    is_over: bool = False


class Ledger:
    """Keeps what the client asked for on the connections that are open.

    Args:
        client: The client's lane.
    """

    def __init__(self, client: ClientLane) -> None:
        self._client = client
        self._connects: list[Actual] = []
        self._owed: list[Actual] = []
        self._joins: list[Join] = []

    def note(self, did: Actual) -> None:
        """The client did something."""
        action = did.action
        if isinstance(action, Connects):
            self._connects.append(did)
            # What another connection was asked, nobody answers any more.
            self._owed = [did for did in self._owed if did.attempt.is_open]
            self._joins = [join for join in self._joins if join.attempt.is_open]
        elif isinstance(action, Message):
            self._owed.append(did)
            self._follow(action, did.attempt)

    def _follow(self, message: Message, attempt: FakeAttempt) -> None:
        for join in self._joins:
            if (join.message.topic, join.attempt) == (message.topic, attempt):
                join.is_over |= message.event == JOIN
                join.is_left |= message.event == LEAVE
        if message.event == JOIN:
            self._joins.append(Join(message, attempt))

    def pending(self, number: int | None = None) -> FakeAttempt:
        """The attempt that waits to be opened: the oldest, or that of a number."""
        for attempt in self._attempts(number):
            if attempt.is_pending:
                return attempt
        raise Impossible("the client does not try to connect")

    def connection(self, number: int | None = None) -> FakeConnection:
        """The open connection: the latest, or that of a number."""
        for attempt in reversed(self._attempts(number)):
            if attempt.connection is not None and attempt.is_open:
                return attempt.connection
        raise Impossible("there is no open connection")

    def _attempts(self, number: int | None) -> list[FakeAttempt]:
        attempts = [did.attempt for did in self._connects]
        return attempts if number is None else attempts[number - 1 : number]

    def waiting(self) -> list[Actual]:
        """What the client did and was not answered yet."""
        connecting = [did for did in self._connects if did.attempt.is_pending]
        return [*connecting, *self._owed]

    def is_owed(self, did: Actual) -> bool:
        """Whether a message of the client's can still be answered."""
        return did in self._owed

    def asked(self, to: str, number: int | None = None) -> Actual:
        """What an answer is about.

        Args:
            to: The client's letter that is answered.
            number: Which of its messages in the test, from 1; None for the oldest
                that is not answered.
        """
        self.connection()
        meaning = meaning_of(self._client.letters[to])
        if number is None:
            did = next(
                (
                    did
                    for did in self._owed
                    if did.attempt.is_open and self._client.means(to, did.action)
                ),
                None,
            )
            if did is None:
                raise Impossible(f"no {to} ({meaning}) of the client's waits for it")
            return did
        sent = self._client.sent(to)
        if not 0 < number <= len(sent):
            raise Impossible(
                f"the client sent {len(sent)} of {to} ({meaning}), not {number}"
            )
        did = sent[number - 1]
        if not (self.is_owed(did) and did.attempt.is_open):
            raise Impossible(f"{to} number {number} ({meaning}) waits no longer for it")
        return did

    def answered(self, did: Actual, status: str) -> None:
        """A message of the client's was answered."""
        self._owed.remove(did)
        for join in self._joins:
            join.is_over |= join.message is did.action and status != OK

    def ended(self, join: Join) -> None:
        """A channel ended by itself; its join, if open still, is not answered."""
        join.is_over = True
        self._owed = [did for did in self._owed if did.action is not join.message]

    def channel(self, topic: str | None, number: int | None = None) -> Join:
        """The channel that the server speaks of.

        Args:
            topic: Its topic; None if there is only one.
            number: Which join of the client's in the test it comes from, from 1.
        """
        self.connection()
        live = [it for it in self._joins if it.attempt.is_open and not it.is_over]
        if number is not None:
            joins = [did.action for did in self._client.sent("J")][number - 1 : number]
            live = [join for join in live if join.message in joins]
        if topic is not None:
            live = [join for join in live if join.message.topic == topic]
        # One that was left still hears of its end, if there is no other.
        live = [join for join in live if not join.is_left] or live
        if len(live) == 1:
            return live[0]
        if not live:
            raise Impossible(f"the client is not in {topic or 'a channel'}")
        topics = ", ".join(join.message.topic for join in live)
        raise Impossible(
            f"several channels are joined ({topics}): say which by the number of its "
            "join, as in (E2), or by a topic, as in Says(event, payload, topic)"
        )
