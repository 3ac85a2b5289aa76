"""Draw docs/images/herd.svg, and write its figures into docs/reliability.md."""

from scripts.thundering_herd.cases import run_all
from scripts.thundering_herd.page import IMAGE, PAGE, with_figures
from scripts.thundering_herd.picture import draw


def main() -> None:
    """Simulate, draw, and write."""
    lived = run_all()
    IMAGE.write_text(draw(lived))
    PAGE.write_text(with_figures(PAGE.read_text(), lived))


if __name__ == "__main__":
    main()
