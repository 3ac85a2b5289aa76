"""What a stream said and when, and how that compares with marbles."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, overload

from reactivex import Observable, abc

from rx_phoenix.testing._marbles.diff import first_difference, show
from rx_phoenix.testing._marbles.drawing import draw_lane
from rx_phoenix.testing._marbles.notification import (
    Completed,
    Failed,
    Next,
    Notification,
    Recorded,
)
from rx_phoenix.testing._marbles.parser import TICK, parse
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Error", "Marbles", "Moments", "Recording", "explain", "read"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""

Error = Exception | type[Exception]
"""An error, or the class that it must have."""

ENDS = {"|": "completed", "#": "error"}

UNKNOWN = "?"
"""Stands for a value that no letter means."""


class Moments(Sequence[Recorded]):
    """Notifications in the order of time.

    Args:
        recorded: The notifications.
        tick: Seconds of one character, for drawings.
    """

    def __init__(self, recorded: Sequence[Recorded] = (), tick: float = TICK) -> None:
        self._recorded = list(recorded)
        self.tick = tick

    @overload
    def __getitem__(self, index: int) -> Recorded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recorded]: ...
    def __getitem__(self, index: int | slice) -> Recorded | Sequence[Recorded]:
        return self._recorded[index]

    def __len__(self) -> int:
        return len(self._recorded)

    def __iter__(self) -> Iterator[Recorded]:
        return iter(self._recorded)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Moments):
            return NotImplemented
        # Letters know what they equal, so that an expectation is asked first.
        if isinstance(other, Marbles):
            return list(other) == list(self)
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def drawn(self) -> list[tuple[float, str]]:
        """The notifications as letters of a drawing."""
        return [(time, letter_of(said)) for time, said in self]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {draw_lane(self.drawn(), self.tick)!r}>"


class Marbles(Moments):
    """What a test expects of a stream.

    Args:
        recorded: The notifications.
        letters: The letter of each.
        names: The value of every letter that the lane could have used.
        tick: Seconds of one character.

    Attributes:
        names: As given.
        end: Seconds from the start to the end of the lane.
    """

    def __init__(
        self,
        recorded: Sequence[Recorded],
        letters: Sequence[str],
        names: Mapping[str, object],
        *,
        end: float,
        tick: float = TICK,
    ) -> None:
        super().__init__(recorded, tick)
        self.names = names
        self.end = end
        self._letters = letters

    def drawn(self) -> list[tuple[float, str]]:
        """The notifications as letters of a drawing."""
        times = (time for time, _ in self)
        return list(zip(times, self._letters, strict=True))

    def read(self, actual: Moments) -> list[tuple[float, str]]:
        """Other notifications in letters of this lane.

        Of several letters with one value, it is the one that was expected.
        """
        pairs = zip_longest(self._letters, self, actual)
        return [
            (
                moment[0],
                letter if wanted == moment else letter_of(moment[1], self.names),
            )
            for letter, wanted, moment in pairs
            if moment is not None
        ]


class Recording(Moments):
    """Subscribes to a stream, and keeps what it says and when.

    It equals what `Phx.marbles` reads if everything that was said, and when, does.

    Args:
        stream: The stream.
        scheduler: The test's clock; the stream's operators take their time from it.
        tick: Seconds of one character, for drawings.
    """

    def __init__(
        self, stream: Observable[Any], scheduler: VirtualScheduler, tick: float = TICK
    ) -> None:
        super().__init__(tick=tick)
        self._scheduler = scheduler
        self._subscription: abc.DisposableBase = stream.subscribe(
            lambda value: self._keep(Next(value)),
            lambda error: self._keep(Failed(error)),
            lambda: self._keep(Completed()),
            scheduler=scheduler,
        )

    def _keep(self, notification: Notification) -> None:
        self._recorded.append(Recorded(self._scheduler.clock, notification))

    @property
    def values(self) -> list[Any]:
        """The values alone."""
        return [
            notification.value
            for _, notification in self
            if isinstance(notification, Next)
        ]

    @property
    def error(self) -> Exception | None:
        """What the stream failed with; None if it did not."""
        errors = [said.error for _, said in self if isinstance(said, Failed)]
        return errors[0] if errors and isinstance(errors[0], Exception) else None

    @property
    def is_completed(self) -> bool:
        """Whether the stream completed."""
        return any(isinstance(said, Completed) for _, said in self)

    def dispose(self) -> None:
        """Unsubscribe."""
        self._subscription.dispose()


def read(
    text: str,
    values: Mapping[str, object] | None,
    error: Error,
    *,
    tick: float = TICK,
    zero: bool = False,
) -> Marbles:
    """Read a lane of values.

    Args:
        text: The lane.
        values: The values of its letters; None if they stand for themselves.
        error: What ``#`` is.
        tick: Seconds of one character.
        zero: Whether a ``^`` in it is where its time begins.

    Raises:
        MarbleError: It cannot be read.
    """
    known = None if values is None else legend(values, zero=zero)
    lane = parse(text, known, tick=tick)
    start = next((mark.time for mark in lane.marks if zero and mark.letter == "^"), 0.0)
    marks = [mark for mark in lane.marks if not (zero and mark.letter == "^")]
    for mark in marks[:-1]:
        if mark.letter in ENDS:
            raise lane.error(mark.column, "a stream says nothing after its end")
    names = values or {mark.letter: mark.letter for mark in marks}

    def said(letter: str) -> Notification:
        if letter == "|":
            return Completed()
        return Failed(error) if letter == "#" else Next(names[letter])

    return Marbles(
        [Recorded(round(mark.time - start, 9), said(mark.letter)) for mark in marks],
        [mark.letter for mark in marks],
        names,
        end=round(lane.end - start, 9),
        tick=tick,
    )


def legend(values: Mapping[str, object], *, zero: bool) -> Mapping[str, str]:
    """The letters that a value lane may use, with what they mean."""
    meanings = {letter: repr(value) for letter, value in values.items()}
    return meanings | ENDS | ({"^": "now"} if zero else {})


def letter_of(said: Notification, names: Mapping[str, object] | None = None) -> str:
    """The letter of a notification: the first whose value it is."""
    if isinstance(said, Next):
        fitting = (name for name, value in (names or {}).items() if value == said.value)
        return next(fitting, UNKNOWN)
    return "#" if isinstance(said, Failed) else "|"


def explain(actual: Moments, expected: Marbles) -> list[str]:
    """Why they are not equal, as lines; none if they are."""
    at = first_difference(expected, actual)
    if at is None:
        return []
    lanes = {"expected": expected.drawn(), "actual": expected.read(actual)}
    details = {
        name: [
            f"{letter}  {text(said)}"
            for (time, letter), (_, said) in zip(lanes[name], moments, strict=True)
            if time == at
        ]
        for name, moments in (("expected", expected), ("actual", actual))
    }
    return show(lanes, at, details, expected.tick)


def text(said: Notification) -> str:
    """A notification in words."""
    if isinstance(said, Next):
        return repr(said.value)
    return repr(said.error) if isinstance(said, Failed) else "completed"
