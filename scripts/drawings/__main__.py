"""Rewrites docs/drawings, for the documents."""

from collections.abc import Mapping
from pathlib import Path

from scripts.drawings.house import house
from scripts.drawings.lives import channel_life, socket_life
from scripts.drawings.marbles import diagrams

__all__ = ["FOLDER", "drawings"]

FOLDER = Path(__file__).parents[2] / "docs/drawings"


def drawings() -> Mapping[str, str]:
    """Every drawing of the documents, by the name of its file."""
    return {
        "house.svg": house(),
        "life-of-a-channel.svg": channel_life(),
        "life-of-a-socket.svg": socket_life(),
        **{f"{name}.svg": drawing for name, drawing in diagrams()},
    }


def main() -> None:
    """Write them all."""
    for name, drawing in drawings().items():
        FOLDER.joinpath(name).write_text(drawing)
        print(f"Drawn: {FOLDER / name}")


if __name__ == "__main__":
    main()
