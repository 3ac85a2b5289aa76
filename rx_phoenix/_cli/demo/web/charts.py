"""The charts of the page: what was read, against the time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan

from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CustomJSTickFormatter,
    DatetimeTicker,
    DatetimeTickFormatter,
    PrintfTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

from rx_phoenix._cli.demo.pipelines import Figures, Point
from rx_phoenix._cli.demo.web.style import COLOURS

__all__ = ["Chart", "Line", "rows"]

SPAN = 60.0
"""Seconds that a chart shows."""

KEPT = 1000
"""How many readings a browser holds."""

QUIET = 10_000.0
"""Bytes a second that a chart of rates shows at least."""

HEADROOM = 1.1
"""How much higher than what it shows a chart of rates is."""

RATE = """
const units = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]
let [value, unit] = [tick, 0]
while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1 }
return `${Number(value.toPrecision(3))} ${units[unit]}`
"""
"""How a browser writes bytes a second."""

LATE = 2.5
"""By how many times its time a reading is late that counts as missing."""


def rows(
    points: Iterable[Point], after: float | None, every: float
) -> dict[str, Sequence[float]]:
    """The points that a chart does not have yet, with a gap where some are missing.

    The rate may have been another one before, which the steps between them tell.

    Args:
        points: What was read, oldest first.
        after: The time of the last one it has; None if it has none.
        every: Seconds from one reading to the next.

    >>> rows([Point(1.0, 10), Point(5.0, 50)], None, every=1.0)["value"]
    [10, nan, 50]
    """
    times: list[float] = []
    values: list[float] = []
    last, step = after, every
    for point in points:
        if after is None or point.at > after:
            if last is not None and point.at - last > LATE * max(every, step):
                times.append(shown(last + step))
                values.append(nan)
            times.append(shown(point.at))
            values.append(point.value)
        if last is not None and point.at > last:
            step = point.at - last
        last = point.at
    return {"time": times, "value": values}


def shown(at: float) -> float:
    """A time as Bokeh takes it: milliseconds, and local by pretending to be UTC."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    offset = local.utcoffset()
    return 1000.0 * (at + (offset.total_seconds() if offset else 0.0))


@dataclass(frozen=True, slots=True)
class Line:
    """How a figure is drawn.

    Attributes:
        colour: Its colour.
        label: What it is called; nothing if it needs no name.
        width: In pixels.
        fill: How much of what is below shows it, from 0 to 1.
    """

    colour: str
    label: str = ""
    width: float = 2.0
    fill: float = 0.0


class Chart:
    """A chart with a line for each of some figures, over the last minute.

    Args:
        name: What the page's template calls it.
        height: In pixels.
        is_percentage: Whether it goes from 0 to 100, rather than as far as it takes.

    Attributes:
        plot: Bokeh's.
    """

    def __init__(self, name: str, height: int, *, is_percentage: bool) -> None:
        self.plot = plot = figure(
            name=name,
            height=height,
            sizing_mode="stretch_width",
            tools="",
            toolbar_location=None,
            x_axis_type="datetime",
            x_range=Range1d(start=-1000.0 * SPAN, end=0.0),
            y_range=Range1d(start=0.0, end=100.0 if is_percentage else QUIET),
            background_fill_color=None,
            border_fill_color=None,
            outline_line_color=None,
        )
        for axis in plot.axis:
            axis.axis_line_color = None
            axis.major_tick_line_color = axis.minor_tick_line_color = None
            axis.major_label_text_color = COLOURS["quiet"]
        plot.xgrid.grid_line_color = None
        plot.ygrid.grid_line_color = COLOURS["grid"]
        plot.xaxis.formatter = DatetimeTickFormatter(
            seconds="%H:%M:%S", minsec="%H:%M:%S", minutes="%H:%M", hourmin="%H:%M"
        )
        plot.xaxis.ticker = DatetimeTicker(desired_num_ticks=4)
        plot.yaxis.ticker = BasicTicker(desired_num_ticks=5)
        plot.yaxis.formatter = (
            PrintfTickFormatter(format="%d %%")
            if is_percentage
            else CustomJSTickFormatter(code=RATE)
        )
        self._is_percentage = is_percentage
        self._sources: dict[str, ColumnDataSource] = {}
        self._last: dict[str, float] = {}

    def add(self, name: str, line: Line) -> None:
        """Draw one more figure.

        Args:
            name: The figure's name, as in `Figures.past`.
            line: How it is drawn.
        """
        source = ColumnDataSource({"time": [], "value": []})
        self._sources[name] = source
        if line.fill:
            self.plot.varea(
                x="time",
                y1=0,
                y2="value",
                source=source,
                fill_color=line.colour,
                fill_alpha=line.fill,
            )
        self.plot.line(
            x="time",
            y="value",
            source=source,
            line_color=line.colour,
            line_width=line.width,
        )

    def show(self, figures: Figures) -> None:
        """Draw what is new, and move on to it."""
        highest = QUIET
        for name, source in self._sources.items():
            points = figures.past.get(name, ())
            new = rows(points, self._last.get(name), figures.reading.every)
            if new["time"]:
                source.stream(new, KEPT)  # pyright: ignore[reportUnknownMemberType]
                self._last[name] = points[-1].at
            seen = figures.reading.at - SPAN
            highest = max([highest, *(p.value for p in points if p.at >= seen)])
        end = shown(figures.reading.at)
        self.plot.x_range.update(start=end - 1000.0 * SPAN, end=end)
        if not self._is_percentage:
            self.plot.y_range.update(end=HEADROOM * highest)

    def fade(self, opacity: float) -> None:
        """Let it show that what is drawn is old, or that it is not."""
        self.plot.styles = {"opacity": f"{opacity:g}"}
