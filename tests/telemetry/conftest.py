"""The kit's socket, instrumented."""

import pytest

from tests.telemetry.collector import Collector


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.shut_down()


@pytest.fixture
def socket(phx, collector):
    """The socket, without heartbeats of its own."""
    phx.use(heartbeat=None)
    phx.keep(collector.watch(phx.socket))
    return phx.socket
