"""How the page looks: colours, the template, and the style of its pieces."""

from pathlib import Path

__all__ = ["COLOURS", "CONTROLS", "PAGE", "PIECES"]

HERE = Path(__file__).parent

COLOURS = {
    "paper": "#0f1318",
    "panel": "#171d25",
    "grid": "#2a323d",
    "quiet": "#8492a3",
    "ink": "#dbe3ec",
    "calm": "#5fd7af",
    "warm": "#ffd75f",
    "hot": "#ff5f87",
    "blue": "#5fafff",
}
"""The colours by what they are for; CSS knows them as ``--paper`` and so on."""

PAGE = HERE.joinpath("page.html").read_text("utf-8")
"""The template of the page, in Jinja."""

PIECES = HERE.joinpath("pieces.css").read_text("utf-8")
"""The style of the pieces; they live in shadow roots, out of reach of the page's."""

CONTROLS = HERE.joinpath("controls.css").read_text("utf-8")
"""The style of what can be pressed."""
