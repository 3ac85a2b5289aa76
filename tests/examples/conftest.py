"""What examples run against."""

import pytest

from rx_phoenix.testing import reference_app


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server
