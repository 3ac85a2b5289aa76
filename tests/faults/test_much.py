"""Much of everything, in virtual time: it is all there again, and memory is flat."""

import tracemalloc
from asyncio import sleep
from random import Random

import pytest

from rx_phoenix import ConnectionLost, Message, Socket
from rx_phoenix.operators import map_async
from rx_phoenix.testing import FakeTransport, VirtualScheduler
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.server import ModelServer

TOPICS = 10_000

MINUTE = 60

BURST = 100
"""Messages a second, of which a slow consumer handles one."""

GROWTH = 1_000_000
"""Bytes that may be gained in nine minutes of 100 messages a second."""


@pytest.fixture
def scheduler():
    return VirtualScheduler(limit=10 * TOPICS)


@pytest.mark.slow
def test_ten_thousand_topics_are_joined_again_after_a_loss(scheduler):
    chance = Random(1)
    server = ModelServer(chance, scheduler.call_later)
    network = Network(scheduler, chance, server)
    server.is_faultless = True
    network.stop_faults()
    socket = Socket(
        "ws://example.org/socket",
        transport=network,
        scheduler=scheduler,
        timeout=60,
        heartbeat=None,
    )
    channels = [socket.channel(f"room:{number}") for number in range(TOPICS)]
    for channel in channels:
        channel.join()
    scheduler.advance_by(5)

    (link,) = network.alive()
    link.end(ConnectionLost(1006))
    assert {channel.state for channel in channels} == {"errored"}
    scheduler.advance_by(5)

    assert {channel.state for channel in channels} == {"joined"}
    (link,) = network.alive()
    assert len(server.joined[link]) == TOPICS
    socket.aclose()
    scheduler.advance_by(5)
    assert scheduler.pending == ()


@pytest.mark.slow
def test_a_slow_consumer_for_ten_minutes_keeps_memory_flat_and_knows_its_losses(
    scheduler,
):
    transport = FakeTransport()
    socket = Socket(
        "ws://example.org/socket",
        transport=transport,
        scheduler=scheduler,
        heartbeat=None,
    )
    channel = socket.channel("room:1")
    handled, lost = [], []

    async def handle(payload):
        await sleep(1)
        handled.append(payload)

    slowly = map_async(
        handle,
        maxsize=BURST,
        overflow="drop_oldest",
        on_loss=lost.append,
        scheduler=scheduler,
    )
    channel.events("tick").pipe(slowly).subscribe()
    channel.join()
    connection = transport.attempts[0].open()
    (join,) = connection.messages
    ok = {"status": "ok", "response": {}}
    connection.receive(Message(join.ref, join.ref, "room:1", "phx_reply", ok))

    def a_minute():
        for _ in range(MINUTE):
            for number in range(BURST):
                connection.receive(Message(None, None, "room:1", "tick", number))
            scheduler.advance_by(1)

    a_minute()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(9):
        a_minute()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    scheduler.advance_by(2 * BURST)
    assert len(handled) + sum(lost) == 10 * MINUTE * BURST
    assert len(handled) >= 10 * MINUTE
    assert after - before < GROWTH
    socket.aclose()
    scheduler.advance_by(5)
