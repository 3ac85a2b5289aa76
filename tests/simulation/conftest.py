"""Shared fixtures of the simulations, in which faults are expected and not logged."""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet():
    """Disable logging: the records that pytest keeps would look like a leak."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
