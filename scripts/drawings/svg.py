"""The strokes that the drawings are made of, for light and for dark pages."""

from collections.abc import Mapping
from html import escape

__all__ = ["Canvas"]

LIGHT = {
    "ink": "#1f2933",
    "soft": "#52606d",
    "line": "#7b8794",
    "paper": "#ffffff",
    "fill": "#f0f4f8",
    "strong": "#3f51b5",
    "ground": "#e4e7eb",
}
DARK = {
    "ink": "#e4e7eb",
    "soft": "#b0bac5",
    "line": "#8896a5",
    "paper": "#1e2129",
    "fill": "#2b303b",
    "strong": "#9fa8da",
    "ground": "#3a404d",
}
"""Colours by their use; written out, as some viewers know no variables of CSS."""


def _coloured(colours: Mapping[str, str]) -> str:
    """Return the rules that set colours."""
    ink, line, fill = colours["ink"], colours["line"], colours["fill"]
    return (
        f".drawing text{{fill:{ink}}}"
        f".drawing .soft{{fill:{colours['soft']}}}"
        f".drawing .halo{{stroke:{colours['paper']}}}"
        f".drawing .stroke{{stroke:{line}}}"
        f".drawing .bold,.drawing .disc{{stroke:{ink}}}"
        f".drawing .box{{fill:{fill};stroke:{line}}}"
        f".drawing .floor{{stroke:{colours['ground']}}}"
        f".drawing .key{{fill:{fill};stroke:{colours['strong']}}}"
        f".drawing .head{{fill:{line}}}"
    )


STYLE = (
    ".drawing{font:14px system-ui,sans-serif}"
    ".drawing text{text-anchor:middle;dominant-baseline:central}"
    ".drawing .start{text-anchor:start}"
    ".drawing .end{text-anchor:end}"
    ".drawing .soft{font-size:12px}"
    ".drawing .strong{font-weight:600}"
    ".drawing .code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px}"
    ".drawing .halo{paint-order:stroke;stroke-width:6px;stroke-linejoin:round}"
    ".drawing .dark{fill:#1f2933;font-weight:600;font-size:13px}"
    ".drawing .stroke{fill:none;stroke-width:1.6}"
    ".drawing .bold{fill:none;stroke-width:2.2}"
    ".drawing .box,.drawing .floor,.drawing .disc{stroke-width:1.4}"
    ".drawing .floor{fill:none}"
    ".drawing .key{stroke-width:2}"
    ".drawing .head{stroke:none}"
    f"{_coloured(LIGHT)}"
    f"@media(prefers-color-scheme:dark){{{_coloured(DARK)}}}"
)


class Canvas:
    """A drawing that grows stroke by stroke.

    Args:
        width: Its width, in pixels.
        height: Its height.
        title: Its description, for screen readers.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self._size = f"{width:g} {height:g}"
        self._title = title
        self._strokes: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        """Write a line."""
        place = f'x="{x:g}" y="{y:g}"'
        self._strokes.append(f'<text {place} class="{kind}">{escape(words)}</text>')

    def lines(self, x: float, y: float, words: list[str], kind: str = "") -> None:
        """Write lines below each other, with their middle at a point."""
        for row, line in enumerate(words):
            self.text(x, y + 15 * (row - (len(words) - 1) / 2), line, kind)

    def path(self, course: str, kind: str = "stroke") -> None:
        """Draw a line, straight or bent, as SVG writes it."""
        self._strokes.append(f'<path d="{course}" class="{kind}"/>')

    def box(
        self, x: float, y: float, width: float, height: float, kind: str = "box"
    ) -> None:
        """Draw a rectangle, by its left upper corner."""
        size = f'width="{width:g}" height="{height:g}" rx="8"'
        self._strokes.append(f'<rect x="{x:g}" y="{y:g}" {size} class="{kind}"/>')

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Draw a marble."""
        look = f'fill="{fill}" class="disc"'
        self._strokes.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {look}/>')

    def arrow(self, course: str, at: tuple[float, float], turn: float) -> None:
        """Draw a line with a head.

        Args:
            course: The line, as SVG writes it.
            at: Where the tip of the head is.
            turn: Where it points to, in degrees, clockwise from the right.
        """
        self.path(course)
        place = f"translate({at[0]:.1f} {at[1]:.1f}) rotate({turn:.1f})"
        head = f'<path d="M0 0L-9 -4.5L-9 4.5Z" transform="{place}" class="head"/>'
        self._strokes.append(head)

    def __str__(self) -> str:
        width = self._size.split()[0]
        look = f'class="drawing" role="img" viewBox="0 0 {self._size}" width="{width}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {look}>'
        title, style = (
            f"<title>{escape(self._title)}</title>",
            f"<style>{STYLE}</style>",
        )
        return "\n".join([head, title, style, *self._strokes, "</svg>\n"])
