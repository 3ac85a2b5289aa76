"""What the tests of operators share: a clock in the hand, and a notebook."""

import pytest

from rx_phoenix.testing import VirtualScheduler
from tests.operators.notes import Notes


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def time():
    """A clock that moves when told to; in the end it must have nothing left to do."""
    time = VirtualScheduler()
    yield time
    assert [str(timer) for timer in time.pending] == []
