"""What most tests of the command line need: a server to talk to."""

import pytest

from rx_phoenix.testing._reference import reference_app


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
