"""What kind of test a folder holds, and a stage for those in virtual time."""

import gc
from pathlib import Path

import pytest

from tests.conformance.harness import URL, Harness
from tests.secrets import credentials, planted_url, watching

TESTS = Path(__file__).parent
MARKER_OF_FOLDER = {
    "examples": "slow",
    "faults": "fault",
    "integration": "integration",
    "performance": "performance",
    "simulation": "simulation",
    "soak": "slow",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark it by the first folder below tests/."""
    folder = item.path.relative_to(TESTS).parts[0]
    if marker := MARKER_OF_FOLDER.get(folder):
        item.add_marker(marker)


def pytest_collection_finish() -> None:
    """Let the collector pass over thousands of tests: many of them ask it to run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def watch():
    """Looks for planted secrets, whatever the tests do."""
    with watching() as watch:
        yield watch


@pytest.fixture(autouse=True)
def no_secret_is_told(watch):
    """None stands in a log record, or in an error that was let go of."""
    yield
    assert watch.take() == []


@pytest.fixture
def secret_options():
    """Secrets for all that a stage's socket is told of where to connect."""
    return {"url": planted_url(URL), **credentials()}


@pytest.fixture
def make_stage(secret_options):
    """A stage with options of the test's own."""
    stages = []

    def make(**options):
        stages.append(Harness(**{**secret_options, **options}))
        return stages[-1]

    yield make
    for stage in stages:
        stage.finish()


@pytest.fixture
def stage(make_stage):
    return make_stage()
