"""The methods that a loop in virtual time refuses."""

import asyncio

import pytest

from rx_phoenix.errors import UsageError
from rx_phoenix.testing._time.loop import VirtualLoop


@pytest.fixture
def loop():
    return VirtualLoop()


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("create_connection", "network"),
        ("sock_recv", "network"),
        ("subprocess_exec", "pipes or subprocesses"),
        ("add_signal_handler", "signals"),
        ("run_in_executor", "threads"),
        ("run_forever", "independent clock"),
    ],
)
def test_a_method_that_needs_io_is_refused(loop, method, missing):
    with pytest.raises(UsageError, match=rf"has no {missing}, so {method}\(\)"):
        getattr(loop, method)()


def test_a_thread_is_refused_where_it_is_asked_for(loop):
    with pytest.raises(UsageError, match="no threads"):
        loop.run_until_complete(asyncio.to_thread(print))
