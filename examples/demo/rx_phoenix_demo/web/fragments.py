"""HTML fragments of the page, made from a snapshot.

Everything from outside is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from rich.filesize import decimal

from rx_phoenix import Reply
from rx_phoenix_demo.badge import Badge
from rx_phoenix_demo.feed import TimedEntry
from rx_phoenix_demo.pipelines import Alarm, Figures
from rx_phoenix_demo.reading import Process, Reading
from rx_phoenix_demo.snapshot import Snapshot
from rx_phoenix_demo.watchers import Watcher
from rx_phoenix_demo.web.charts import Line

__all__ = [
    "alarm_list",
    "answer_line",
    "badge_pill",
    "legend",
    "log_list",
    "process_table",
    "tiles",
    "watcher_list",
]

KILO = 1000

LATEST = 8
"""Number of log entries on the page."""


def badge_pill(badge: Badge, now: float, diagnosis: str = "") -> str:
    """Format the badge, with the diagnosis as its tooltip.

    Args:
        badge: State of the connection.
        now: The scheduler's time.
        diagnosis: The socket's diagnosis.

    >>> from rx_phoenix_demo.badge import Status
    >>> badge_pill(Badge(Status.RECONNECTING, attempt=2, due=3.5), now=3.0)
    '<span class="pill reconnecting" title="">reconnecting in 0.5 s, try 2</span>'
    """
    words = badge.status.value
    if badge.attempt:
        words += f" in {max(badge.due - now, 0.0):.1f} s, try {badge.attempt}"
    return (
        f'<span class="pill {badge.status}" title="{escape(diagnosis)}">{words}</span>'
    )


def tiles(snapshot: Snapshot) -> str:
    """Format the connection's numbers."""
    stats, deliveries = snapshot.stats, snapshot.deliveries
    trip = stats.round_trip
    shown = {
        "round trip": "-" if trip is None else f"{trip * 1000:.1f} ms",
        "events / s": f"{snapshot.frame_rate:.0f}",
        "received": _size(stats.bytes_in),
        "readings": f"{deliveries.pushed}",
        "waiting": f"{deliveries.waiting}",
        "reconnects": f"{sum(stats.reconnects.values())}",
    }
    inner = "".join(
        f"<div><b>{value}</b><span>{label}</span></div>"
        for label, value in shown.items()
    )
    return f'<div class="tiles">{inner}</div>'


def legend(
    lines: Mapping[str, Line],
    figures: Figures | None,
    *,
    is_percentage: bool,
    others: Iterable[Line] = (),
) -> str:
    """Format a chart's legend, with the current values.

    Args:
        lines: The lines, by figure.
        figures: The figures; None before the first reading.
        is_percentage: True for percentages, False for bytes a second.
        others: Lines that are named without a value, because they are many.
    """

    def named(line: Line) -> str:
        return f'<i style="background:var(--{line.colour})"></i>{line.label}'

    def entry(name: str, line: Line) -> str:
        points = figures.past.get(name) if figures else None
        if not points:
            now = "-"
        elif is_percentage:
            now = f"{points[-1].value:.0f} %"
        else:
            now = f"{_size(round(points[-1].value))}/s"
        return f"<span>{named(line)} <b>{now}</b></span>"

    entries = [entry(name, line) for name, line in lines.items()]
    entries += [f"<span>{named(line)}</span>" for line in others]
    return f'<div class="legend">{"".join(entries)}</div>'


def alarm_list(alarms: Sequence[Alarm]) -> str:
    """Format the active alarms."""
    if not alarms:
        return '<p class="quiet">No alarms.</p>'
    return _list(
        f'<b class="hot">{alarm.value:.0f} %</b> {escape(alarm.name)}'
        for alarm in alarms
    )


def watcher_list(watchers: Sequence[Watcher]) -> str:
    """Format the viewers."""
    if not watchers:
        return '<p class="quiet">No viewers known.</p>'

    def item(watcher: Watcher) -> str:
        noun = "browser" if watcher.browsers == 1 else "browsers"
        return f"{escape(watcher.name)} <b>{watcher.browsers}</b> {noun}"

    return _list(map(item, watchers))


def log_list(log: Sequence[TimedEntry]) -> str:
    """Format the latest log entries, the latest first."""
    items = (
        f'<time>{item.at:%H:%M:%S}</time><span class="{item.entry.level}">'
        f"{escape(item.entry.text)}</span>"
        for item in reversed(log[-LATEST:])
    )
    return f'<div class="log">{_list(items)}</div>'


def process_table(reading: Reading | None) -> str:
    """Format the busiest processes as a table."""
    processes = reading.processes if reading else ()
    rows = "".join(_row(process) for process in processes)
    return (
        "<table><thead><tr><th>program</th><th>pid</th><th>processor</th>"
        f"<th>memory</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def answer_line(reply: Reply | None, elapsed: float) -> str:
    """Format the reply to a request, with its round trip; None while it is pending."""
    if reply is None:
        return '<p class="quiet">asking …</p>'
    answer = escape(reply.status)
    return (
        f'<p>answered <b class="{answer}">{answer}</b> in {elapsed * 1000:.1f} ms</p>'
    )


def _row(process: Process) -> str:
    share = min(process.cpu, 100.0)
    return (
        f"<tr><td>{escape(process.name)}</td><td>{process.pid}</td>"
        f'<td><i style="width:{share:.0f}%"></i>{process.cpu:.1f} %</td>'
        f"<td>{_size(process.memory)}</td></tr>"
    )


def _size(count: int) -> str:
    return decimal(count) if count >= KILO else f"{count} B"


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
