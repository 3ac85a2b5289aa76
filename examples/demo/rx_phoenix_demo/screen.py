"""The terminal screen: a snapshot, fitted to the terminal's size."""

from collections.abc import Callable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.filesize import decimal
from rich.layout import Layout
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from rx_phoenix_demo.backend import Backend
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.chart import DIM, bar, chart, columns, heat
from rx_phoenix_demo.log import Level
from rx_phoenix_demo.pipelines import Alarm, Figures
from rx_phoenix_demo.snapshot import Snapshot

__all__ = ["draw"]

ACCENT = Style(color="#5fafff", bold=True)
LABEL = Style(color="grey62")
TITLE = Style(color="grey78", bold=True)
BORDER = Style(color="grey30")
FLOW = Style(color="#5fafff")
ALARMED = Style(color="#ff5f87")

PILLS = {
    Status.CONNECTING: ("◌", "#1c1c1c on #5fafff"),
    Status.RECONNECTING: ("◌", "#1c1c1c on #ffd75f"),
    Status.JOINING: ("◌", "#1c1c1c on #5fafff"),
    Status.LIVE: ("●", "#1c1c1c on #5fd7af"),
    Status.STALE: ("●", "#1c1c1c on #9e9e9e"),
    Status.ENDED: ("○", "#1c1c1c on #ff5f87"),
}

LEVELS = {
    Level.GOOD: Style(color="#5fd7af"),
    Level.BAD: Style(color="#ffd75f"),
}

TRAFFIC = {
    "received": "received",
    "sent": "sent",
    "read": "disk read",
    "written": "disk written",
}
"""Labels of the rates."""

QUIET_TRAFFIC = 10_000.0
"""Least scale of a chart in bytes a second, so that little traffic looks little."""

NARROWEST = 16
"""Least characters for the bar of a core; below, a strip of colours is shown."""


class Fitted:
    """A renderable that is drawn for the width and height it gets."""

    def __init__(self, drawn: Callable[[int, int], RenderableType]) -> None:
        self._drawn = drawn

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        yield self._drawn(options.max_width, options.height or 1)


def draw(
    snapshot: Snapshot, backend: Backend, now: float, next_event: str
) -> RenderableType:
    """Draw the whole screen.

    Args:
        snapshot: The values to show.
        backend: The server.
        now: The scheduler's time, for the countdown to the next attempt.
        next_event: The line at the bottom.
    """
    alarms = snapshot.figures.alarms if snapshot.figures else ()
    layout = Layout()
    layout.split_column(
        Layout(_header(snapshot.badge, backend, now), size=1),
        Layout(name="figures", ratio=4, minimum_size=9),
        Layout(name="details", ratio=1, minimum_size=6),
        Layout(_log(snapshot, alarms), ratio=2, minimum_size=7),
        Layout(_footer(next_event), size=1),
    )
    layout["figures"].split_row(
        Layout(_processor(snapshot, alarms), ratio=3),
        Layout(_connection(snapshot), size=32),
    )
    layout["details"].split_row(
        Layout(_traffic(snapshot), ratio=3),
        Layout(_memory(snapshot, alarms), size=32),
    )
    return layout


def _header(badge: Badge, backend: Backend, now: float) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    title = Text(" rx_phoenix demo", ACCENT)
    title.append(f"  {backend.public_url}", LABEL).append("  ▸ ", DIM).append(
        backend.topic
    )
    grid.add_row(title, _pill(badge, now))
    return grid


def _pill(badge: Badge, now: float) -> Text:
    symbol, style = PILLS[badge.status]
    words = badge.status.value
    if badge.attempt:
        words += f" in {max(badge.due - now, 0.0):.1f} s, try {badge.attempt}"
    return Text(f" {symbol} {words} ", style)


def _panel(
    title: str,
    body: RenderableType,
    *,
    subtitle: Text | None = None,
    alarm: bool = False,
) -> Panel:
    return Panel(
        body,
        title=Text(title, TITLE),
        title_align="left",
        subtitle=subtitle,
        subtitle_align="right",
        border_style=ALARMED if alarm else BORDER,
        padding=(0, 1),
    )


def _processor(snapshot: Snapshot, alarms: Sequence[Alarm]) -> RenderableType:
    figures = snapshot.figures
    if figures is None:
        return _panel("Processor", _placeholder())

    def body(width: int, height: int) -> RenderableType:
        bars = _cores(figures, width, max(height - 4, 1))
        rows = 1 + len(bars)
        now, average = figures.levels["cpu"], figures.averages["cpu"]
        head = Text.assemble(
            (f"{now:3.0f} %", heat(now / 100) + Style(bold=True)),
            (f"   average {average:.0f} %", LABEL),
        )
        values = columns(figures.past["cpu"], width, figures.reading.every)
        graph = chart(values, width, max(height - rows, 1), 100.0)
        return Text("\n").join([head, graph, *bars])

    is_alarmed = any(alarm.name != "memory" for alarm in alarms)
    title = f"Processor, {len(figures.reading.cores)} cores"
    return _panel(title, Fitted(body), alarm=is_alarmed)


def _cores(figures: Figures, width: int, rows: int) -> list[Text]:
    """Draw a bar for each core, or a strip of colours where there is no room."""
    cores = figures.reading.cores
    across = -(-len(cores) // rows)
    room = (width - 2 * (across - 1)) // across
    if room < NARROWEST:
        strip = Text(no_wrap=True)
        for busy in cores[: width * rows]:
            strip.append("■", heat(busy / 100))
        return list(strip.wrap(Console(width=width), width))
    cells = [
        Text.assemble(
            (f"{number:2d} ", LABEL),
            bar(busy / 100, room - 9),
            (f" {busy:3.0f} %", heat(busy / 100)),
        )
        for number, busy in enumerate(cores)
    ]
    down = -(-len(cells) // across)
    return [Text("  ").join(cells[row::down]) for row in range(down)]


def _memory(snapshot: Snapshot, alarms: Sequence[Alarm]) -> RenderableType:
    figures = snapshot.figures
    if figures is None:
        return _panel("Memory", _placeholder())

    def body(width: int, height: int) -> RenderableType:
        level = figures.levels["memory"]
        used, total = figures.reading.memory, figures.reading.memory_total
        head = Text.assemble(
            (f"{level:3.0f} %", heat(level / 100) + Style(bold=True)),
            (f"   {decimal(used)} of {decimal(total)}", LABEL),
        )
        values = columns(figures.past["memory"], width, figures.reading.every)
        graph = chart(values, width, max(height - 2, 1), 100.0)
        return Text("\n").join([head, bar(level / 100, width), graph])

    is_alarmed = any(alarm.name == "memory" for alarm in alarms)
    return _panel("Memory", Fitted(body), alarm=is_alarmed)


def _traffic(snapshot: Snapshot) -> RenderableType:
    figures = snapshot.figures
    if figures is None:
        return _panel("Network and disk", _placeholder())

    def body(width: int, _: int) -> RenderableType:
        return Text("\n").join(
            _flow(figures, name, label, width) for name, label in TRAFFIC.items()
        )

    return _panel("Network and disk", Fitted(body))


def _flow(figures: Figures, name: str, label: str, width: int) -> Text:
    points = figures.past.get(name, ())
    rate = f"{decimal(round(figures.rates[name]))}/s" if name in figures.rates else "-"
    room = width - 13 - 12
    values = columns(points, room, figures.reading.every)
    top = max((value for value in values if value), default=0.0)
    graph = chart(values, room, 1, max(top, QUIET_TRAFFIC), FLOW)
    return Text.assemble((f"{label:13}", LABEL), graph, f"{rate:>12}")


def _connection(snapshot: Snapshot) -> RenderableType:
    stats = snapshot.stats
    trip = stats.round_trip
    deliveries = snapshot.deliveries
    waiting = f"{deliveries.waiting} waiting" if deliveries.waiting > 1 else ""
    rows = {
        "round trip": "-" if trip is None else f"{trip * 1000:.1f} ms",
        "frames in": f"{stats.frames_in}",
        "frames out": f"{stats.frames_out}",
        "reconnects": f"{sum(stats.reconnects.values())}",
        "readings": f"{deliveries.pushed} pushed",
        "": f"{deliveries.acknowledged} acknowledged",
        " ": waiting,
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style=LABEL, no_wrap=True)
    table.add_column(no_wrap=True)
    for label, value in rows.items():
        table.add_row(label, value)
    return _panel("Connection", table)


def _log(snapshot: Snapshot, alarms: Sequence[Alarm]) -> RenderableType:
    def body(_: int, height: int) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_column(style=LABEL, no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for at, entry in snapshot.log[-height:]:
            text = Text.assemble(("▪ ", LEVELS[entry.level]), entry.text)
            table.add_row(f"{at:%H:%M:%S}", text)
        return table

    words = ", ".join(f"{alarm.name} {alarm.value:.0f} %" for alarm in alarms)
    subtitle = Text(f" ⚠ {words} ", ALARMED) if alarms else Text(" no alarms ", LABEL)
    return _panel("What happened", Fitted(body), subtitle=subtitle, alarm=bool(alarms))


def _footer(next_event: str) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(Text(f" {next_event}", LABEL), Text("Ctrl-C ends it ", LABEL))
    return grid


def _placeholder() -> RenderableType:
    return Padding(Text("waiting for the first reading …", DIM), (0, 0))
