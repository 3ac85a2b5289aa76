"""The look of the page: colours, template and style sheets."""

from pathlib import Path

__all__ = ["COLOURS", "CONTROLS", "FRAGMENTS", "LIGHT", "PAGE"]

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
"""The colours by purpose; in CSS they are ``--paper`` and so on."""

LIGHT = {
    "paper": "#f4f6f9",
    "panel": "#ffffff",
    "grid": "#d5dce5",
    "quiet": "#5b6877",
    "ink": "#1b2430",
    "calm": "#0b7a55",
    "warm": "#9a6700",
    "hot": "#c2255c",
    "blue": "#1c6fc4",
}
"""The same where the system prefers light."""

PAGE = HERE.joinpath("page.html").read_text("utf-8")
"""The template of the page, in Jinja."""

FRAGMENTS = HERE.joinpath("fragments.css").read_text("utf-8")
"""Style of the fragments, which a page's style cannot reach in their shadow roots."""

CONTROLS = HERE.joinpath("controls.css").read_text("utf-8")
"""Style of the buttons."""
