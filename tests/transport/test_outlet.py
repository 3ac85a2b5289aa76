"""The outlet: what a turn of the loop writes, and what the network takes of it."""

import asyncio

import pytest

from rx_phoenix._transport.outlet import AT_ONCE, LARGE, Outlet
from rx_phoenix.testing import VirtualScheduler


class Wire:
    """A network of asyncio's that takes what the test lets it take.

    Attributes:
        writes: The data of each write.
        room: How many bytes it takes from now on.
    """

    def __init__(self):
        self.writes = []
        self.room = 10**9
        self.size = 0

    def write(self, data):
        self.writes.append(data)
        self.size += len(data)
        self.take(0)

    def take(self, room):
        """Make room, and use it."""
        self.room += room
        taken = min(self.room, self.size)
        self.room -= taken
        self.size -= taken

    def get_write_buffer_size(self):
        return self.size


@pytest.fixture
def time():
    time = VirtualScheduler()
    with time.loop.running():
        yield time


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def stalls():
    return []


@pytest.fixture
def outlet(time, wire, stalls):
    outlet = Outlet(wire, time.loop, 10.0, lambda: stalls.append(time.clock))
    yield outlet
    outlet.stop()
    time.advance_by(0)
    assert time.pending == ()


def test_a_frame_by_itself_is_written_at_once(outlet, wire):
    outlet.write(b"a")

    assert wire.writes == [b"a"]


def test_those_behind_it_are_written_together_at_the_end_of_the_turn(
    time, outlet, wire
):
    for data in b"a", b"b", b"c":
        outlet.write(data)
    assert wire.writes == [b"a"]

    time.advance_by(0)
    outlet.write(b"d")

    assert wire.writes == [b"a", b"bc", b"d"]


def test_what_is_sent_while_a_read_is_delivered_is_written_after_it(outlet, wire):
    outlet.begin_turn()
    outlet.write(b"a")
    outlet.write(b"b")
    assert wire.writes == []

    outlet.end_turn()

    assert wire.writes == [b"ab"]


def test_a_write_has_no_more_than_so_many_frames(outlet, wire):
    outlet.begin_turn()
    for _ in range(2 * AT_ONCE + 1):
        outlet.write(b"a")
    outlet.end_turn()

    assert list(map(len, wire.writes)) == [AT_ONCE, AT_ONCE, 1]


def test_a_large_frame_is_written_by_itself_behind_the_others(outlet, wire):
    large = b"x" * LARGE
    outlet.begin_turn()
    for data in b"a", b"b", large, b"c":
        outlet.write(data)
    outlet.end_turn()

    assert wire.writes == [b"ab", large, b"c"]


def test_a_frame_in_pieces_is_one_frame(outlet, wire):
    outlet.writelines([b"a", b"b"])

    assert wire.writes == [b"ab"]
    assert not outlet.is_closing()


def test_frames_wait_until_the_network_has_taken_all_of_them(outlet, wire):
    wire.room = 5
    outlet.begin_turn()
    for _ in range(4):
        outlet.write(b"abc")
    outlet.end_turn()
    counts = [outlet.waiting]
    for _ in range(3):
        wire.take(3)
        counts.append(outlet.waiting)

    assert counts == [3, 2, 1, 0]


def test_what_the_network_takes_at_once_does_not_wait(outlet):
    outlet.write(b"a")

    assert outlet.waiting == 0


def test_a_network_that_takes_nothing_for_the_timeout_has_stalled(
    time, wire, outlet, stalls
):
    wire.room = 0
    outlet.write(b"abc")
    time.advance_by(9.5)
    assert stalls == []

    time.advance_by(100)

    assert stalls == [pytest.approx(10)]


def test_whatever_the_network_takes_restarts_the_deadline(time, wire, outlet, stalls):
    wire.room = 0
    outlet.write(b"x" * 100)
    for _ in range(9):
        time.advance_by(8)
        wire.take(1)
    assert stalls == []

    time.advance_by(12)

    assert stalls == [pytest.approx(82, abs=1)]


def test_a_frame_that_waited_long_does_not_cost_the_next_its_time(
    time, wire, outlet, stalls
):
    wire.room = 0
    outlet.write(b"abc")
    time.advance_by(9)
    wire.take(3)
    time.advance_by(30)
    outlet.write(b"abc")
    time.advance_by(9)

    assert stalls == []


def test_after_a_stop_nothing_is_written_or_watched(time, wire, outlet, stalls):
    wire.room = 0
    outlet.write(b"abc")
    outlet.stop()
    outlet.write(b"abc")
    time.advance_by(100)

    assert (wire.writes, outlet.waiting, stalls) == ([b"abc"], 0, [])


async def test_what_a_real_network_does_not_take_waits():
    async def serve(reader, writer):
        await enough.wait()
        writer.transport.abort()
        done.set()

    enough, done = asyncio.Event(), asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        outlet = Outlet(writer.transport, asyncio.get_running_loop(), 10.0, print)
        for _ in range(100):
            outlet.write(b"x" * 1_000_000)
        waiting = outlet.waiting
        outlet.stop()
        writer.transport.abort()
        enough.set()
        await done.wait()

    assert 0 < waiting <= 100
