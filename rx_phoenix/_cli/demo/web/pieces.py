"""The pieces of the page that are text: HTML from what is to be seen.

Whatever comes from elsewhere is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from rich.filesize import decimal

from rx_phoenix._cli.demo.badge import Badge
from rx_phoenix._cli.demo.feed import Dated
from rx_phoenix._cli.demo.pipelines import Alarm, Figures
from rx_phoenix._cli.demo.reading import Process, Reading
from rx_phoenix._cli.demo.scene import Scene
from rx_phoenix._cli.demo.watching import Watcher
from rx_phoenix._cli.demo.web.charts import Line
from rx_phoenix._protocol.message import Reply

__all__ = [
    "alarm_list",
    "answer_line",
    "badge_pill",
    "legend",
    "news_list",
    "process_table",
    "tiles",
    "watcher_list",
]

KILO = 1000

LATEST = 8
"""How many pieces of news are shown."""


def badge_pill(badge: Badge, now: float, diagnosis: str = "") -> str:
    """How the connection does; who points at it is told why.

    Args:
        badge: How it does.
        now: The scheduler's time.
        diagnosis: Why it does so.

    >>> from rx_phoenix._cli.demo.badge import Mood
    >>> badge_pill(Badge(Mood.RECONNECTING, attempt=2, due=3.5), now=3.0)
    '<span class="pill reconnecting" title="">reconnecting in 0.5 s, try 2</span>'
    """
    words = badge.mood.value
    if badge.attempt:
        words += f" in {max(badge.due - now, 0.0):.1f} s, try {badge.attempt}"
    return f'<span class="pill {badge.mood}" title="{escape(diagnosis)}">{words}</span>'


def tiles(scene: Scene) -> str:
    """The connection in numbers."""
    stats, deliveries = scene.stats, scene.deliveries
    trip = stats.round_trip
    shown = {
        "round trip": "-" if trip is None else f"{trip * 1000:.1f} ms",
        "events / s": f"{scene.pace:.0f}",
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
    lines: Mapping[str, Line], figures: Figures | None, *, is_percentage: bool
) -> str:
    """What the lines of a chart are called, and where they are now.

    Args:
        lines: The lines, by figure.
        figures: What they show; None before the first reading.
        is_percentage: Whether they are percentages, rather than bytes a second.
    """

    def entry(name: str, line: Line) -> str:
        points = figures.past.get(name) if figures else None
        if not points:
            now = "-"
        elif is_percentage:
            now = f"{points[-1].value:.0f} %"
        else:
            now = f"{_size(round(points[-1].value))}/s"
        mark = f'<i style="background:{line.colour}"></i>'
        return f"<span>{mark}{line.label} <b>{now}</b></span>"

    entries = "".join(entry(name, line) for name, line in lines.items())
    return f'<div class="legend">{entries}</div>'


def alarm_list(alarms: Sequence[Alarm]) -> str:
    """The alarms that are on."""
    if not alarms:
        return '<p class="quiet">No alarms.</p>'
    return _list(
        f'<b class="hot">{alarm.value:.0f} %</b> {escape(alarm.name)}'
        for alarm in alarms
    )


def watcher_list(watchers: Sequence[Watcher]) -> str:
    """Who is watching."""
    if not watchers:
        return '<p class="quiet">Nobody is known to.</p>'

    def told(watcher: Watcher) -> str:
        noun = "browser" if watcher.browsers == 1 else "browsers"
        return f"{escape(watcher.name)} <b>{watcher.browsers}</b> {noun}"

    return _list(map(told, watchers))


def news_list(news: Sequence[Dated]) -> str:
    """What happened lately, the latest first."""
    items = (
        f'<time>{item.at:%H:%M:%S}</time><span class="{item.news.kind}">'
        f"{escape(item.news.text)}</span>"
        for item in reversed(news[-LATEST:])
    )
    return f'<div class="news">{_list(items)}</div>'


def process_table(reading: Reading | None) -> str:
    """The busiest programs."""
    processes = reading.processes if reading else ()
    rows = "".join(_row(process) for process in processes)
    return (
        "<table><thead><tr><th>program</th><th>pid</th><th>processor</th>"
        f"<th>memory</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def answer_line(reply: Reply | None, elapsed: float) -> str:
    """What the server answered to a wish, and how fast; None for a wait."""
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
