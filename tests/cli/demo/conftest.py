"""Readings that were never taken."""

import pytest

from rx_phoenix._cli.demo.reading import Reading


@pytest.fixture
def reading():
    """Makes a reading of which only some figures matter."""

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
