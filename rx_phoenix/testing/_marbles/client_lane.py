"""The client's lane: what the client did, and whether that was expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import msgspec

from rx_phoenix._protocol.message import Message
from rx_phoenix.testing._marbles.actions import (
    CLIENT_LETTERS,
    ClientLetter,
    Connects,
    Disconnects,
    Sends,
    meaning_of,
)
from rx_phoenix.testing._marbles.diff import first_difference, show
from rx_phoenix.testing._marbles.drawing import Events
from rx_phoenix.testing._marbles.parser import TICK, Lane
from rx_phoenix.testing._transports.fake import FakeAttempt

__all__ = ["Action", "Actual", "ClientLane", "Expected", "frame_text"]

Action = Connects | Disconnects | Message
"""What a client does; a message is one that it sends."""


@dataclass(frozen=True, slots=True, eq=False)
class Actual:
    """Something the client did.

    Attributes:
        time: When, in seconds of the test's clock.
        action: What it did.
        attempt: On which attempt to connect.
    """

    time: float
    action: Action
    attempt: FakeAttempt


class Expected:
    """A letter of an expected lane; it equals each action that it means."""

    def __init__(self, letter: str, meaning: ClientLetter) -> None:
        self.letter = letter
        self._meaning = meaning

    def __eq__(self, action: object) -> bool:
        if isinstance(self._meaning, Sends):
            return isinstance(action, Message) and self._meaning.fits(action)
        return self._meaning == action

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.letter}  {meaning_of(self._meaning)}"


class ClientLane:
    """Everything the client did, in order.

    Attributes:
        letters: What its letters mean; a test's own come first.
        done: What it did.
    """

    def __init__(self) -> None:
        self.letters: dict[str, ClientLetter] = dict(CLIENT_LETTERS)
        self.done: list[Actual] = []

    def add_letter(self, letter: str, meaning: ClientLetter) -> None:
        """Know a letter of the test's own, before all others."""
        others = {name: old for name, old in self.letters.items() if name != letter}
        self.letters = {letter: meaning, **others}

    def means(self, letter: str, action: Action) -> bool:
        """Whether a letter means something that the client did."""
        return self._wanted(letter) == action

    def sent(self, letter: str) -> list[Actual]:
        """Everything that a letter means."""
        return [did for did in self.done if self.means(letter, did.action)]

    def compare(
        self, lane: Lane, server: Events, *, since: float = 0.0, tick: float = TICK
    ) -> list[str]:
        """Why the client did something else than a lane says, as lines; none if not.

        Args:
            lane: What was expected.
            server: What the server did, for the drawing.
            since: When the lane begins, in seconds of the test's clock.
            tick: Seconds of one character.
        """
        wanted = [(mark.time, self._wanted(mark.letter)) for mark in lane.marks]
        actual = [
            (round(did.time - since, 9), did.action)
            for did in self.done
            if did.time >= since
        ]
        at = first_difference(wanted, actual)
        if at is None:
            return []
        lanes = {
            "server": [
                (round(time - since, 9), letter)
                for time, letter in server
                if time >= since
            ],
            "expected": [(time, letter.letter) for time, letter in wanted],
            "actual": self.drawn(actual, [letter for _, letter in wanted]),
        }
        details = {
            "expected": [str(letter) for time, letter in wanted if time == at],
            "actual": [self.describe(action) for time, action in actual if time == at],
        }
        return show(lanes, at, details, tick)

    def drawn(
        self, actual: Sequence[tuple[float, Action]], wanted: Iterable[Expected] = ()
    ) -> Events:
        """What the client did as letters, those that were expected where they fit."""
        return [
            (did[0], letter.letter if letter == did[1] else self.letter_of(did[1]))
            for did, letter in zip_longest(actual, wanted)
            if did is not None
        ]

    def letter_of(self, action: Action) -> str:
        """The first letter that means something that the client did."""
        return next(letter for letter in self.letters if self.means(letter, action))

    def describe(self, action: Action) -> str:
        """Something that the client did, in a line."""
        text = frame_text(action) if isinstance(action, Message) else str(action)
        return f"{self.letter_of(action)}  {text}"

    def _wanted(self, letter: str) -> Expected:
        return Expected(letter, self.letters[letter])


def frame_text(message: Message) -> str:
    """A message as protocol 2 writes it, for a reader.

    >>> frame_text(Message("1", "2", "room:1", "ping", {"n": 1}))
    '["1","2","room:1","ping",{"n":1}]'
    """
    return msgspec.json.encode(message, enc_hook=repr).decode()
