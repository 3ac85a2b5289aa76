"""The modules of the package, as the files say."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import rx_phoenix

ROOT = Path(rx_phoenix.__file__).parents[1]


@dataclass
class Source:
    """The file of a module."""

    path: Path

    @cached_property
    def text(self):
        return self.path.read_text()

    @cached_property
    def nodes(self):
        """All that its syntax tree consists of."""
        return [*ast.walk(ast.parse(self.text))]


def named_sources():
    for path in sorted(ROOT.joinpath("rx_phoenix").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, Source(path)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def sources():
    """By the name of each module, its file."""
    return dict(named_sources())


@pytest.fixture(scope="session")
def modules(sources):
    return [*sources]
