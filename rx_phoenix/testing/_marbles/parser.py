"""Time as text: one character is a tick.

==========  =================================================================
``-``       a tick in which nothing happens
``a``       a letter: an event, which takes one tick
``(ab)``    both events at one instant, which takes one tick
`` 30s ``   a jump, between blanks; ``ms``, ``s``, ``m`` and ``h`` are units
blanks      are ignored, so that lanes can be aligned
==========  =================================================================

Each lane defines its letters.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from rx_phoenix._protocol.checks import check_instance
from rx_phoenix.errors import UsageError

__all__ = ["TICK", "Lane", "MarbleError", "Mark", "check_letters", "duration", "parse"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""

TICK = 0.1
"""Seconds of one character, by default."""

Letters = Mapping[str, str] | None
"""The letters of a lane with short descriptions; None allows any letter."""

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
RESERVED = frozenset("-() ")

TOKEN = re.compile(
    r"(?P<jump>\d+(?:\.\d+)?(?:ms|s|m|h)(?![a-z])|(?<!\S)\d+(?:\.\d+)?[A-Za-z]+(?!\S))"
    r"|(?P<group>\([^()]*\))"
    r"|(?P<blank>\s+)"
    r"|(?P<letter>.)"
)


class MarbleError(UsageError):
    """A marble string is invalid; the message points at the place."""

    __module__ = "rx_phoenix.testing"  # the name that a failed test shows


class Mark(NamedTuple):
    """One letter of a lane.

    Attributes:
        time: Seconds from the start of the lane.
        letter: The letter.
        column: Its column in the text.
        number: The number after it; None without one.
    """

    time: float
    letter: str
    column: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A parsed marble string.

    Attributes:
        text: The string.
        marks: Its letters, in the order of time.
        end: Seconds from its start to its end.
        ends_in_jump: True if it ends in a jump: the instant of its end is part of it.
    """

    text: str
    marks: tuple[Mark, ...]
    end: float
    ends_in_jump: bool = False

    def error(self, column: int, problem: str) -> MarbleError:
        """Return an error that points at a column."""
        return MarbleError(f"{problem}\n\n{pointer(self.text, column)}")


def parse(
    text: str,
    letters: Letters = None,
    *,
    tick: float = TICK,
    numbered: bool = False,
) -> Lane:
    """Parse a marble string.

    Args:
        text: The string.
        letters: The letters it may use.
        tick: Seconds of one character.
        numbered: True if a letter of a group may be followed by a number.

    Raises:
        MarbleError: The string is invalid.
        UsageError: It is not text.

    >>> [(mark.time, mark.letter) for mark in parse("-a(bc) 1.5s d").marks]
    [(0.1, 'a'), (0.2, 'b'), (0.2, 'c'), (1.8, 'd')]
    """
    check_instance("a lane", text, str, "text such as '-oj-'")
    reader = Reader(text, letters, tick, numbered=numbered)
    for token in TOKEN.finditer(text):
        reader.read(token)
    return Lane(text, tuple(reader.marks), reader.time, reader.ends_in_jump)


class Reader:
    """A parser of one string, fed token by token."""

    def __init__(
        self, text: str, letters: Letters, tick: float, *, numbered: bool
    ) -> None:
        self.marks: list[Mark] = []
        self.time = 0.0
        self.ends_in_jump = False
        self._text = text
        self._letters = letters
        self._tick = tick
        self._numbered = numbered

    def read(self, token: re.Match[str]) -> None:
        """Process the next token."""
        if token.lastgroup != "blank":
            self.ends_in_jump = token.lastgroup == "jump"
        match token.lastgroup:
            case "jump":
                self._jump(token)
            case "group":
                self._group(token)
            case "letter":
                self._letter(token[0], token.start())
            case _:
                pass  # a blank

    def _pass(self, seconds: float) -> None:
        self.time = round(self.time + seconds, 9)

    def _jump(self, token: re.Match[str]) -> None:
        start, end = token.span()
        number, unit = re.match(r"([\d.]+)(.*)", token[0]).groups()  # type: ignore[union-attr]
        if unit not in UNITS:
            self._fail(
                start,
                f"{token[0]!r} is not a duration: write 250ms, 30s, 5m or 1h, or "
                "put blanks between letters",
            )
        around = self._text[start - 1 : start] + self._text[end : end + 1]
        if around.strip():
            self._fail(start, f"a jump needs blanks around it: ' {token[0]} '")
        self._pass(float(number) * UNITS[unit])

    def _group(self, token: re.Match[str]) -> None:
        start = token.start() + 1
        pattern = r"(.)(\d*)" if self._numbered else r"(.)()"
        found = list(re.finditer(pattern, token[0][1:-1]))
        letters = [match for match in found if match[1].strip()]
        if not letters:
            self._fail(token.start(), "a group needs a letter")
        for match in letters:
            number = int(match[2]) if match[2] else None
            self._mark(match[1], start + match.start(), number)
        self._pass(self._tick)

    def _letter(self, letter: str, column: int) -> None:
        if letter == "(":
            self._fail(column, "this group is never closed")
        if letter == ")":
            self._fail(column, "no group is open here")
        if letter != "-":
            self._mark(letter, column)
        self._pass(self._tick)

    def _mark(self, letter: str, column: int, number: int | None = None) -> None:
        if letter == "-":
            self._fail(column, "a group is one instant: remove the '-'")
        if self._letters is not None and letter not in self._letters:
            self._fail(column, f"{letter!r} is not a letter of this lane")
        self.marks.append(Mark(self.time, letter, column, number))

    def _fail(self, column: int, problem: str) -> NoReturn:
        lines = [f"{problem}\n", pointer(self._text, column)]
        if self._letters is not None:
            lines.append(f"the letters are\n{legend(self._letters)}")
        raise MarbleError("\n".join(lines))


def pointer(text: str, column: int) -> str:
    """Return a marble string with a caret under a column."""
    return f"    {text}\n    {' ' * column}^"


def legend(letters: Mapping[str, str]) -> str:
    """List letters with their meanings, one a line."""
    return "\n".join(f"    {letter}  {meaning}" for letter, meaning in letters.items())


def check_letters(letters: Collection[str]) -> None:
    """Reject strings that cannot be letters.

    Raises:
        UsageError: A string is not one character, or has a syntactic meaning.
    """
    for letter in letters:
        if len(letter) != 1 or letter in RESERVED or letter.isdigit():
            raise UsageError(
                f"{letter!r} cannot be a letter: use one character other than '-', "
                "'(', ')', a blank or a digit"
            )


def duration(seconds: float) -> str:
    """Format a duration in the syntax of a lane.

    >>> duration(0.9), duration(0.05), duration(90)
    ('0.9s', '50ms', '90s')
    """
    if seconds < 1 and round(seconds / TICK, 9) % 1:
        return f"{round(seconds * 1000, 6):g}ms"
    return f"{round(seconds, 9):.12g}s"
