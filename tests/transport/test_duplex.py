"""One reader, one writer, a queue: a connection over pipes that the test holds."""

import asyncio
import gc

import pytest

from rx_phoenix import ConnectionLost
from rx_phoenix._transport.duplex import Duplex
from rx_phoenix._transport.lifetime import lifetime
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver


class Line(Duplex):
    """What is written waits for the test, and what the test says is read.

    Attributes:
        log: What happened, in order.
        incoming: Frames to read; an exception ends it.
        free: Whether writes pass.
    """

    def __init__(self):
        super().__init__()
        self.log = []
        self.incoming = asyncio.Queue()
        self.free = asyncio.Event()
        self.write_error = None
        self.end_error = None

    async def read(self):
        try:
            while not isinstance(item := await self.incoming.get(), Exception):
                self.emit([item])
        except asyncio.CancelledError:
            if self.end_error is not None:
                raise self.end_error from None
            raise
        raise item

    async def write(self, batch):
        await self.free.wait()
        if self.write_error is not None:
            raise self.write_error
        self.log.append(*batch)


@pytest.fixture
def time():
    time = VirtualScheduler()
    with time.loop.running():
        yield time
        time.advance_by(0)
        assert time.pending == ()


@pytest.fixture
def complaints(time):
    """What asyncio complains of, such as errors that nobody asked for."""
    complaints = []
    time.loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield complaints
    time.advance_by(0)
    gc.collect()
    assert complaints == []


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def line(time):
    return Line()


@pytest.fixture
def life(time, complaints, line, notes):
    """A subscription to the life of the line, which is open."""
    life = lifetime(line.live).subscribe(notes, scheduler=time)
    time.advance_by(0)
    yield life
    life.dispose()


def test_it_announces_itself(life, line, notes):
    assert notes.values == [line]
    assert notes.is_open


def test_frames_are_heard_from_the_announcing_call_on(time, complaints, line):
    frames = []
    line.incoming.put_nowait("early")

    life = lifetime(line.live).subscribe(
        lambda connection: connection.batches.subscribe(frames.extend), scheduler=time
    )
    time.advance_by(0)
    line.incoming.put_nowait(b"late")
    time.advance_by(0)

    assert frames == ["early", b"late"]
    life.dispose()


def test_frames_are_written_in_order_and_counted_until_then(time, life, line):
    line.send("one")
    line.send(b"two")
    counts = [line.buffered]
    time.advance_by(0)
    counts.append(line.buffered)
    line.free.set()
    time.advance_by(0)
    counts.append(line.buffered)

    assert counts == [2, 2, 0]
    assert line.log == ["one", b"two"]


def test_what_is_sent_during_a_write_is_written_after_it(time, life, line):
    line.send("one")
    time.advance_by(0)
    line.send("two")
    line.free.set()
    time.advance_by(0)
    line.send("three")
    time.advance_by(0)

    assert line.log == ["one", "two", "three"]


def test_a_close_writes_what_is_queued_and_nothing_later(time, life, line, notes):
    line.send("one")
    line.close(4000, "enough")
    line.close(4001, "too late")
    line.send("too late")
    time.advance_by(0)
    assert notes.is_open

    line.free.set()
    time.advance_by(0)

    assert line.log == ["one"]
    assert (notes.completions, notes.errors) == (1, [])


def test_an_idle_line_closes_too(time, life, line, notes):
    line.close()
    time.advance_by(0)

    assert line.log == []
    assert notes.completions == 1


def test_the_end_that_reading_finds_is_told(time, life, line, notes):
    lost = ConnectionLost(1012, "restart")
    line.send("stuck")
    line.incoming.put_nowait(lost)
    time.advance_by(0)

    assert notes.errors == [lost]
    assert line.log == []


def test_a_write_that_fails_is_the_end(time, life, line, notes):
    line.write_error = ConnectionLost(1006, "no write")
    line.send("one")
    line.send("two")
    line.free.set()
    time.advance_by(0)

    assert notes.errors == [line.write_error]
    assert line.log == []


def test_if_both_fail_what_reading_says_is_told(time, life, line, notes):
    line.write_error = ConnectionLost(1006, "no write")
    line.end_error = ConnectionLost(1012, "restart")
    line.send("one")
    line.free.set()
    time.advance_by(0)

    assert notes.errors == [line.end_error]


def test_an_end_during_our_close_is_its_end(time, life, line, notes):
    line.send("stuck")
    line.close(1000, "bye")
    time.advance_by(0)
    line.incoming.put_nowait(ConnectionLost(1006))
    time.advance_by(0)

    assert (notes.completions, notes.errors) == (1, [])
    assert line.log == []


def test_a_foreign_error_is_handed_on_as_it_is(time, life, line, notes):
    line.incoming.put_nowait(Failure("odd"))
    time.advance_by(0)

    assert notes.errors == [Failure("odd")]


def test_whoever_hears_a_frame_may_end_the_line_by_raising(time, life, line, notes):
    def refuse(batch):
        raise Failure(*batch)

    line.batches.subscribe(refuse)
    line.incoming.put_nowait("odd")
    time.advance_by(0)

    assert notes.errors == [Failure("odd")]


def test_an_abandoned_line_writes_and_says_nothing_more(time, life, line, notes):
    line.send("stuck")
    life.dispose()
    time.advance_by(0)

    assert line.log == []
    assert notes.is_open


def test_an_error_that_comes_of_abandoning_is_nobodys(time, life, line, notes):
    line.end_error = Failure("while it was cancelled")
    life.dispose()
    time.advance_by(0)

    assert notes.is_open
