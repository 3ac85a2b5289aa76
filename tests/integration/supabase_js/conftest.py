"""Supabase's official client, if this machine can run it; in CI it has to."""

import os
from pathlib import Path

import pytest

from tests.integration.phoenix_js.node import (
    missing_node,
    prepare_packages,
    run_official_client,
)
from tests.integration.supabase_js.recorder import Recorder

HERE = Path(__file__).parent

VERSIONS = {1: "1.0.0", 2: "2.0.0"}


@pytest.fixture(scope="session")
def packages():
    """The packages of package-lock.json."""
    reason = missing_node()
    if reason and os.environ.get("CI"):
        pytest.fail(f"the official client {reason}, and CI does not allow to skip it")
    if reason:
        pytest.skip(f"the official client {reason}")
    prepare_packages(HERE)


@pytest.fixture(params=VERSIONS, ids=lambda number: f"version {number}")
def version(request):
    return request.param


@pytest.fixture
async def server():
    async with Recorder() as server:
        yield server


@pytest.fixture
async def official(packages, server, version):
    """The official client, made for the server."""
    async with run_official_client(HERE) as client:
        await client.do(
            "client",
            url=f"ws://{server.host}:{server.port}/realtime/v1",
            key=server.api_key,
            vsn=VERSIONS[version],
        )
        yield client
