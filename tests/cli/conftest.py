"""What most tests of the command line need: a server to talk to."""

from pathlib import Path

import pytest

from rx_phoenix.testing._reference import reference_app

STARTS = {"piped", "run", "terminal"}
"""The functions that start the program, which takes a second or more."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        code = getattr(getattr(item, "function", None), "__code__", None)
        if here in item.path.parents and code and STARTS.intersection(code.co_names):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def nobody():
    """The URL of a server that is not there any more."""
    server = reference_app()
    async with server:
        pass
    return server.url
