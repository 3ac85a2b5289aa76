"""State of the fake server: the client's attempts, requests and joins."""

from dataclasses import dataclass

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN, LEAVE, OK
from rx_phoenix.testing._marbles.actions import Connects, meaning_of
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane
from rx_phoenix.testing._transports.fake import FakeAttempt, FakeConnection

__all__ = ["Impossible", "Join", "ServerState"]


class Impossible(Exception):
    """An action of the server is impossible now."""


@dataclass(slots=True)
class Join:
    """A join of the client and its state.

    Attributes:
        message: The client's message.
        attempt: The attempt to connect that it was sent on.
        is_left: True once the client left.
        is_over: True once the channel ended.
    """

    message: Message
    attempt: FakeAttempt
    is_left: bool = False
    is_over: bool = False


class ServerState:
    """The client's attempts, unanswered requests and joins on open connections.

    Args:
        client: The client's lane.
    """

    def __init__(self, client: ClientLane) -> None:
        self._client = client
        self._attempts_made: list[Actual] = []
        self._unanswered: list[Actual] = []
        self._joins: list[Join] = []

    def record(self, item: Actual) -> None:
        """Record an action of the client."""
        action = item.action
        if isinstance(action, Connects):
            self._attempts_made.append(item)
            # Requests on closed connections can no longer be answered.
            self._unanswered = [
                item for item in self._unanswered if item.attempt.is_open
            ]
            self._joins = [join for join in self._joins if join.attempt.is_open]
        elif isinstance(action, Message):
            self._unanswered.append(item)
            self._follow(action, item.attempt)

    def _follow(self, message: Message, attempt: FakeAttempt) -> None:
        for join in self._joins:
            if (join.message.topic, join.attempt) == (message.topic, attempt):
                join.is_over |= message.event == JOIN
                join.is_left |= message.event == LEAVE
        if message.event == JOIN:
            self._joins.append(Join(message, attempt))

    def pending(self, number: int | None = None) -> FakeAttempt:
        """Return the oldest pending attempt, or the one of a number."""
        for attempt in self._attempts(number):
            if attempt.is_pending:
                return attempt
        raise Impossible("no attempt to connect is pending")

    def connection(self, number: int | None = None) -> FakeConnection:
        """Return the latest open connection, or the one of a number."""
        for attempt in reversed(self._attempts(number)):
            if attempt.connection is not None and attempt.is_open:
                return attempt.connection
        raise Impossible("no connection is open")

    def _attempts(self, number: int | None) -> list[FakeAttempt]:
        attempts = [item.attempt for item in self._attempts_made]
        return attempts if number is None else attempts[number - 1 : number]

    def unanswered(self) -> list[Actual]:
        """Return the unanswered attempts and requests."""
        connecting = [item for item in self._attempts_made if item.attempt.is_pending]
        return [*connecting, *self._unanswered]

    def is_unanswered(self, item: Actual) -> bool:
        """Return True if a request can still be answered."""
        return item in self._unanswered

    def request_of(self, to: str, number: int | None = None) -> Actual:
        """Return the request that an answer is for.

        Args:
            to: The client letter that is answered.
            number: The number of its message in the test, from 1; None for the oldest
                unanswered one.
        """
        self.connection()
        meaning = meaning_of(self._client.letters[to])
        if number is None:
            item = next(
                (
                    item
                    for item in self._unanswered
                    if item.attempt.is_open and self._client.means(to, item.action)
                ),
                None,
            )
            if item is None:
                raise Impossible(f"no {to} ({meaning}) awaits an answer")
            return item
        sent = self._client.sent(to)
        if not 0 < number <= len(sent):
            raise Impossible(
                f"the client sent {len(sent)} of {to} ({meaning}), got number {number}"
            )
        item = sent[number - 1]
        if not (self.is_unanswered(item) and item.attempt.is_open):
            raise Impossible(f"{to} number {number} ({meaning}) awaits no answer")
        return item

    def mark_answered(self, item: Actual, status: str) -> None:
        """Record the answer to a request."""
        self._unanswered.remove(item)
        for join in self._joins:
            join.is_over |= join.message is item.action and status != OK

    def end_channel(self, join: Join) -> None:
        """Record the end of a channel; its join can no longer be answered."""
        join.is_over = True
        self._unanswered = [
            item for item in self._unanswered if item.action is not join.message
        ]

    def end_join(self, message: Message, connection: FakeConnection) -> None:
        """Record the end of the channel that an event of the server ends."""
        for join in self._joins:
            is_its = join.message.join_ref == message.join_ref
            if is_its and join.attempt.connection is connection:
                self.end_channel(join)

    def channel(
        self, letter: str, topic: str | None, number: int | None = None
    ) -> Join:
        """Return the channel that an event of the server belongs to.

        Args:
            letter: The letter of the event, for the advice of an error.
            topic: Its topic; None if there is only one channel.
            number: The number of its join in the test, from 1.
        """
        self.connection()
        live = [it for it in self._joins if it.attempt.is_open and not it.is_over]
        if number is not None:
            sent = self._client.sent("J")[number - 1 : number]
            live = [it for it in live if it.message in [item.action for item in sent]]
        if topic is not None:
            live = [join for join in live if join.message.topic == topic]
        # A left channel still gets its end, if it is the only one.
        live = [join for join in live if not join.is_left] or live
        if len(live) == 1:
            return live[0]
        if not live:
            raise Impossible(f"the client has not joined {topic or 'a channel'}")
        topics = ", ".join(join.message.topic for join in live)
        raise Impossible(
            f"several channels are joined ({topics}): give the number of the join, as "
            f"in ({letter}2), or a topic, as in Says(event, payload, topic)"
        )
