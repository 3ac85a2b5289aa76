"""The chart of the README: each client's share of the floor, in bars."""

from html import escape

from benchmarks.results import FLOOR, Results

__all__ = ["chart"]

WIDTH, LEFT, RIGHT, BAR, GAP, TOP, LABEL = 760, 220, 60, 14, 6, 34, 40
OURS = "rx_phoenix"
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.bar { fill: #afb8c1 }
.ours { fill: #8250df }
.inside { font-weight: 600 }
.floor { stroke: #57606a; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #484f58 }
  .ours { fill: #a371f7 }
  .floor { stroke: #8b949e }
}
"""


def chart(results: Results, cases: dict[str, str]) -> str:
    """An SVG picture.

    Args:
        results: What was measured.
        cases: The cases to show, each with its title.
    """
    shown = {case: bars for case in cases if (bars := shares(results, case))}
    most = max((share for bars in shown.values() for _, share in bars), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / max(most, 1.0)
    parts: list[str] = []
    y = 8
    for case, bars in shown.items():
        title = escape(cases[case])
        parts.append(f'<text class="title" x="8" y="{y + 14}">{title}</text>')
        y += TOP - 8
        begin = y
        for client, share in bars:
            parts.append(bar(client, share, y, scale))
            y += BAR + GAP
        x = LEFT + scale
        parts.append(
            f'<line class="floor" x1="{x:.1f}" x2="{x:.1f}" y1="{begin}" y2="{y}"/>'
        )
        y += 10
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
        f'aria-label="Speed as a share of {escape(FLOOR)}">'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>\n"])


def bar(client: str, share: float, y: int, scale: float) -> str:
    """One client: its name, its bar, its figure."""
    kind = "bar ours" if client == OURS else "bar"
    width, middle = share * scale, y + BAR - 3
    size = f'width="{width:.1f}" height="{BAR}" rx="2"'
    # Beside the bar, but where the floor's line would cross it.
    is_inside = abs(share - 1.0) < LABEL / scale
    x = LEFT + width + (-6 if is_inside else 6)
    place = 'text-anchor="end" class="inside"' if is_inside else ""
    return (
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(client)}</text>'
        f'<rect class="{kind}" x="{LEFT}" y="{y}" {size}/>'
        f'<text x="{x:.1f}" y="{middle}" {place}>{share:.2f}</text>'
    )


def shares(results: Results, case: str) -> list[tuple[str, float]]:
    """Each client's share of the floor, the largest first."""
    found = [
        (client, share)
        for client in results.rates.get(case, {})
        if client != FLOOR and (share := results.ratio(case, client)) is not None
    ]
    return sorted(found, key=lambda pair: -pair[1])
