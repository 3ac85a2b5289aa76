"""Lists phrases that the rules of prose do not allow; exits with 1 if it finds any."""

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.prose.rules import findings

__all__ = ["main", "sources"]

ROOT = Path(__file__).parents[2]

PLACES = (
    *("*.md", "docs/**/*.md", "examples/**/*.md", "mkdocs.yml", "pyproject.toml"),
    *("rx_phoenix/**/*.py", "examples/*.py", "examples/demo/rx_phoenix_demo/**/*"),
    *("scripts/*", "scripts/**/*.py", "benchmarks/**/*.py"),
    "tests/conformance/*.toml",
)
"""What people read: documents, help texts, messages and scripts."""

TEXT = {"", ".html", ".md", ".py", ".toml", ".yml"}

OURSELVES = "scripts/prose/"
"""The rules, which name what they forbid."""

EXEMPT = {"CODE_OF_CONDUCT.md"}
"""A page about people."""


def sources() -> Iterator[Path]:
    """Yield the files whose words are checked."""
    for place in PLACES:
        for path in sorted(ROOT.glob(place)):
            name = path.relative_to(ROOT).as_posix()
            if name in EXEMPT or name.startswith(OURSELVES):
                continue
            if path.is_file() and path.suffix in TEXT:
                yield path


def main() -> int:
    """Print the findings of all files, and return the exit code."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words!r}: {remedy}"
        for path in sources()
        for line, words, remedy in findings(path.read_text(encoding="utf-8"))
    ]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
