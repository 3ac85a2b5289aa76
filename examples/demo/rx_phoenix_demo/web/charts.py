"""The charts of the page: readings over time."""

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

from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.pipelines import Figures, Point
from rx_phoenix_demo.web.style import COLOURS

__all__ = ["Chart", "Line", "rows"]

SPAN = 60.0
"""Seconds that a chart covers."""

KEPT = 1000
"""Number of readings that a browser keeps."""

QUIET = 10_000.0
"""Least upper end of a chart of rates, in bytes a second."""

HEADROOM = 1.1
"""Ratio of a chart's upper end to its highest value."""

RATE = """
const units = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"]
let [value, unit] = [tick, 0]
while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1 }
return `${Number(value.toPrecision(3))} ${units[unit]}`
"""
"""JavaScript that formats bytes a second."""

LATE = 2.5
"""Number of intervals without a reading that leave a gap."""


def rows(
    points: Iterable[Point], after: float | None, every: float
) -> dict[str, Sequence[float]]:
    """Select the points that a chart lacks, with a gap where readings are missing.

    The rate may have changed meanwhile; the steps between points show it.

    Args:
        points: The readings, oldest first.
        after: Time of the chart's last point; None if it is empty.
        every: Seconds between readings.

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
    """Convert a time for Bokeh: local time in milliseconds, presented as UTC."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    offset = local.utcoffset()
    return 1000.0 * (at + (offset.total_seconds() if offset else 0.0))


@dataclass(frozen=True, slots=True)
class Line:
    """Style of a line.

    Attributes:
        colour: The name of the colour in `COLOURS`.
        label: The name in the legend; empty for none.
        width: In pixels.
        fill: Opacity of the area below, from 0 to 1.
    """

    colour: str
    label: str = ""
    width: float = 2.0
    fill: float = 0.0


class Chart:
    """A chart of some figures over the last minute.

    Args:
        name: The name in the page's template.
        height: In pixels.
        is_percentage: True for a scale from 0 to 100, False for one that adapts.

    Attributes:
        plot: Bokeh's figure.
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
        self._covered: list[Downtime] = []
        self._bands = ColumnDataSource({"began": [], "ended": []})
        plot.vstrip(
            x0="began",
            x1="ended",
            source=self._bands,
            fill_color=COLOURS["warm"],
            fill_alpha=0.18,
            line_color=None,
        )

    def add(self, name: str, line: Line) -> None:
        """Add a line.

        Args:
            name: The figure's name in `Figures.past`.
            line: Its style.
        """
        source = ColumnDataSource({"time": [], "value": []})
        self._sources[name] = source
        if line.fill:
            self.plot.varea(
                x="time",
                y1=0,
                y2="value",
                source=source,
                fill_color=COLOURS[line.colour],
                fill_alpha=line.fill,
            )
        self.plot.line(
            x="time",
            y="value",
            source=source,
            line_color=COLOURS[line.colour],
            line_width=line.width,
        )

    def show(self, figures: Figures, downtimes: Iterable[Downtime] = ()) -> None:
        """Append new points, shade downtimes, and move the time axis to the points.

        Args:
            figures: The figures; points that are drawn already are skipped.
            downtimes: The downtimes of the channel that the figures come from.
        """
        highest = QUIET
        since = figures.reading.at - SPAN
        for name, source in self._sources.items():
            points = figures.past.get(name, ())
            new = rows(points, self._last.get(name), figures.reading.every)
            if new["time"]:
                source.stream(new, KEPT)  # pyright: ignore[reportUnknownMemberType]
                self._last[name] = points[-1].at
            highest = max([highest, *(p.value for p in points if p.at >= since)])
        self._shade(downtimes, since)
        end = shown(figures.reading.at)
        self.plot.x_range.update(start=end - 1000.0 * SPAN, end=end)
        if not self._is_percentage:
            self.plot.y_range.update(end=HEADROOM * highest)

    def _shade(self, downtimes: Iterable[Downtime], since: float) -> None:
        """Shade the downtimes that the chart covers, and no others."""
        covered = [downtime for downtime in downtimes if downtime.ended >= since]
        if covered != self._covered:  # Bokeh sends equal data as well
            self._covered = covered
            self._bands.data = {
                "began": [shown(downtime.began) for downtime in covered],
                "ended": [shown(downtime.ended) for downtime in covered],
            }

    def fade(self, opacity: float) -> None:
        """Set the opacity; old figures are drawn faded."""
        self.plot.styles = {"opacity": f"{opacity:g}"}
