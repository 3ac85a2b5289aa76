"""Readable differences between expected and actual lanes."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from rx_phoenix.testing._marbles.drawing import Drawing, Events, draw
from rx_phoenix.testing._marbles.parser import TICK, duration
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["edge", "first_difference", "lines_of", "show"]

INDENT = "    "


def first_difference(
    expected: Iterable[tuple[float, object]], actual: Iterable[tuple[float, object]]
) -> float | None:
    """Return the first instant at which two lanes differ; None if they are equal.

    >>> first_difference([(1, "a"), (2, "b")], [(1, "a"), (3, "b")])
    2
    """
    for one, other in zip_longest(expected, actual):
        if one != other:
            return min(moment[0] for moment in (one, other) if moment is not None)
    return None


def edge(scheduler: VirtualScheduler) -> list[str]:
    """Explain that timers are due at the end of the lane, which do not run in it."""
    now = scheduler.clock
    if all(timer.when() > now for timer in scheduler.pending):
        return []
    due = duration(now)
    rule = "what is due at its end runs in the next one, unless it ends in a jump"
    return [f"due at {due}, the lane ended there: {rule}"]


def lines_of(drawing: Drawing, width: int) -> list[str]:
    """Return the lanes of a drawing as lines, with their names in one column."""
    lanes = drawing.lanes.items()
    return [f"{INDENT}{name:{width}}  {text}".rstrip() for name, text in lanes]


def show(
    lanes: Mapping[str, Events],
    at: float,
    details: Mapping[str, Sequence[str]],
    tick: float = TICK,
) -> list[str]:
    r"""Draw lanes above each other, with a caret and details at an instant.

    Args:
        lanes: The lanes by name.
        at: The instant.
        details: The lines about the instant by name; an empty sequence is shown as
            "nothing".
        tick: Seconds of one character.

    >>> lanes = {"expected": [(0.1, "a")], "actual": [(0.2, "a")]}
    >>> print("\n".join(show(lanes, 0.1, {"expected": ["a  = 1"], "actual": []})))
        expected  -a-
        actual    --a
                   ^
    at 0.1s
        expected  a  = 1
        actual    nothing
    """
    drawing = draw(lanes, tick)
    width = max(map(len, [*lanes, *details]))
    lines = lines_of(drawing, width)
    lines.append(f"{INDENT}{'':{width}}  {' ' * drawing.columns[at]}^")
    if drawing.tick != tick:
        lines.append(f"(one character is {duration(drawing.tick)} here)")
    lines.append(f"at {duration(at)}")
    for name, texts in details.items():
        for heading, line in zip_longest([name], texts or ["nothing"], fillvalue=""):
            lines.append(f"{INDENT}{heading:{width}}  {line}")
    return lines
