"""What the server sends right after an answer, for a coroutine that awaits it first."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from rx_phoenix import LongPollTransport, Message, Socket
from rx_phoenix.operators import first_value
from rx_phoenix.testing import FakeTransport, TapeTransport, VirtualScheduler
from rx_phoenix.testing._transports.tape import Received, Sent
from tests.cli.terminal import piped

ROUNDS = 200
PATIENCE = 20.0
"""Seconds after which a welcome was missed."""

TRANSPORTS = {"websocket": None, "longpoll": LongPollTransport}


@asynccontextmanager
async def server_of_its_own():
    """The URL of a reference app in another process."""
    async with piped("serve", "--port", "0") as process:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield line.decode().split()[5]


WAYS = {
    "a join": lambda room: room.join(),
    "a join with a time limit": lambda room: asyncio.wait_for(room.join(), 5),
    "joins together": lambda room: asyncio.wait_for(asyncio.gather(room.join()), 5),
    "an outcome": lambda room: room.join().outcome,
    "a first value": lambda room: (room.join(), first_value(room.joins, timeout=5))[1],
}
"""What is awaited before the program listens."""


async def heard(room):
    came = asyncio.Event()
    ref = room.on("welcome", lambda _: came.set())
    try:
        await asyncio.wait_for(came.wait(), PATIENCE)
    except TimeoutError:
        return False
    finally:
        room.off("welcome", ref)
    return True


@pytest.mark.slow  # a process, and 200 joins over HTTP requests
@pytest.mark.parametrize("name", TRANSPORTS)
async def test_a_welcome_is_never_missed_from_a_server_in_its_own_process(name):
    transport = TRANSPORTS[name] and TRANSPORTS[name]()
    came = 0
    async with server_of_its_own() as url, Socket(url, transport=transport) as socket:
        room = socket.channel("room:after_join")
        for _ in range(ROUNDS):
            await room.join()
            came += await heard(room)
            await room.leave()

    assert came == ROUNDS


@pytest.mark.parametrize("kind", WAYS)
async def test_whatever_awaits_an_answer_hears_what_follows(socket, kind):
    room = socket.channel("room:after_join")
    await WAYS[kind](room)

    assert await heard(room)


OK = {"status": "ok", "response": {}}
REPLY = Message("1", "1", "room:1", "phx_reply", OK)
WELCOME = Message("1", None, "room:1", "welcome", {})


async def join_and_listen(socket, join):
    """Join, then listen: returns the welcomes."""
    room, welcomes = socket.channel("room:1"), []
    await join(room)
    room.on("welcome", welcomes.append)
    await asyncio.sleep(1)
    await socket.aclose()
    return welcomes


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("batches", [[(REPLY, WELCOME)], [(REPLY,), (WELCOME,)]])
def test_in_virtual_time_nothing_is_missed(kind, batches):
    time, transport = VirtualScheduler(), FakeTransport()

    def join(room):
        joining = WAYS[kind](room)
        time.call_later(0.5, answer)
        return joining

    def answer():
        for batch in batches:
            transport.connection.receive(*batch)

    socket = Socket("ws://h/socket", transport=transport, scheduler=time)
    with time.loop.running():
        socket.connect()
    transport.attempt.open()
    welcomes = time.loop.run_until_complete(join_and_listen(socket, join))

    assert welcomes == [{}]


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_from_a_tape_nothing_is_missed(kind, speed):
    time = VirtualScheduler()
    join = Message("1", "1", "room:1", "phx_join", {})
    tape = [Sent(0.0, join), Received(0.1, REPLY), Received(0.1, WELCOME)]
    transport = TapeTransport(tape, speed=speed)
    socket = Socket("ws://h/socket", transport=transport, scheduler=time)
    with time.loop.running():
        socket.connect()
    welcomes = time.loop.run_until_complete(join_and_listen(socket, WAYS[kind]))

    assert welcomes == [{}]
