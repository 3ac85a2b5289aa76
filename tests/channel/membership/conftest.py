"""A channel in each of its states."""

import pytest


@pytest.fixture
def channel_in(stage):
    """A channel of room:1 in a state, on an open connection, wanted by `join`."""
    return stage.channel_in
