"""Silencing the library's log."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["hide_lifecycle", "is_not_of_a_join", "quiet_logs"]


FAILED_JOINS = {"JoinRefused", "PushTimeout"}
"""The errors of a join that is retried."""


def hide_lifecycle() -> None:
    """Keep the log of connections and joins off stderr: a command reports them."""
    logging.getLogger("rx_phoenix.lifecycle").addHandler(logging.NullHandler())
    logging.getLogger("rx_phoenix").addFilter(is_not_of_a_join)


def is_not_of_a_join(record: logging.LogRecord) -> bool:
    """Return True unless a record is about a join that is retried."""
    is_unhandled = record.exc_info is not None
    return is_unhandled or getattr(record, "phoenix_error", "") not in FAILED_JOINS


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
