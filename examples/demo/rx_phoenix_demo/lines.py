"""The demo as plain lines, for pipes and files."""

from datetime import UTC, datetime

import reactivex
from reactivex import Observable
from reactivex import operators as ops
from rich.filesize import decimal

from rx_phoenix_demo.feed import Feed, TimedEntry
from rx_phoenix_demo.pipelines import Figures

__all__ = ["RATES", "lines"]

RATES = ("received", "sent", "read", "written")
"""The rates that a line shows, in order."""


def lines(feed: Feed) -> Observable[str]:
    """Format a line for each reading, and for each log entry."""
    return reactivex.merge(
        feed.log.pipe(ops.map(_entry_line)),
        feed.figures.pipe(ops.map(_figures_line)),
    )


def _entry_line(item: TimedEntry) -> str:
    return f"{item.at:%H:%M:%S}  {item.entry.text}"


def _figures_line(figures: Figures) -> str:
    at = datetime.fromtimestamp(figures.reading.at, UTC).astimezone()
    levels, averages = figures.levels, figures.averages
    flows = (f"{name} {_rate(figures, name)}" for name in RATES)
    return "  ".join(
        (
            f"{at:%H:%M:%S}",
            f"cpu {levels['cpu']:3.0f} % (average {averages['cpu']:3.0f} %)",
            f"memory {levels['memory']:3.0f} %",
            *flows,
        )
    )


def _rate(figures: Figures, name: str) -> str:
    rate = figures.rates.get(name)
    return "-" if rate is None else f"{decimal(round(rate))}/s"
