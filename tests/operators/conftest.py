"""What the tests of operators share: a clock in the hand, and a notebook."""

from dataclasses import dataclass, field

import pytest
from reactivex import abc

from rx_phoenix.testing.scheduler import VirtualScheduler


@dataclass
class Notes(abc.ObserverBase):
    """Everything that a stream emits."""

    values: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    completions: int = 0

    def on_next(self, value):
        self.values.append(value)

    def on_error(self, error):
        self.errors.append(error)

    def on_completed(self):
        self.completions += 1

    @property
    def is_open(self):
        return not self.errors and not self.completions


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def time():
    """A clock that moves when told to; in the end it must have nothing left to do."""
    time = VirtualScheduler()
    yield time
    assert [str(timer) for timer in time.pending] == []
