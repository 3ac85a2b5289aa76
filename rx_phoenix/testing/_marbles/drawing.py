"""Lanes above each other, in the syntax of a test, the same instant in one column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rx_phoenix.testing._marbles.parser import TICK, duration

__all__ = ["Drawing", "Events", "draw", "draw_lane"]

Events = Sequence[tuple[float, str]]
"""Letters and their times, in the order of time."""

LONGEST_GAP = 6
"""The longest run of idle ticks that is drawn; a jump is about as wide."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lanes of one width.

    Attributes:
        lanes: The text of each lane by its name.
        columns: The column of each instant.
        tick: Seconds of one character.
    """

    lanes: Mapping[str, str]
    columns: Mapping[float, int]
    tick: float


def draw(lanes: Mapping[str, Events], tick: float = TICK) -> Drawing:
    """Draw lanes above each other.

    The tick is refined if events are closer than one tick.

    >>> draw({"one": [(0.1, "a")], "two": [(0.1, "b"), (0.1, "c"), (3, "d")]}).lanes
    {'one': '-a    2.8s -', 'two': '-(bc) 2.8s d'}
    """
    times = sorted({time for events in lanes.values() for time, _ in events})
    while not _fits(times, tick):
        tick = round(tick / 10, 9)
    texts = dict.fromkeys(lanes, "")
    columns: dict[float, int] = {}
    cursor = 0.0
    for time in times:
        gap = _gap(round(time - cursor, 9), tick)
        cells = _cells(events_at(events, time) for events in lanes.values())
        for name, cell in zip(texts, cells, strict=True):
            columns[time] = len(texts[name] + gap)
            texts[name] += gap + cell
        cursor = round(time + tick, 9)
    return Drawing({name: text.rstrip() for name, text in texts.items()}, columns, tick)


def draw_lane(events: Events, tick: float = TICK) -> str:
    """Draw one lane.

    >>> draw_lane([(0.1, "a"), (0.2, "b")])
    '-ab'
    """
    return draw({"": events}, tick).lanes[""]


def events_at(events: Events, time: float) -> str:
    """Return the letters of one instant."""
    return "".join(letter for at, letter in events if at == time)


def _fits(times: Sequence[float], tick: float) -> bool:
    return all(round(later - time, 9) >= tick for time, later in pairwise(times))


def _gap(seconds: float, tick: float) -> str:
    ticks = round(seconds / tick)
    if ticks <= LONGEST_GAP and round(ticks * tick, 9) == seconds:
        return "-" * ticks
    return f" {duration(seconds)} "


def _cells(groups: Iterable[str]) -> list[str]:
    """Write the letters of each lane at one instant, padded to one width."""
    cells = [f"({group})" if len(group) > 1 else group or "-" for group in groups]
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]
