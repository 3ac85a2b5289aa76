"""Silencing the library's log."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["hide_lifecycle", "quiet_logs"]


def hide_lifecycle() -> None:
    """Keep the log of connections off stderr, where a command reports it itself."""
    logging.getLogger("rx_phoenix.lifecycle").addHandler(logging.NullHandler())


@contextmanager
def quiet_logs() -> Generator[None]:
    """Discard the library's log records during a block."""
    logger = logging.getLogger("rx_phoenix")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
