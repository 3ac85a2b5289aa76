"""examples/fan_in: each event is in the stream once, though a worker is killed."""

import asyncio
import json
import os
import shutil
import socket
import sys
from contextlib import asynccontextmanager, closing
from importlib import import_module
from importlib.util import find_spec
from typing import ClassVar

import pytest

from rx_phoenix.testing import PhoenixServer, ServerChannel
from tests.examples.program import EXAMPLES

PROGRAM = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
IS_MISSING = PROGRAM is None or find_spec("nats") is None
nats = None if IS_MISSING else import_module("nats")

# CI has both; elsewhere the example is left out.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        IS_MISSING and "CI" not in os.environ,
        reason="needs nats-server (apt install nats-server) and nats-py",
    ),
]

TOPICS = [f"feed:{n}" for n in range(1, 7)]
WORKERS = "ann", "bob", "eve"
TAKEOVER = 10.0
"""Seconds in which another worker has to own the topics of a killed one."""


class Feed(ServerChannel):
    """A topic whose events are kept, replayed five at a time, and returned by page."""

    events: ClassVar = {}

    def join(self, params):
        kept = self.events[self.topic]
        for event in kept[params.get("after", 0) :][:5]:
            self.later(0.0, self.push, "event", event)

    def handle_in(self, event, payload, ref):
        end = None if payload["before"] is None else payload["before"] - 1
        page = self.events[self.topic][payload["after"] : end]
        self.reply(ref, "ok", {"events": page[:20]})


@pytest.fixture
async def server():
    Feed.events = {topic: [] for topic in TOPICS}
    async with PhoenixServer({"feed:*": Feed}) as server:
        yield server


@pytest.fixture
async def nats_url(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "--jetstream", "--store_dir", tmp_path, "--addr", "127.0.0.1"),
        *("--port", str(port)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    yield f"nats://127.0.0.1:{port}"
    process.kill()
    await process.wait()


class Workers:
    """The workers, and the topics that each said to own."""

    def __init__(self):
        self.processes = {}
        self.owners = {}
        self.changed = asyncio.Condition()
        self.readers = []

    async def start(self, name, url, nats_url):
        process = self.processes[name] = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "examples.fan_in.worker", name, url, *TOPICS),
            *("--nats", nats_url),
            cwd=EXAMPLES.parent,
            stdout=asyncio.subprocess.PIPE,
        )
        self.readers.append(asyncio.create_task(self.read(process)))

    async def read(self, process):
        async for line in process.stdout:
            name, verb, topic = line.decode().split()
            async with self.changed:
                if verb == "owns":
                    self.owners[topic] = name
                self.changed.notify_all()

    async def until(self, is_so, within):
        async with asyncio.timeout(within), self.changed:
            await self.changed.wait_for(is_so)

    async def kill(self, name):
        self.processes[name].kill()
        await self.processes[name].wait()


@pytest.fixture
async def workers(server, nats_url):
    workers = Workers()
    async with connected(nats_url):
        pass
    for name in WORKERS:
        await workers.start(name, server.url, nats_url)
    yield workers
    for process in workers.processes.values():
        if process.returncode is None:
            process.kill()
            await process.wait()
    await asyncio.gather(*workers.readers)


@asynccontextmanager
async def connected(url):
    """A connection to NATS, once it listens."""
    connection = await nats.connect(
        url, max_reconnect_attempts=100, reconnect_time_wait=0.1
    )
    yield connection
    await connection.close()


async def produce(server, count):
    """Have events happen in each topic."""
    for _ in range(count):
        for topic in TOPICS:
            kept = Feed.events[topic]
            kept.append({"id": len(kept) + 1})
            server.broadcast(topic, "event", kept[-1])
        await asyncio.sleep(0.02)


async def stored(connection):
    """The ids in the stream, by topic, in its order."""
    ids = {topic: [] for topic in TOPICS}
    subscription = await connection.jetstream().subscribe(
        "events.>", stream="events", ordered_consumer=True
    )
    total = sum(map(len, Feed.events.values()))
    while sum(map(len, ids.values())) < total:
        message = await subscription.next_msg(timeout=20)
        topic = message.subject.removeprefix("events.").replace(".", ":")
        ids[topic].append(json.loads(message.data)["id"])
    return ids


async def test_each_event_is_stored_once_though_a_worker_is_killed(
    server, workers, nats_url
):
    await workers.until(lambda: len(workers.owners) == len(TOPICS), 30)
    await produce(server, 50)
    victim = workers.owners[TOPICS[0]]
    orphans = {topic for topic, name in workers.owners.items() if name == victim}
    await workers.kill(victim)
    producing = asyncio.create_task(produce(server, 200))
    await workers.until(
        lambda: all(workers.owners[topic] != victim for topic in orphans), TAKEOVER
    )
    await producing

    async with connected(nats_url) as connection:
        ids = await stored(connection)
        state = await connection.jetstream().stream_info("events")
    assert ids == {topic: list(range(1, 251)) for topic in TOPICS}
    assert state.state.messages == 250 * len(TOPICS)
