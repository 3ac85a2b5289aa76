"""The official client, if this machine can run it; in CI it has to."""

import os

import pytest

from tests.integration.phoenix_js.node import (
    missing_node,
    prepare_packages,
    run_official_client,
)


@pytest.fixture(scope="session")
def packages():
    """The packages of package-lock.json."""
    reason = missing_node()
    if reason and os.environ.get("CI"):
        pytest.fail(f"the official client {reason}, and CI does not allow to skip it")
    if reason:
        pytest.skip(f"the official client {reason}")
    prepare_packages()


@pytest.fixture
async def phoenix_js(packages):
    async with run_official_client() as client:
        yield client
