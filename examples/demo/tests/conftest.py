"""Fixtures: readings, and servers to connect to."""

import pytest

from rx_phoenix.testing import reference_app
from rx_phoenix_demo.reading import Reading


@pytest.fixture
def reading():
    """A function that builds a reading from some of its figures."""

    def make(at=0.0, **figures):
        usual = {
            "every": 1.0,
            "cores": (10.0, 30.0),
            "memory": 4_000,
            "memory_total": 16_000,
            "received": 0,
            "sent": 0,
            "disk_read": 0,
            "disk_written": 0,
        }
        return Reading(at=at, **{**usual, **figures})

    return make


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def unreachable():
    """The URL of a server that has stopped."""
    async with reference_app() as server:
        pass
    return server.url
