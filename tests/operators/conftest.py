"""Fixtures of the operators' tests: a virtual clock, and a recording observer."""

import pytest

from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def time():
    """A virtual clock, which must have no pending timers in the end."""
    time = VirtualScheduler()
    yield time
    assert [str(timer) for timer in time.pending] == []
