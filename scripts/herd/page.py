"""The figures in the page, which stand between two marks."""

from collections.abc import Sequence
from pathlib import Path

from scripts.herd.cases import CASES
from scripts.herd.storm import Storm

__all__ = ["IMAGE", "PAGE", "with_figures"]

DOCS = Path(__file__).parents[2] / "docs"

IMAGE = DOCS / "images" / "herd.svg"
PAGE = DOCS / "reliability.md"

BEGIN, END = "<!-- herd -->\n", "<!-- /herd -->"

HEAD = """
| what happens | clients | at once | later | half are back | all are |
| --- | --- | --- | --- | --- | --- |
""".lstrip()


def with_figures(page: str, storms: Sequence[Storm]) -> str:
    """Put the figures of storms into a page.

    Args:
        page: The page's text.
        storms: One for each of `CASES`.
    """
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [
        f"| {case.title} | `{case.code}` | {storm.peak():.1%} "
        f"| {storm.peak(since=storm.back):.1%} "
        f"| {storm.median:.1f} s | {storm.returned[-1]:.0f} s |\n"
        for case, storm in zip(CASES, storms, strict=True)
    ]
    return f"{before}{BEGIN}{HEAD}{''.join(rows)}{END}{after}"
