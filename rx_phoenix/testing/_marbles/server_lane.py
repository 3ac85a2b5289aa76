"""The server's lane: the fake server acts only as its letters direct."""

from collections.abc import Callable, Iterator
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
from rx_phoenix.testing._marbles.diff import edge, lines_of, show
from rx_phoenix.testing._marbles.drawing import draw
from rx_phoenix.testing._marbles.parser import TICK, Lane
from rx_phoenix.testing._marbles.recording import UNKNOWN
from rx_phoenix.testing._marbles.server_state import Impossible, Join, ServerState
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeAttempt, FakeConnection
from rx_phoenix.testing._transports.frames import message_from_client

__all__ = ["Done", "LaneError", "ServerLane"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""


class LaneError(AssertionError):
    """A letter of the server's lane is impossible at its instant."""

    __module__ = "rx_phoenix.testing"  # the name that a failed test shows


LATEST = 8
"""The number of events of each lane in the error of an endless wait."""


@dataclass(frozen=True, slots=True)
class Done:
    """An action of the server.

    Attributes:
        time: Its time, in seconds of the test's clock.
        letter: The letter.
        frame: The message or frame that was sent; None if none was.
        call_site: The call that played the lane; None for an automatic answer.
    """

    time: float
    letter: str
    frame: Message | Frame | None
    call_site: CallSite | None

    def __str__(self) -> str:
        if self.frame is None:
            return self.letter
        if isinstance(self.frame, Message):
            return f"{self.letter}  {frame_text(self.frame)}"
        return f"{self.letter}  {self.frame!r}"


class ServerLane:
    """A player of letters on the connections of a fake transport.

    Args:
        client: The client's lane.
        scheduler: The test's clock.

    Attributes:
        client: As given.
        letters: The meanings of its letters.
        done: Its actions.
        call_site: The call that plays the lane.
        tick: Seconds of one character, for drawings.
    """

    def __init__(self, client: ClientLane, scheduler: VirtualScheduler) -> None:
        self.letters: dict[str, ServerLetter] = dict(SERVER_LETTERS)
        self.done: list[Done] = []
        self._undelivered: list[Done] = []
        self._received: set[str] = set()
        self.call_site: CallSite | None = None
        self.tick = TICK
        self.client = client
        self._scheduler = scheduler
        self._state = ServerState(client)
        self._auto_answers: dict[str, str] = {}

    def watch(
        self, attempt: FakeAttempt, action: Connects | Disconnects | Frame
    ) -> None:
        """Record an action of the client, and answer it if that is automatic."""
        is_frame = isinstance(action, str | bytes)
        item = Actual(
            self._scheduler.clock,
            message_from_client(action, attempt.serializer) if is_frame else action,
            attempt,
        )
        self.client.done.append(item)
        self._state.record(item)
        self._schedule_answer(item)

    def played(self, letter: str) -> Iterator[Message | Frame | None]:
        """Yield what a letter has sent."""
        return (done.frame for done in self.done if done.letter == letter)

    def auto_answer(self, to: str, by: str | None) -> None:
        """Answer a client letter automatically, and all that are unanswered now.

        Args:
            to: The client letter.
            by: The server letter that answers; None for the one that answers ``ok``.

        Raises:
            UsageError: The server letter does not answer it, or none does.
        """
        fitting = [
            letter
            for letter, meaning in self.letters.items()
            if (by is None and is_ok(meaning, to)) or letter == by
        ]
        if not fitting or not is_answer(self.letters[fitting[0]], to):
            which = "no letter" if by is None else f"no letter {by!r}"
            raise UsageError(f"{which} of the server lane answers {to!r}")
        self._auto_answers[to] = fitting[0]
        for item in self._state.unanswered():
            self._schedule_answer(item)

    def _schedule_answer(self, item: Actual) -> None:
        """Answer automatically at the end of this instant, not in the client's call."""
        if any(self.client.may_mean(to, item.action) for to in self._auto_answers):
            self._scheduler.loop.call_idle(partial(self._auto_answer, item))

    def _auto_answer(self, item: Actual) -> None:
        """Answer unless the lane has done so meanwhile or the connection is gone."""
        letters = self._auto_answers.items()
        matches = (by for to, by in letters if self.client.means(to, item.action))
        letter = next(matches, None)
        if letter is None:
            return
        meaning = self.letters[letter]
        if isinstance(meaning, Answers):
            if item.attempt.is_open and self._state.is_unanswered(item):
                self._answer(letter, meaning, item)
        elif item.attempt.is_pending:
            self._settle(letter, meaning, item.attempt)

    def play(self, letter: str, number: int | None = None) -> None:
        """Perform a letter.

        Args:
            letter: The letter.
            number: The number of the client's action that it concerns, from 1: of an
                attempt for a connection's start and end, of a join for events of a
                channel. None for the oldest unanswered one.

        Raises:
            LaneError: The letter is impossible now.
        """
        try:
            self._play(letter, self.letters[letter], number)
        except Impossible as reason:
            raise LaneError(self._explain(letter, reason)) from None

    def _play(self, letter: str, meaning: ServerLetter, number: int | None) -> None:
        state = self._state
        match meaning:
            case Opens() | Fails():
                self._settle(letter, meaning, state.pending(number))
            case Closes(code, reason):
                connection = state.connection(number)
                self._record(letter)
                connection.close_from_server(code, reason)
            case Answers(to):
                self._answer(letter, meaning, state.request_of(to, number))
            case Says(_, _, topic):
                self._send(letter, meaning, state.channel(letter, topic, number))
            case frame:
                connection = state.connection(number)
                self._record(letter, frame)
                connection.receive(frame)

    def compare(self, expected: Lane, *, since: float = 0.0) -> list[str]:
        """Explain the client's first difference from a lane; see `ClientLane.compare`.

        Args:
            expected: The lane.
            since: Its start, in seconds of the test's clock.
        """
        lines = self.client.compare(expected, self.drawn(), since=since, tick=self.tick)
        return [*lines, *edge(self._scheduler)] if lines else []

    # By hand.

    def answer_by_hand(self, reply: Message, item: Actual) -> None:
        """Send a reply to a message, whether or not it is the first."""
        outcome = reply.reply
        assert outcome is not None, "only replies answer"
        if self._state.is_unanswered(item):
            self._state.mark_answered(item, outcome.status)

        def fits(meaning: ServerLetter) -> bool:
            if not isinstance(meaning, Answers) or meaning.status != outcome.status:
                return False
            return self.client.may_mean(meaning.to, item.action)

        self._record(self._letter(fits), reply)
        connection_of(item.attempt).deliver(reply)

    def say_by_hand(self, message: Message, connection: FakeConnection) -> None:
        """Send a message on a connection that may be gone."""
        if message.event in {CLOSE, ERROR}:
            self._state.end_join(message, connection)

        def fits(meaning: ServerLetter) -> bool:
            return isinstance(meaning, Says) and meaning.event == message.event

        self._record(self._letter(fits), message)
        connection.deliver(message)

    def close_by_hand(self, code: int, reason: str, connection: FakeConnection) -> None:
        """Close a connection that may have ended."""

        def fits(meaning: ServerLetter) -> bool:
            return isinstance(meaning, Closes) and meaning.code == code

        self._record(self._letter(fits, otherwise="x"))
        connection.end(code, reason)

    def _letter(
        self, fits: Callable[[ServerLetter], bool], otherwise: str = UNKNOWN
    ) -> str:
        """Return the first letter with a fitting meaning, for drawings."""
        letters = self.letters.items()
        return next((letter for letter, meaning in letters if fits(meaning)), otherwise)

    def _record(self, letter: str, frame: Message | Frame | None = None) -> Done:
        done = Done(self._scheduler.clock, letter, frame, self.call_site)
        self.done.append(done)
        return done

    def _settle(self, letter: str, meaning: ServerLetter, attempt: FakeAttempt) -> None:
        self._record(letter)
        if isinstance(meaning, Fails):
            attempt.fail(fresh(meaning.error))
        else:
            attempt.open()

    def _answer(self, letter: str, answer: Answers, item: Actual) -> None:
        request = item.action
        assert isinstance(request, Message), "only messages are answered"
        self._state.mark_answered(item, answer.status)
        is_computed = callable(answer.response)
        response = answer.response(request) if is_computed else answer.response
        payload = {"status": answer.status, "response": response}
        reply = Message(request.join_ref, request.ref, request.topic, REPLY, payload)
        self._record(letter, reply)
        connection_of(item.attempt).receive(reply)

    def _send(self, letter: str, meaning: Says, join: Join) -> None:
        payload, series = meaning.payload, meaning.series
        if series is not None:
            payload = next(series, series)
            if payload is series:
                raise Impossible("its payloads have all been played")
        is_lifecycle = meaning.event in {CLOSE, ERROR}
        if is_lifecycle:
            self._state.end_channel(join)
        join_ref, topic = join.message.join_ref, join.message.topic
        ref = join_ref if is_lifecycle else None
        message = Message(join_ref, ref, topic, meaning.event, payload)
        done = self._record(letter, message)
        with watch_deliveries() as deliveries:
            connection_of(join.attempt).receive(message)
        if deliveries:
            self._received.add(letter)
        elif not (message.event in LIFECYCLE or join.is_left):
            self._undelivered.append(done)

    @property
    def undelivered(self) -> list[Done]:
        """The events of letters that never had a subscriber.

        Once one event of a letter was delivered, its later ones need no subscriber: a
        callback may have been removed. Raw messages never need one: they may belong to
        an older join.
        """
        return [done for done in self._undelivered if done.letter not in self._received]

    def drawn(self) -> list[tuple[float, str]]:
        """Return the actions as letters of a drawing."""
        return [(done.time, done.letter) for done in self.done]

    def _explain(self, letter: str, reason: Impossible) -> str:
        now = self._scheduler.clock
        done = [(item.time, item.action) for item in self.client.done]
        lanes = self._lanes()
        lanes["server"].append((now, letter))
        last = [self.client.describe(action) for time, action in done if time == now]
        lines = show(lanes, now, {"client": last} if last else {}, self.tick)
        meaning = meaning_of(self.letters[letter])
        return "\n".join([f"{letter!r} ({meaning}) is impossible: {reason}", *lines])

    def _lanes(self) -> dict[str, list[tuple[float, str]]]:
        done = [(item.time, item.action) for item in self.client.done]
        return {"server": self.drawn(), "client": [*self.client.drawn(done)]}

    def last_lines(self) -> list[str]:
        """Draw the latest events of both lanes."""
        lanes = {name: events[-LATEST:] for name, events in self._lanes().items()}
        return lines_of(draw(lanes, self.tick), width=6)


def is_answer(meaning: ServerLetter, to: str) -> bool:
    """Return True if a server letter answers a client letter."""
    if to == "*":
        return isinstance(meaning, Opens | Fails)
    return isinstance(meaning, Answers) and meaning.to == to


def is_ok(meaning: ServerLetter, to: str) -> bool:
    """Return True if a server letter accepts a client letter."""
    is_refusal = isinstance(meaning, Fails) or (
        isinstance(meaning, Answers) and meaning.status != OK
    )
    return is_answer(meaning, to) and not is_refusal


def connection_of(attempt: FakeAttempt) -> FakeConnection:
    """Return the connection of an attempt that opened."""
    assert attempt.connection is not None, "frames need an open attempt"
    return attempt.connection


LIFECYCLE = frozenset({CLOSE, ERROR, REPLY})
"""Events that a channel handles itself, with or without subscribers."""
