"""A test's folder says what kind of test it is."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MARKER_OF_FOLDER = {
    "faults": "fault",
    "integration": "integration",
    "simulation": "simulation",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark it by the first folder below tests/."""
    folder = item.path.relative_to(TESTS).parts[0]
    if marker := MARKER_OF_FOLDER.get(folder):
        item.add_marker(marker)
