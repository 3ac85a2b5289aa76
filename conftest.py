"""How hypothesis searches, what doctests know, what may interrupt, which loop runs."""

import asyncio
import os
import signal
from asyncio import AbstractEventLoop
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import settings

import rx_phoenix

# The processes that the tests are divided among are measured. The many programs that
# tests start are not: it would slow each of them down.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

EXAMPLES = int(os.environ.get("RX_PHOENIX_EXAMPLES", "20"))
"""The number of cases that hypothesis tries, unless a test has its own."""

settings.register_profile("dev", deadline=None, max_examples=EXAMPLES)
settings.register_profile("ci", deadline=None, max_examples=EXAMPLES, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell has what it starts in the background ignore this, and all that starts in turn.
signal.signal(signal.SIGINT, signal.default_int_handler)


def new_eager_loop() -> AbstractEventLoop:
    """Make asyncio's loop, with tasks that run to their first wait when created."""
    loop = asyncio.new_event_loop()
    # Since Python 3.12.
    loop.set_task_factory(vars(asyncio)["eager_task_factory"])
    return loop


LOOPS: dict[str, Callable[[], AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": lambda: import_module("uvloop").new_event_loop(),
    "eager": new_eager_loop,
}
"""The event loops that a coroutine test may run on, by the name of the option."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for the event loop of tests that are coroutines."""
    parser.addoption("--loop", choices=LOOPS, default="asyncio")


def pytest_asyncio_loop_factories(
    config: pytest.Config,
) -> dict[str, Callable[[], AbstractEventLoop]]:
    """Return the loop that was asked for."""
    name = config.getoption("--loop")
    return {name: LOOPS[name]}


@pytest.fixture(autouse=True, scope="session")
def _public_names(doctest_namespace: dict[str, Any]) -> None:
    """Let an example stand as if after ``from rx_phoenix import …``."""
    for name in rx_phoenix.__all__:
        doctest_namespace[name] = getattr(rx_phoenix, name)
