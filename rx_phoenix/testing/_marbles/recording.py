"""Recordings of streams, and their comparison with marbles."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from string import ascii_letters
from typing import Any, ClassVar, overload

from reactivex import Observable, abc

from rx_phoenix._protocol.checks import check_methods
from rx_phoenix.testing._leaks.call_site import CallSite
from rx_phoenix.testing._marbles.diff import edge, first_difference, show
from rx_phoenix.testing._marbles.drawing import draw_lane
from rx_phoenix.testing._marbles.notification import (
    Completed,
    Failed,
    Next,
    Notification,
    Recorded,
)
from rx_phoenix.testing._marbles.parser import TICK, Mark, parse
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = [
    "UNKNOWN",
    "Error",
    "Marbles",
    "Moments",
    "Recording",
    "as_marbles",
    "explain",
    "read",
]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""

Error = Exception | type[Exception]
"""An error or a class of errors."""

ENDS = {"|": "completed", "#": "error"}

UNKNOWN = "?"
"""Stands for a value without a letter."""


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
        # Letters define their equality, so the expectation is the left operand.
        if isinstance(other, Marbles):
            return list(other) == list(self)
        return list(self) == list(other)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    @property
    def has_ended(self) -> bool:
        """True once the stream completed or failed."""
        return any(is_end(notification) for _, notification in self._recorded)

    def drawn(self) -> list[tuple[float, str]]:
        """Return the notifications as letters of a drawing."""
        return [
            (time, letter_of(notification)) for time, notification in self._recorded
        ]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {draw_lane(self.drawn(), self.tick)!r}>"


class Marbles(Moments):
    """The expected notifications of a stream.

    Args:
        recorded: The notifications.
        letters: The letter of each.
        names: The value of each letter that the lane may use.
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
        """Return the notifications as letters of a drawing."""
        times = (time for time, _ in self)
        return list(zip(times, self._letters, strict=True))

    def read(self, actual: Moments) -> list[tuple[float, str]]:
        """Write other notifications in letters of this lane.

        If several letters have one value, the expected letter is used.
        """
        pairs = zip_longest(self._letters, self, actual)
        return [
            (
                moment[0],
                letter if expected == moment else letter_of(moment[1], self.names),
            )
            for letter, expected, moment in pairs
            if moment is not None
        ]


class Recording(Moments):
    """The notifications of a stream with their times; subscribes at once.

    It equals the result of `Phx.marbles` if all notifications and times do.

    Args:
        stream: The stream.
        scheduler: The test's clock; the stream's operators take their time from it.
        tick: Seconds of one character, for drawings.

    Attributes:
        call_site: The call that made it.
        is_read: True once the test has read any of it.
        is_end_read: True once the test has read how it ended.
    """

    def __init__(
        self, stream: Observable[Any], scheduler: VirtualScheduler, tick: float = TICK
    ) -> None:
        takes = "an Observable, such as channel.stream('new_msg')"
        check_methods("a recorded stream", stream, "subscribe", takes)
        super().__init__(tick=tick)
        self.call_site: CallSite = CallSite.here()
        self.is_read: bool = False
        self.is_end_read: bool = False
        self._scheduler = scheduler
        self._subscription: abc.DisposableBase = stream.subscribe(
            lambda value: self._keep(Next(value)),
            lambda error: self._keep(Failed(error)),
            lambda: self._keep(Completed()),
            scheduler=scheduler,
        )

    def _keep(self, notification: Notification) -> None:
        self._recorded.append(Recorded(self._scheduler.clock, notification))

    @overload
    def __getitem__(self, index: int) -> Recorded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recorded]: ...
    def __getitem__(self, index: int | slice) -> Recorded | Sequence[Recorded]:
        self.is_read = True
        moments = (
            self._recorded[index]
            if isinstance(index, slice)
            else [self._recorded[index]]
        )
        self.is_end_read |= any(is_end(event) for _, event in moments)
        return super().__getitem__(index)

    def __len__(self) -> int:
        self.is_read = True  # it does not show how the stream ended
        return super().__len__()

    def __iter__(self) -> Iterator[Recorded]:
        self._read()
        return super().__iter__()

    def _read(self) -> None:
        self.is_read = self.is_end_read = True

    @property
    def values(self) -> list[Any]:
        """The values without times."""
        self.is_read = True
        events = (event for _, event in self._recorded)
        return [event.value for event in events if isinstance(event, Next)]

    @property
    def error(self) -> Exception | None:
        """The error that the stream failed with; None if it did not fail."""
        self._read()
        return self.failure

    @property
    def is_completed(self) -> bool:
        """True once the stream completed."""
        self.is_read = True
        return any(isinstance(event, Completed) for _, event in self._recorded)

    @property
    def failure(self) -> Exception | None:
        """The same as `error`, which does not count as read by the test."""
        errors = [
            event.error for _, event in self._recorded if isinstance(event, Failed)
        ]
        return errors[0] if errors and isinstance(errors[0], Exception) else None

    def edge(self) -> list[str]:
        """Explain that timers are due now, at the end of a lane; none if none are."""
        return edge(self._scheduler)

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
    is_source: bool = False,
) -> Marbles:
    """Parse a lane of values.

    Args:
        text: The lane.
        values: The values of its letters; None if they stand for themselves.
        error: The error of ``#``.
        tick: Seconds of one character.
        zero: True if a ``^`` in it marks its time 0.
        is_source: True if a source plays it, which may go on after its end.

    Raises:
        MarbleError: The lane is invalid.
    """
    known = None if values is None else legend(values, zero=zero)
    lane = parse(text, known, tick=tick)
    start = next((mark.time for mark in lane.marks if zero and mark.letter == "^"), 0.0)
    marks = [mark for mark in lane.marks if not (zero and mark.letter == "^")]
    for mark in marks[:-1]:
        if mark.letter in ENDS and not is_source:
            raise lane.error(mark.column, "a stream emits nothing after its end")
    names = values or {mark.letter: mark.letter for mark in marks}

    def recorded(mark: Mark) -> Recorded:
        value = Failed(error) if mark.letter == "#" else Next(names.get(mark.letter))
        notification = Completed() if mark.letter == "|" else value
        return Recorded(round(mark.time - start, 9), notification)

    return Marbles(
        [recorded(mark) for mark in marks],
        [mark.letter for mark in marks],
        names,
        end=round(lane.end - start, 9),
        tick=tick,
    )


def as_marbles(recorded: Moments, shift: float) -> Marbles:
    """Return notifications as marbles with a letter for each value, shifted in time."""
    free = iter(ascii_letters)
    names: dict[str, object] = {}
    letters: list[str] = []
    for _, notification in recorded:
        letter = letter_of(notification, names)
        if letter == UNKNOWN and isinstance(notification, Next):
            letter = next((name for name in free if name not in names), UNKNOWN)
            names[letter] = notification.value
        letters.append(letter)
    moments = [Recorded(round(time + shift, 9), event) for time, event in recorded]
    return Marbles(moments, letters, names, end=0.0, tick=recorded.tick)


def legend(values: Mapping[str, object], *, zero: bool) -> Mapping[str, str]:
    """Return the letters that a value lane may use, with their meanings."""
    meanings = {letter: repr(value) for letter, value in values.items()}
    return meanings | ENDS | ({"^": "now"} if zero else {})


def is_end(event: Notification) -> bool:
    """Return True if a notification is the last of its stream."""
    return not isinstance(event, Next)


def letter_of(event: Notification, names: Mapping[str, object] | None = None) -> str:
    """Return the first letter with the value of a notification."""
    if isinstance(event, Next):
        named = (names or {}).items()
        return next((name for name, value in named if value == event.value), UNKNOWN)
    return "#" if isinstance(event, Failed) else "|"


def explain(actual: Moments, expected: Marbles) -> list[str]:
    """Explain the first difference, as lines; none if both are equal."""
    at = first_difference(expected, actual)
    if at is None:
        return []
    lanes = {"expected": expected.drawn(), "actual": expected.read(actual)}
    details = {
        name: [
            f"{letter}  {text(moment.notification)}"
            for (time, letter), moment in zip(lanes[name], moments, strict=True)
            if time == at
        ]
        for name, moments in (("expected", expected), ("actual", actual))
    }
    lines = show(lanes, at, details, expected.tick)
    return [*lines, *(actual.edge() if isinstance(actual, Recording) else [])]


def text(notification: Notification) -> str:
    """Describe a notification."""
    if isinstance(notification, Next):
        return repr(notification.value)
    return repr(notification.error) if isinstance(notification, Failed) else "completed"
