"""The marbles in the operators' docstrings, drawn."""

import inspect
import re
from collections.abc import Iterator
from itertools import groupby

from rx_phoenix import operators
from rx_phoenix.testing._marbles.parser import TICK, Lane, Mark, parse
from scripts.drawings.svg import Canvas

__all__ = ["diagrams"]

DIAGRAM = re.compile(
    r"Marbles, with ``(?P<expression>[^`]+)``[^:]*::\n\n(?P<lanes>(?: {4,}\w+ .+\n)+)"
)
SOURCES = {"events", "joins", "snapshots", "source", "stream"}
"""The lanes that go in; the others come out."""

FILLS = ["#9fd3f5", "#ffd97d", "#b5e2a8", "#f7b7c3", "#d3c1f0", "#ffc49b", "#a8e6dc"]
LEFT, CELL, ROW, STEP, RADIUS = 100.0, 27.0, 46.0, 25.0, 11.0
END = re.compile(r"[|#!]")


def diagrams() -> Iterator[tuple[str, str]]:
    """The name of each operator that has marbles, and the drawing of them."""
    for name in operators.__all__:
        documentation = inspect.getdoc(getattr(operators, name)) or ""
        if found := DIAGRAM.search(f"{documentation}\n"):
            rows = [row.split(maxsplit=1) for row in found["lanes"].splitlines()]
            lanes = {label: parse(text) for label, text in rows}
            yield name, str(draw(found["expression"], lanes))


def draw(expression: str, lanes: dict[str, Lane]) -> Canvas:
    """Draw what goes in, the operator, and what comes out."""
    width = LEFT + CELL * (max(lane.end for lane in lanes.values()) / TICK + 1)
    width = max(width, LEFT + 9.0 * len(expression))
    letters = sorted({m.letter for lane in lanes.values() for m in lane.marks})
    plain = [letter for letter in letters if letter not in "^!|#"]
    fills = {c: FILLS[i % len(FILLS)] for i, c in enumerate(plain)}
    ins = [label for label in lanes if label in SOURCES]
    outs = [label for label in lanes if label not in SOURCES]
    heights = {label: height_of(lanes[label]) for label in lanes}
    canvas = Canvas(width, sum(heights.values()) + 62, f"Marbles of {expression}")
    y = 6.0
    for label in ins:
        row(canvas, y + ROW / 2, label, lanes[label], fills)
        y += heights[label]
    canvas.box(4, y + 6, width - 8, 38)
    canvas.text(width / 2, y + 25, expression, "code")
    y += 50
    for label in outs:
        row(canvas, y + ROW / 2, label, lanes[label], fills)
        y += heights[label]
    return canvas


def height_of(lane: Lane) -> float:
    """How much room a lane takes: marbles of one instant hang below each other."""
    sizes = [len(marbles) for _, marbles in instants(lane)]
    return ROW + STEP * (max(sizes, default=1) - 1)


def instants(lane: Lane) -> Iterator[tuple[float, list[Mark]]]:
    """The marbles of each instant, without ends and begins."""
    for time, marks in groupby(lane.marks, key=lambda mark: mark.time):
        yield time, [mark for mark in marks if mark.letter not in "^!|#"]


def row(
    canvas: Canvas, y: float, label: str, lane: Lane, fills: dict[str, str]
) -> None:
    """Draw a lane: its line, what ends it, and its marbles."""

    def x_of(time: float) -> float:
        return LEFT + CELL * (time / TICK + 0.5)

    times = {mark.letter: mark.time for mark in lane.marks}
    begin = x_of(times["^"]) if "^" in times else LEFT
    end = next((m for m in lane.marks if END.match(m.letter)), None)
    canvas.text(LEFT - 14, y, label, "end")
    if end is None:
        stop = LEFT + CELL * (lane.end / TICK + 0.6)
        canvas.arrow(f"M{begin:g} {y:g}H{stop - 6:g}", (stop, y), 0)
    else:
        x = x_of(end.time)
        canvas.path(f"M{begin:g} {y:g}H{x:g}")
        strokes = {
            "|": f"M{x:g} {y - 17:g}V{y + 17:g}",
            "#": f"M{x - 9:g} {y - 9:g}l18 18m0 -18l-18 18",
            "!": f"M{x:g} {y - 6:g}V{y + 6:g}",
        }
        canvas.path(strokes[end.letter], "stroke" if end.letter == "!" else "bold")
    if "^" in times:
        canvas.path(f"M{begin:g} {y - 6:g}V{y + 6:g}")
    for time, marbles in instants(lane):
        for depth, mark in enumerate(marbles):
            low = y + STEP * depth
            canvas.disc(x_of(time), low, RADIUS, fills[mark.letter])
            canvas.text(x_of(time), low + 0.5, mark.letter, "dark")
