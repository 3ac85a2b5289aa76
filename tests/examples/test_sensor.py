"""examples/sensor.py: every measurement arrives, or its loss is reported."""

import asyncio
import gc
import re
import runpy
from itertools import accumulate

import pytest
from reactivex import operators as ops
from reactivex.subject import ReplaySubject

from rx_phoenix import Backoff, Push, Reconnect, Rejoin, Socket
from rx_phoenix.testing import PhoenixServer, ServerChannel
from tests.examples.program import EXAMPLES, running
from tests.integration.waiting import PATIENCE, first, listing, until

SOURCE = EXAMPLES / "sensor.py"


@pytest.fixture
def batches():
    return ReplaySubject()


@pytest.fixture
def arrived(batches):
    """The batches until now."""
    return listing(batches)


@pytest.fixture
def arrival_of(batches):
    """Wait for the batch with a measurement."""
    return lambda n: first(batches.pipe(ops.filter(lambda batch: n in batch)))


@pytest.fixture
def joined():
    """The server's channels, of every join."""
    return []


@pytest.fixture
async def server(batches, joined):
    class Collector(ServerChannel):
        def join(self, params):
            joined.append(self)

        def handle_in(self, event, payload, ref):
            assert event == "measurements_batch"
            batches.on_next([measured["payload"] for measured in payload])

    async with PhoenixServer({"hub:sensor:*": Collector}) as server:
        yield server


@pytest.fixture
async def channel(server):
    options = {
        "reconnect": Reconnect(delays=Backoff(0.01, jitter=0), drain=None),
        "rejoin": Rejoin(delays=Backoff.steps(0.01)),
        "timeout": PATIENCE,
    }
    async with Socket(server.url, **options) as socket:
        channel = socket.channel("hub:sensor:1")
        await channel.join()
        yield channel


@pytest.fixture
def losses():
    return []


@pytest.fixture
async def sensor(channel, losses):
    return runpy.run_path(str(SOURCE))["Sensor"](channel, losses.append)


async def measure(sensor, first, last, pause=0.0005):
    for n in range(first, last):
        sensor.send("temperature", n)
        await asyncio.sleep(pause)


def flat(batches):
    return [value for batch in batches for value in batch]


def test_the_sensor_has_at_most_30_lines():
    _, begin, rest = SOURCE.read_text().partition("class Sensor:")
    body, _, _ = rest.partition("\nclass ")
    lines = [line for line in f"{begin}{body}".splitlines() if line.strip()]
    imports = 5  # of what it uses; the rest of the file is its server

    assert len(lines) + imports <= 30


async def test_batches_are_as_large_as_the_server_says(
    server, channel, sensor, arrived, arrival_of
):
    sensor.window = 60.0  # a slow machine does not fill a batch in the usual one
    await measure(sensor, 0, 20)
    config = {"recommended_batch_size": 4, "recommended_batch_window": 60000}
    server.broadcast("hub:sensor:1", "backpressure_config", config)
    await channel.socket.ping()
    await measure(sensor, 20, 28)
    await arrival_of(27)

    assert [len(batch) for batch in arrived] == [10, 10, 4, 4]


async def test_a_window_that_is_over_sends_what_there_is(sensor, arrival_of):
    sensor.window = 0.01
    sensor.send("temperature", 1)

    assert await arrival_of(1) == [1]


async def test_all_400_arrive_in_order_once_through_a_graceful_restart(
    server, channel, sensor, arrived, arrival_of
):
    await measure(sensor, 0, 150)
    config = {"recommended_batch_size": 7, "recommended_batch_window": 3}
    server.broadcast("hub:sensor:1", "backpressure_config", config)
    await measure(sensor, 150, 200)
    await arrival_of(199)
    lost = first(channel.errors)
    await server.stop()
    await lost
    await measure(sensor, 200, 300)
    await server.start()
    await measure(sensor, 300, 400)
    sensor.close()
    await arrival_of(399)

    assert flat(arrived) == [*range(400)]


async def test_what_a_reset_loses_is_reported(channel, joined, sensor, arrived, losses):
    await measure(sensor, 0, 50)
    lost = first(channel.errors)
    joined[-1].kill_transport()
    await measure(sensor, 50, 100)
    sensor.close()
    await lost
    await until(channel.states, "joined")
    await channel.socket.ping()

    missing = {*range(100)} - {*flat(arrived)}
    assert len(missing) <= sum(losses)


async def test_nothing_piles_up_without_answers(sensor, arrived, arrival_of):
    sensor.size = 1
    for n in range(2000):
        sensor.send("temperature", n)
    await arrival_of(1999)

    assert flat(arrived) == [*range(2000)]
    gc.collect()
    pushes = (it for it in gc.get_objects() if isinstance(it, Push))
    assert [push for push in pushes if push.event == "measurements_batch"] == []


async def test_it_runs():
    async with running("sensor.py") as program:
        code, lines = await program.end()

    assert code == 0
    got = [re.fullmatch(r"Got (\d+) measurements from (\d+)", line) for line in lines]
    batches = [(int(it[1]), int(it[2])) for it in got if it]
    sizes, firsts = zip(*batches, strict=True)
    assert firsts == (0, *accumulate(sizes[:-1]))
    assert sum(sizes) == 100
    assert sizes[0] <= 10 < max(sizes) <= 30  # a window may end before they are full
