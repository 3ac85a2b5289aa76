"""What kind of test a folder holds, and a stage for those in virtual time."""

from pathlib import Path

import pytest

from tests.conformance.stage import Stage

TESTS = Path(__file__).parent
MARKER_OF_FOLDER = {
    "faults": "fault",
    "integration": "integration",
    "performance": "performance",
    "simulation": "simulation",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark it by the first folder below tests/."""
    folder = item.path.relative_to(TESTS).parts[0]
    if marker := MARKER_OF_FOLDER.get(folder):
        item.add_marker(marker)


@pytest.fixture
def make_stage():
    """A stage with options of the test's own."""
    stages = []

    def make(**options):
        stages.append(Stage(**options))
        return stages[-1]

    yield make
    for stage in stages:
        stage.finish()


@pytest.fixture
def stage(make_stage):
    return make_stage()
