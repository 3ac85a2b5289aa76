"""What all simulations have in common: faults are weather, and not worth a log."""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet():
    """Log nothing: what pytest keeps of each fault would look like a leak."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
