"""The modules of the package, as the files say."""

from pathlib import Path

import pytest

import rx_phoenix

ROOT = Path(rx_phoenix.__file__).parents[1]


def names():
    for path in sorted(ROOT.joinpath("rx_phoenix").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = list(names())


def pytest_generate_tests(metafunc):
    """Ask a test that takes a module's name about every module."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", MODULES)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def modules():
    return MODULES
