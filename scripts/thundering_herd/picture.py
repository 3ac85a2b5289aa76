"""The picture: how many clients try in each tenth of a second, for each case."""

from collections.abc import Sequence
from html import escape
from math import log10

from scripts.thundering_herd.cases import AWAY, CASES
from scripts.thundering_herd.run import CLIENTS, MOMENT, ThunderingHerd

__all__ = ["draw"]

SHOWN = 30.0
"""Seconds after the loss."""

LEFT, WIDTH, HEIGHT, GAP = 54, 600, 64, 34
LEAST, MOST = 1 / CLIENTS, 1.0
"""Shares at the bottom and at the top of a panel, which is logarithmic."""

TOLERABLE = 0.02

MARKS = ((MOST, "100 %"), (TOLERABLE, "2 %"), (LEAST, "0.01 %"))

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #24292f }
.ground { fill: #fff } .panel { fill: #f6f8fa }
.tries { fill: #8250df } .hurts { fill: #cf222e }
.limit { stroke: #cf222e; stroke-dasharray: 4 3 } .back { stroke: #1a7f37 }
""".strip()


def draw(herds: Sequence[ThunderingHerd]) -> str:
    """Draw a panel for each case, below one another.

    Args:
        herds: One for each of `CASES`.

    Returns:
        The SVG.
    """
    panels = [
        panel(case.title, herd, GAP + number * (HEIGHT + GAP))
        for number, (case, herd) in enumerate(zip(CASES, herds, strict=True))
    ]
    width, height = LEFT + WIDTH + 16, GAP + len(panels) * (HEIGHT + GAP)
    return "\n".join(
        [
            (
                '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
                f'viewBox="0 0 {width} {height}" width="{width}">'
            ),
            (
                f"<title>{CLIENTS:,} clients lose a server that is back after "
                f"{AWAY:g} s: the share that tries in each 100 ms</title>"
            ),
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *panels,
            *(
                f'<text x="{x_of(second):g}" y="{height - 16}" text-anchor="middle">'
                f"{second} s</text>"
                for second in range(0, round(SHOWN) + 1, 5)
            ),
            "</svg>\n",
        ]
    )


def panel(title: str, herd: ThunderingHerd, top: int) -> str:
    """One case: bars of tenths of a second, the limit, and the server's return."""
    limit, bottom = top + y_of(TOLERABLE), top + HEIGHT
    kinds: dict[str, list[str]] = {"tries": [], "hurts": []}
    for number, share in enumerate(herd.shares(SHOWN)):
        if share:
            y = top + y_of(min(share, MOST))
            kind = "hurts" if share >= TOLERABLE else "tries"
            kinds[kind].append(f"M{x_of(number * MOMENT):g} {bottom}V{y:g}h2V{bottom}z")
    return "\n".join(
        [
            f'<text class="title" x="{LEFT}" y="{top - 8}">{escape(title)}</text>',
            (
                f'<text x="{LEFT + WIDTH}" y="{top - 8}" text-anchor="end">'
                f"at most {herd.peak():.1%} at once</text>"
            ),
            (
                f'<rect class="panel" x="{LEFT}" y="{top}" width="{WIDTH}" '
                f'height="{HEIGHT}"/>'
            ),
            *(
                f'<path class="{kind}" d="{"".join(bars)}"/>'
                for kind, bars in kinds.items()
                if bars
            ),
            f'<path class="limit" d="M{LEFT} {limit:g}h{WIDTH}"/>',
            f'<path class="back" d="M{x_of(AWAY):g} {top}v{HEIGHT}"/>',
            *(
                f'<text x="{LEFT - 6}" y="{top + y_of(share) + 4:g}" '
                f'text-anchor="end">{name}</text>'
                for share, name in MARKS
            ),
        ]
    )


def x_of(second: float) -> float:
    """Where a time is."""
    return round(LEFT + WIDTH * second / SHOWN, 1)


def y_of(share: float) -> float:
    """Where a share is, below the top of its panel."""
    return round(HEIGHT * log10(MOST / share) / log10(MOST / LEAST), 1)
