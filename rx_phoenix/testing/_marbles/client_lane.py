"""The client's lane: its actions, compared with the expected ones."""

from collections.abc import Iterable, Mapping, Sequence
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
"""An action of the client; a message is one that it sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Actual:
    """An action that the client took.

    Attributes:
        time: Its time, in seconds of the test's clock.
        action: The action.
        attempt: The attempt to connect that it belongs to.
    """

    time: float
    action: Action
    attempt: FakeAttempt


class Expected:
    """A letter of an expected lane; equal to each action that it means."""

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
    """All actions of the client, in order.

    Args:
        letters: The meanings of its letters.

    Attributes:
        letters: The meanings of its letters; custom letters come first.
        done: Its actions.
    """

    def __init__(self, letters: Mapping[str, ClientLetter] = CLIENT_LETTERS) -> None:
        self.letters: dict[str, ClientLetter] = dict(letters)
        self.done: list[Actual] = []

    def add_letter(self, letter: str, meaning: ClientLetter) -> None:
        """Add a custom letter before all others."""
        others = {name: old for name, old in self.letters.items() if name != letter}
        self.letters = {letter: meaning, **others}

    def means(self, letter: str, action: Action) -> bool:
        """Return True if a letter means an action."""
        return self._expected(letter) == action

    def may_mean(self, letter: str, action: Action) -> bool:
        """Return True if a letter means an action, whatever its payload."""
        meaning = self.letters[letter]
        if isinstance(meaning, Sends):
            return isinstance(action, Message) and meaning.fits_kind(action)
        return meaning == action

    def sent(self, letter: str) -> list[Actual]:
        """Return the actions that a letter means."""
        return [item for item in self.done if self.means(letter, item.action)]

    def compare(
        self, lane: Lane, server: Events, *, since: float = 0.0, tick: float = TICK
    ) -> list[str]:
        """Explain the first difference from a lane, as lines; none if there is none.

        Args:
            lane: The expected lane.
            server: The actions of the server, for the drawing.
            since: The start of the lane, in seconds of the test's clock.
            tick: Seconds of one character.
        """
        expected = [(mark.time, self._expected(mark.letter)) for mark in lane.marks]
        actual = [
            (round(item.time - since, 9), item.action)
            for item in self.done
            if item.time >= since
        ]
        at = first_difference(expected, actual)
        if at is None:
            return []
        lanes = {
            "server": [
                (round(time - since, 9), letter)
                for time, letter in server
                if time >= since
            ],
            "expected": [(time, letter.letter) for time, letter in expected],
            "actual": self.drawn(actual, [letter for _, letter in expected]),
        }
        details = {
            "expected": [str(letter) for time, letter in expected if time == at],
            "actual": [self.describe(action) for time, action in actual if time == at],
        }
        return show(lanes, at, details, tick)

    def drawn(
        self, actual: Sequence[tuple[float, Action]], expected: Iterable[Expected] = ()
    ) -> Events:
        """Write actions as letters; use the expected letter where it matches."""
        return [
            (item[0], letter.letter if letter == item[1] else self.letter_of(item[1]))
            for item, letter in zip_longest(actual, expected)
            if item is not None
        ]

    def letter_of(self, action: Action) -> str:
        """Return the first letter that means an action."""
        return next(letter for letter in self.letters if self.means(letter, action))

    def describe(self, action: Action) -> str:
        """Describe an action in one line."""
        text = frame_text(action) if isinstance(action, Message) else str(action)
        return f"{self.letter_of(action)}  {text}"

    def _expected(self, letter: str) -> Expected:
        return Expected(letter, self.letters[letter])


def frame_text(message: Message) -> str:
    """Format a message as protocol 2 encodes it.

    >>> frame_text(Message("1", "2", "room:1", "ping", {"n": 1}))
    '["1","2","room:1","ping",{"n":1}]'
    """
    return msgspec.json.encode(message, enc_hook=repr).decode()
