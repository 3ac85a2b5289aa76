"""The figures in the page, which stand between two marks."""

from collections.abc import Sequence
from pathlib import Path

from scripts.thundering_herd.cases import CASES
from scripts.thundering_herd.run import ThunderingHerd

__all__ = ["IMAGE", "PAGE", "with_figures"]

DOCS = Path(__file__).parents[2] / "docs"

IMAGE = DOCS / "images" / "herd.svg"
PAGE = DOCS / "reliability.md"

BEGIN, END = "<!-- herd -->\n", "<!-- /herd -->"

HEAD = """
| what happens | clients | at once | later | half are back | all are |
| --- | --- | --- | --- | --- | --- |
""".lstrip()


def with_figures(page: str, herds: Sequence[ThunderingHerd]) -> str:
    """Put the figures of herds into a page.

    Args:
        page: The page's text.
        herds: One for each of `CASES`.
    """
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [
        f"| {case.title} | `{case.code}` | {herd.peak():.1%} "
        f"| {herd.peak(since=herd.back):.1%} "
        f"| {herd.median:.1f} s | {herd.returned[-1]:.0f} s |\n"
        for case, herd in zip(CASES, herds, strict=True)
    ]
    return f"{before}{BEGIN}{HEAD}{''.join(rows)}{END}{after}"
