"""A server that sends arbitrary frames breaks nothing, and memory stays flat."""

import gc
import json
import os
from random import Random

import psutil
import pytest

from rx_phoenix import Message, ProtocolError, Socket
from rx_phoenix.testing import FakeTransport, VirtualScheduler

FRAMES = 200 * int(os.environ.get("RX_PHOENIX_SEEDS", "300"))
ROUND = FRAMES // 5
GROWTH = 30 * 1024 * 1024
"""The most bytes by which the process may grow."""

PIECES = [
    *(json.dumps(text) for text in ["room:1", "phx_reply", "phx_close", "tick", "1"]),
    *(json.dumps(text) for text in ["phoenix", "phx_error", "presence_diff", ""]),
    *(
        "null",
        "{}",
        "[]",
        "[1,2]",
        "1e999",
        "-0",
        "true",
        '{"status":"ok"}',
        '"\\ud800"',
    ),
    '{"status":"error","response":{"reason":"unmatched topic"}}',
]
DEEP_PIECES = ["[" * 2000, '{"a":' * 500]
"""The slowest of all to decode, so that few frames have one."""


@pytest.fixture
def scheduler():
    return VirtualScheduler()


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def socket(scheduler, transport):
    socket = Socket("ws://example.org/socket", transport=transport, scheduler=scheduler)
    yield socket
    socket.aclose()
    scheduler.advance_by(5)


@pytest.fixture
def connection(socket, transport):
    socket.connect()
    return transport.attempts[0].open()


def frame_of(chance):
    """Make a frame between a valid message and noise."""
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.randrange(40))
    if kind < 0.2:
        return bytes([chance.randrange(4)]) + chance.randbytes(chance.randrange(30))
    pieces = chance.choices(PIECES, k=5 if kind < 0.9 else chance.randrange(9))
    if chance.random() < 0.05:
        pieces.insert(chance.randrange(5), chance.choice(DEEP_PIECES))
    text = f"[{','.join(pieces)}]"
    if kind < 0.5:
        text = text[: chance.randrange(len(text))]
    return text.encode()


def test_arbitrary_frames_keep_the_connection_and_memory_stays_flat(
    socket, connection, scheduler
):
    errors, problems = [], []
    socket.lifecycle.subscribe(
        lambda event: isinstance(event, ProtocolError) and errors.append(1)
    )
    socket.unhandled.subscribe(problems.append)
    channel = socket.channel("room:1")
    channel.events("tick").subscribe(lambda _: None)
    channel.messages.subscribe(lambda _: None)
    channel.join()
    chance, process, sizes = Random(11), psutil.Process(), []

    for _ in range(FRAMES // ROUND):
        for _ in range(ROUND):
            connection.receive(frame_of(chance))
        gc.collect()
        sizes.append(process.memory_info().rss)

    assert socket.state == "open"
    assert len(errors) > FRAMES // 4
    assert problems == []
    assert max(sizes) - sizes[0] < GROWTH
    channel.join()  # a frame may have closed it
    ticks = []
    channel.events("tick").subscribe(ticks.append)
    connection.receive(Message(None, None, "room:1", "tick", 1))
    assert ticks == [1]
