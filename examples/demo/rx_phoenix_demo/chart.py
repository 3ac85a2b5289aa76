"""Bars and charts out of characters."""

from collections.abc import Sequence

from rich.color import Color
from rich.style import Style
from rich.text import Text

from rx_phoenix_demo.pipelines import Point

__all__ = ["DIM", "bar", "chart", "columns", "heat"]

DIM = Style(color="grey37")
"""Style of gaps and empty bars."""

BLOCKS = " ▁▂▃▄▅▆▇█"
GAP = "·"

WARM_FROM = 0.5
CALM, WARM, HOT = (95, 215, 175), (255, 215, 95), (255, 95, 135)


def heat(fraction: float) -> Style:
    """Map a level from 0 to 1 to a colour: calm, warm, hot.

    >>> heat(0.0).color.name, heat(1.0).color.name
    ('#5fd7af', '#ff5f87')
    """
    level = min(max(fraction, 0.0), 1.0)
    is_calm = level < WARM_FROM
    lower, upper = (CALM, WARM) if is_calm else (WARM, HOT)
    share = (level if is_calm else level - WARM_FROM) / WARM_FROM
    red, green, blue = (
        round(low + (high - low) * share)
        for low, high in zip(lower, upper, strict=True)
    )
    return Style(color=Color.from_rgb(red, green, blue))


def bar(fraction: float, width: int) -> Text:
    """Draw a horizontal bar.

    Args:
        fraction: The filled part, from 0 to 1.
        width: In characters.

    >>> bar(0.5, 4).plain
    '━━━━'
    """
    halves = round(min(max(fraction, 0.0), 1.0) * width * 2)
    full, half = divmod(halves, 2)
    text = Text("━" * full + "╸" * half, heat(fraction))
    return text.append("━" * (width - full - half), DIM)


def columns(
    points: Sequence[Point], width: int, every: float
) -> Sequence[float | None]:
    """Arrange the latest values in columns; None where readings are missing.

    Args:
        points: In any order; a late one takes its place in time.
        width: Number of columns at most.
        every: Seconds between readings.

    >>> columns([Point(1, 10), Point(2, 20), Point(5, 50)], 4, every=1.0)
    [20, None, None, 50]
    """
    values: list[float | None] = []
    ordered = sorted(points)[-width:]
    for number, point in enumerate(ordered):
        if number:
            elapsed = point.at - ordered[number - 1].at
            missing = round(elapsed / every) - 1
            values += [None] * min(missing, width)
        values.append(point.value)
    return values[-width:]


def chart(
    values: Sequence[float | None],
    width: int,
    height: int,
    top: float,
    style: Style | None = None,
) -> Text:
    """Draw a chart of columns, the newest on the right.

    Args:
        values: As from `columns`.
        width: In characters.
        height: In lines.
        top: The value that fills a column.
        style: Style of all columns; each has the colour of its level if None.
    """
    shown = list(values)[-width:]
    text = Text(no_wrap=True)
    for line in reversed(range(height)):
        text.append(" " * (width - len(shown)))
        for value in shown:
            if value is None:
                text.append(GAP if line == 0 else " ", DIM)
                continue
            fraction = value / top
            eighths = round(min(fraction, 1.0) * height * 8) - line * 8
            # A value of 0 is drawn as well, so that it differs from a gap.
            eighths = max(eighths, 1 if line == 0 else 0)
            text.append(BLOCKS[min(eighths, 8)], style or heat(fraction))
        if line:
            text.append("\n")
    return text
