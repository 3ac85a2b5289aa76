"""The server's lane: the fake server does what its letters say, and nothing else."""

from dataclasses import dataclass
from functools import partial

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CLOSE, ERROR, OK, REPLY
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.failure import fresh
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._leaks.call_site import CallSite
from rx_phoenix.testing._leaks.tracing import watch_deliveries
from rx_phoenix.testing._marbles.actions import (
    SERVER_LETTERS,
    Answers,
    Closes,
    Connects,
    Disconnects,
    Fails,
    Opens,
    Says,
    ServerLetter,
    meaning_of,
)
from rx_phoenix.testing._marbles.client_lane import Actual, ClientLane, frame_text
from rx_phoenix.testing._marbles.diff import show
from rx_phoenix.testing._marbles.parser import TICK
from rx_phoenix.testing._marbles.server_state import Impossible, Join, Ledger
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeAttempt, FakeConnection
from rx_phoenix.testing._transports.frames import message_from_client

__all__ = ["Done", "LaneError", "ServerLane"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""


class LaneError(AssertionError):
    """The server's lane says something that cannot happen at that instant."""

    __module__ = "rx_phoenix.testing"  # the name that a failed test shows


@dataclass(frozen=True, slots=True)
class Done:
    """Something the server did.

    Attributes:
        time: When, in seconds of the test's clock.
        letter: The letter.
        frame: What it sent; None if it sent nothing.
        origin: Who made it play its lane; None if it did so unasked.
    """

    time: float
    letter: str
    frame: Message | Frame | None
    origin: CallSite | None

    def __str__(self) -> str:
        if self.frame is None:
            return self.letter
        if isinstance(self.frame, Message):
            return f"{self.letter}  {frame_text(self.frame)}"
        return f"{self.letter}  {self.frame!r}"


class ServerLane:
    """Plays letters on the connections of a fake transport.

    Args:
        client: The client's lane.
        scheduler: The test's clock.

    Attributes:
        letters: What its letters mean.
        done: What it did.
        origin: Who makes it play its lane.
        tick: Seconds of one character, for drawings.
    """

    def __init__(self, client: ClientLane, scheduler: VirtualScheduler) -> None:
        self.letters: dict[str, ServerLetter] = dict(SERVER_LETTERS)
        self.done: list[Done] = []
        self._untaken: list[Done] = []
        self._heard: set[str] = set()
        self.origin: CallSite | None = None
        self.tick = TICK
        self._client = client
        self._scheduler = scheduler
        self._ledger = Ledger(client)
        self._unasked: dict[str, str] = {}

    def watch(
        self, attempt: FakeAttempt, action: Connects | Disconnects | Frame
    ) -> None:
        """Take note of something the client does."""
        is_frame = isinstance(action, str | bytes)
        did = Actual(
            self._scheduler.clock,
            message_from_client(action, attempt.serializer) if is_frame else action,
            attempt,
        )
        self._client.done.append(did)
        self._ledger.note(did)
        self._answer_if_unasked(did)

    def answer_unasked(self, to: str, by: str | None) -> None:
        """Answer a letter of the client's from now on, and what waits already.

        Args:
            to: The client's letter.
            by: The server's letter that answers; the one that says ``ok`` if None.

        Raises:
            UsageError: The server's letter does not answer it, or there is none.
        """
        fitting = [
            letter
            for letter, meaning in self.letters.items()
            if (by is None and is_ok(meaning, to)) or letter == by
        ]
        if not fitting or not is_answer(self.letters[fitting[0]], to):
            which = "no letter" if by is None else f"{by!r}"
            raise UsageError(f"{which} of the server's lane answers {to!r}")
        self._unasked[to] = fitting[0]
        for did in self._ledger.waiting():
            self._answer_if_unasked(did)

    def _answer_if_unasked(self, did: Actual) -> None:
        for to, letter in self._unasked.items():
            if self._client.means(to, did.action):
                answer = partial(self._answer_unasked, letter, did)
                self._scheduler.loop.call_idle(answer)
                return

    def _answer_unasked(self, letter: str, did: Actual) -> None:
        """Answer, unless the lane did so meanwhile, or it is too late."""
        meaning = self.letters[letter]
        if isinstance(meaning, Answers):
            if did.attempt.is_open and self._ledger.is_owed(did):
                self._answer(letter, meaning, did)
        elif did.attempt.is_pending:
            self._decide(letter, meaning, did.attempt)

    def play(self, letter: str, number: int | None = None) -> None:
        """Do what a letter says.

        Args:
            letter: The letter.
            number: Which of what the client did it is about, counting from 1 that of
                its letter: attempts for what opens and ends a connection, joins for
                what a channel says. None for the oldest that waits.

        Raises:
            LaneError: It cannot happen now.
        """
        try:
            self._play(letter, self.letters[letter], number)
        except Impossible as reason:
            raise LaneError(self._explain(letter, reason)) from None

    def _play(self, letter: str, meaning: ServerLetter, number: int | None) -> None:
        ledger = self._ledger
        match meaning:
            case Opens() | Fails():
                self._decide(letter, meaning, ledger.pending(number))
            case Closes(code, reason):
                connection = ledger.connection(number)
                self._note(letter)
                connection.close_from_server(code, reason)
            case Answers(to):
                self._answer(letter, meaning, ledger.asked(to, number))
            case Says(_, _, topic):
                self._say(letter, meaning, ledger.channel(topic, number))
            case frame:
                connection = ledger.connection(number)
                self._note(letter, frame)
                connection.receive(frame)

    def _note(self, letter: str, frame: Message | Frame | None = None) -> Done:
        done = Done(self._scheduler.clock, letter, frame, self.origin)
        self.done.append(done)
        return done

    def _decide(self, letter: str, meaning: ServerLetter, attempt: FakeAttempt) -> None:
        self._note(letter)
        if isinstance(meaning, Fails):
            attempt.fail(fresh(meaning.error))
        else:
            attempt.open()

    def _answer(self, letter: str, answer: Answers, did: Actual) -> None:
        asked = did.action
        assert isinstance(asked, Message), "only messages are owed an answer"
        self._ledger.answered(did, answer.status)
        payload = {"status": answer.status, "response": answer.response}
        reply = Message(asked.join_ref, asked.ref, asked.topic, REPLY, payload)
        self._note(letter, reply)
        connection_of(did.attempt).receive(reply)

    def _say(self, letter: str, says: Says, join: Join) -> None:
        is_lifecycle = says.event in {CLOSE, ERROR}
        if is_lifecycle:
            self._ledger.ended(join)
        join_ref, topic = join.message.join_ref, join.message.topic
        ref = join_ref if is_lifecycle else None
        message = Message(join_ref, ref, topic, says.event, says.payload)
        done = self._note(letter, message)
        with watch_deliveries() as taken:
            connection_of(join.attempt).receive(message)
        if taken:
            self._heard.add(letter)
        elif not (message.event in LIFECYCLE or join.is_left):
            self._untaken.append(done)

    @property
    def untaken(self) -> list[Done]:
        """What its channels said and nobody ever listened to.

        A letter that somebody heard once may fall on deaf ears: of a callback that was
        removed, say. A whole frame may always: nobody shall hear one of an older join.
        """
        return [done for done in self._untaken if done.letter not in self._heard]

    def drawn(self) -> list[tuple[float, str]]:
        """What the server did as letters of a drawing."""
        return [(done.time, done.letter) for done in self.done]

    def _explain(self, letter: str, reason: Impossible) -> str:
        now = self._scheduler.clock
        done = [(did.time, did.action) for did in self._client.done]
        lanes = {
            "server": [*self.drawn(), (now, letter)],
            "client": self._client.drawn(done),
        }
        last = [self._client.describe(action) for time, action in done if time == now]
        lines = show(lanes, now, {"client": last} if last else {}, self.tick)
        meaning = meaning_of(self.letters[letter])
        return "\n".join([f"{letter!r} ({meaning}) cannot happen: {reason}", *lines])


def is_answer(meaning: ServerLetter, to: str) -> bool:
    """Whether a letter of the server's answers a letter of the client's."""
    if to == "*":
        return isinstance(meaning, Opens | Fails)
    return isinstance(meaning, Answers) and meaning.to == to


def is_ok(meaning: ServerLetter, to: str) -> bool:
    """Whether it answers in the affirmative."""
    is_refusal = isinstance(meaning, Fails) or (
        isinstance(meaning, Answers) and meaning.status != OK
    )
    return is_answer(meaning, to) and not is_refusal


def connection_of(attempt: FakeAttempt) -> FakeConnection:
    """The connection of an attempt that led to one."""
    assert attempt.connection is not None, "only an open attempt is spoken to"
    return attempt.connection


LIFECYCLE = frozenset({CLOSE, ERROR, REPLY})
"""What a channel takes for itself, whoever listens."""
