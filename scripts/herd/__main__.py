"""Draw docs/images/herd.svg, and write its figures into docs/reliability.md."""

from scripts.herd.cases import storms
from scripts.herd.page import IMAGE, PAGE, with_figures
from scripts.herd.picture import draw


def main() -> None:
    """Simulate, draw, and write."""
    lived = storms()
    IMAGE.write_text(draw(lived))
    PAGE.write_text(with_figures(PAGE.read_text(), lived))


if __name__ == "__main__":
    main()
