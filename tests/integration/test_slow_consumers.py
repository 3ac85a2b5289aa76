"""Consumers that are slower than their stream, and lose nothing."""

import asyncio
import json
import resource

import pytest
from aiohttp import web

from rx_phoenix import Heartbeat, HeartbeatMissed, LongPollTransport, Socket, UsageError
from rx_phoenix.operators import for_each, values
from rx_phoenix.testing import reference_app

EVENTS = 20_000
PADDING = "x" * 1000


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def socket(server):
    async with Socket(server.url) as socket:
        yield socket


class Handled(list):
    """What was handled; it can be awaited until it is complete."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.done = asyncio.Event()

    def append(self, number):
        super().append(number)
        if len(self) == self.count:
            self.done.set()

    async def complete(self):
        await asyncio.wait_for(self.done.wait(), 120)
        return self


async def test_a_consumer_that_is_slower_gets_everything_in_order(socket):
    room, handled = socket.channel("room:1"), Handled(5000)
    await room.join()

    async def save(event):
        await asyncio.sleep(0)
        handled.append(event["i"])

    task = for_each(room.events("tick"), save, overflow="wait")
    await room.push("burst_reply", {"n": 5000})

    assert await handled.complete() == list(range(5000))
    task.cancel()


async def test_a_consumer_that_awaits_an_answer_for_each_event_gets_everything(socket):
    room, handled = socket.channel("room:1"), Handled(2000)
    await room.join()

    async def echo(event):
        reply = await room.push("echo", event)
        handled.append(reply["i"])

    task = for_each(room.events("tick"), echo, maxsize=100, overflow="wait")
    room.push("burst", {"n": 2000})

    assert await handled.complete() == list(range(2000))
    task.cancel()


async def collect(items, handled):
    async for item in items:
        handled.append(item["i"])


async def test_over_a_long_poll_a_full_consumer_ends_its_stream(server):
    handled = []
    async with Socket(server.url, transport=LongPollTransport()) as socket:
        room = socket.channel("room:1")
        await room.join()
        async with values(room.events("tick"), maxsize=10, overflow="wait") as items:
            room.push("burst", {"n": 100})
            with pytest.raises(UsageError, match="stop reading"):
                await collect(items, handled)

    assert handled == list(range(10))


class Firehose:
    """A Phoenix server that writes events as fast as the network takes them.

    Attributes:
        written: How many it has written.
    """

    def __init__(self):
        self.written = 0
        self.beats = 0

    async def serve(self, request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            join_ref, ref, topic, event, _ = json.loads(message.data)
            ok = {"status": "ok", "response": {}}
            await websocket.send_json([join_ref, ref, topic, "phx_reply", ok])
            self.beats += event == "heartbeat"
            if event == "phx_join":
                self.writing = asyncio.create_task(self.write(websocket, ref, topic))
        return websocket

    async def write(self, websocket, ref, topic):
        for n in range(EVENTS):
            payload = {"n": n, "padding": PADDING}
            await websocket.send_json([ref, None, topic, "row", payload])
            self.written += 1


@pytest.mark.slow  # 20,000 events through a consumer of 1 ms
async def test_many_events_wait_for_a_slow_consumer_at_the_server():
    firehose, handled, missed = Firehose(), Handled(EVENTS), []
    app = web.Application()
    app.router.add_get("/socket/websocket", firehose.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "ws://{}:{}/socket".format(*runner.addresses[0])
    ahead = []

    async def save(row):
        await asyncio.sleep(0.001)
        handled.append(row["n"])
        ahead.append(firehose.written - len(handled))

    async with Socket(url, heartbeat=Heartbeat(0.5, 0.5)) as socket:
        socket.lifecycle.subscribe(missed.append)
        room = socket.channel("room:1")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        task = for_each(room.stream("row"), save, maxsize=100, overflow="wait")
        await handled.complete()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        task.cancel()
    await runner.cleanup()

    assert handled == list(range(EVENTS))
    assert not any(isinstance(event, HeartbeatMissed) for event in missed)
    assert max(ahead) < EVENTS / 2, "the server's writes did not stall"
    assert grown < 30_000, f"{grown} KB"
    assert firehose.beats > 5
