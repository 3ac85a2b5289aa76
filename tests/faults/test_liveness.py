"""Who is dead is missed in time, and who is slow is not taken for dead."""

import asyncio
import time
from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rx_phoenix import (
    Closed,
    Heartbeat,
    HeartbeatMissed,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.operators import map_async
from rx_phoenix.testing import VirtualScheduler
from rx_phoenix.testing._simulation.network import Network
from rx_phoenix.testing._simulation.server import ModelServer
from tests.integration.waiting import PATIENCE, changes_of, first, first_of, listing

STALL = 1.0
"""Seconds for which a listener holds the loop: more than a heartbeat's timeout."""


class Calm:
    """A calm network in virtual time, with a socket that has the default policies.

    Attributes:
        missed: When a heartbeat was missed.
    """

    def __init__(self):
        self.scheduler = VirtualScheduler()
        chance = Random(1)
        server = ModelServer(chance, self.scheduler.call_later)
        self.network = Network(self.scheduler, chance, server)
        server.is_faultless = True
        self.network.stop_faults()
        self.missed = []
        self.socket = Socket(
            "ws://example.org/socket", transport=self.network, scheduler=self.scheduler
        )
        self.socket.lifecycle.subscribe(self._note)
        self.socket.connect()

    def _note(self, event):
        if isinstance(event, HeartbeatMissed):
            self.missed.append(self.scheduler.clock)


@pytest.fixture
def calm():
    calm = Calm()
    yield calm
    calm.socket.aclose()
    calm.scheduler.advance_by(5)
    assert calm.scheduler.pending == ()


@pytest.mark.parametrize("begin", [1, 5, 12.5, 24, 24.9, 25.2, 30, 49.9, 60])
def test_silence_is_noticed_within_interval_and_timeout(calm, begin):
    calm.scheduler.advance_to(begin)

    calm.network.fall_silent()
    calm.scheduler.advance_by(25 + 10 + 1)

    [noticed] = calm.missed
    assert noticed - begin <= 25 + 10


@pytest.mark.parametrize("begin", [1, 12.5, 24.9])
def test_a_join_that_is_not_answered_puts_that_off_by_its_own_timeout(calm, begin):
    calm.scheduler.advance_to(begin)

    calm.network.fall_silent()
    calm.socket.channel("room:1").join(timeout=60).mark_seen()
    calm.scheduler.advance_by(25 + 10 + 60 + 1)

    [noticed] = calm.missed
    assert noticed - begin <= 25 + 10 + 60


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
async def test_a_large_frame_on_a_slow_link_is_a_sign_of_life(proxy, make):
    socket = make(heartbeat=Heartbeat(0.4, 0.4))
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    events, sent = changes_of(socket), listing(socket.sent)

    proxy.throttle(100_000)
    await channel.push("big", {"n": 200_000}, timeout=10)

    assert events == []
    assert [message.event for message in sent].count("heartbeat") >= 3
    proxy.heal()


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
async def test_a_large_push_on_a_slow_link_is_a_sign_of_life(proxy, make):
    # A slow machine makes the link slower still: only the heartbeat is to judge it.
    socket = make(transport=WebSocketTransport(), heartbeat=Heartbeat(0.2, 1.0))
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    events = changes_of(socket)

    # Some two seconds, of which the kernel's buffers hide half.
    proxy.to_server.rate = 800_000
    data = {"data": "x" * 1_500_000}
    response = await channel.push("echo", data, timeout=4 * PATIENCE)

    assert response == data
    assert events == []


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
async def test_silence_in_the_middle_of_a_frame_is_noticed(proxy, make, ends):
    socket = make(heartbeat=Heartbeat(0.4, 0.4))
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    missed, again = first_of(socket.lifecycle, HeartbeatMissed), first(channel.joins)

    proxy.silence_after(100_000)
    push = channel.push("big", {"n": 500_000}, timeout=10)
    ends.watch_push(push)
    await missed
    proxy.heal()

    assert (await push.outcome).status == "lost"
    await again
    assert await channel.push("echo", {"is": "back"}) == {"is": "back"}


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
async def test_a_dead_path_is_left_as_soon_as_the_user_knows(proxy, make):
    socket = make(heartbeat=Heartbeat())
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    closed, again = first_of(socket.lifecycle, Closed), first(channel.joins)

    proxy.silence()
    socket.reconnect_now(probe=0.3)
    await closed
    proxy.heal()
    await again

    assert await channel.push("echo", {"is": "back"}) == {"is": "back"}


async def test_a_write_that_never_completes_is_cut_at_its_own_deadline(
    proxy, make, ends
):
    socket = make(heartbeat=None)
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    closed = first_of(socket.lifecycle, Closed)

    proxy.block_writes()
    pushes = [channel.push("noreply", {"data": "x" * 400_000}) for _ in range(40)]
    for push in pushes:
        ends.watch_push(push)

    await closed
    proxy.heal()


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
async def test_the_deadline_of_a_write_is_its_own(proxy, make):
    socket = make(transport=WebSocketTransport(write_timeout=0.2), heartbeat=None)
    await socket.connect()
    channel = socket.channel("room:lobby")
    await channel.join()
    closed = first_of(socket.lifecycle, Closed)

    proxy.block_writes()
    for _ in range(40):
        channel.push("noreply", {"data": "x" * 400_000})
    reason = (await closed).reason
    proxy.heal()

    assert reason == "the network took nothing for 0.2 s"


async def test_a_pong_that_cannot_be_written_is_a_write_that_does_not_complete():
    ping = b"\x89\x7d" + bytes(125)

    async def serve(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        request.transport.pause_reading()
        while not request.transport.is_closing():
            request.transport.write(500 * ping)
            await asyncio.sleep(0.001)
        return websocket

    app = web.Application()
    app.router.add_get("/socket/websocket", serve)
    async with TestServer(app) as server:
        transport = WebSocketTransport(write_timeout=0.2)
        url = str(server.make_url("/socket"))
        socket = Socket(url, transport=transport, heartbeat=None)
        closed = first_of(socket.lifecycle, Closed)
        await socket.connect()
        reason = (await closed).reason
        await socket.aclose()

    assert reason == "the network took nothing for 0.2 s"


async def test_one_who_awaits_slowly_is_not_taken_for_a_dead_peer(socket, joined):
    events, handled = changes_of(socket), []

    async def handle(tick):
        await asyncio.sleep(0.01)
        handled.append(tick["i"])

    working = map_async(handle, maxsize=1000)
    joined.events("tick").pipe(working).subscribe()
    await joined.push("burst_reply", {"n": 100})
    while len(handled) < 100:
        await socket.ping()

    assert handled == [*range(100)]
    assert events == []


async def test_one_who_holds_the_loop_is_not_taken_for_a_dead_peer(
    make, transport_class
):
    socket = make(transport=transport_class())
    await socket.connect()
    events = changes_of(socket)
    # The heartbeat is on its way; its answer arrives while nobody reads.
    await first_of(socket.sent, object)

    time.sleep(STALL)  # noqa: ASYNC251 - the point of it
    await socket.ping()

    assert events == []
