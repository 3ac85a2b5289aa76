"""Measurements that are pushed in batches, whatever happens meanwhile."""

import asyncio
from types import SimpleNamespace

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin, Socket
from rx_phoenix._streams.hub import Hub
from rx_phoenix.operators import push_each
from rx_phoenix.testing import FaultProxy, PhoenixServer, ServerChannel

COUNT = 400


class Measurements(ServerChannel):
    """A channel that keeps what it gets."""

    received = ()

    def handle_in(self, event, payload, ref):
        self.received.append(payload)
        self.reply(ref)


@pytest.fixture
async def server():
    Measurements.received = []
    async with PhoenixServer({"sensor:*": Measurements}) as server:
        yield server


@pytest.fixture
async def proxy(server):
    async with FaultProxy(server.port) as proxy:
        yield proxy


@pytest.mark.parametrize("has_reset", [False, True])
async def test_400_measurements_arrive_through_changes_of_the_window(proxy, has_reset):
    config = SimpleNamespace(size=50, window=0.2)
    quick = {
        "reconnect": Reconnect(delays=Backoff(0.01)),
        "rejoin": Rejoin(delays=Backoff.steps(0.02)),
    }
    source, ended = Hub(pytest.fail), asyncio.Event()
    async with Socket(proxy.url, **quick) as socket:
        sensor = socket.channel("sensor:1")
        await sensor.join()
        sink = push_each(
            sensor,
            "batch",
            size=lambda: config.size,
            every=lambda: config.window,
            again=True,
        )
        source.observable.pipe(sink).subscribe(on_completed=ended.set)
        for n in range(COUNT):
            source.on_next(n)
            await asyncio.sleep(0.0025)
            if n == 100:
                config.size, config.window = 7, 0.05
            if n == 200 and has_reset:
                proxy.reset()
            if n == 300:
                config.size, config.window = 100, 0.3
        source.on_completed()
        await asyncio.wait_for(ended.wait(), 30)

    arrived = [n for batch in Measurements.received for n in batch]
    once = list(dict.fromkeys(arrived))
    assert once == list(range(COUNT))
    assert has_reset or arrived == once
