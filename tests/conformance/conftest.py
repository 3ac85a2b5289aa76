"""A stage for each test: a socket, virtual time, and a server in the test's hand."""

import pytest

from tests.conformance.stage import Stage


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "defect(number): one of phoenix.js's known defects, done better"
    )


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
