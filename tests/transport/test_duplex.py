"""One reader, one writer and a queue, without a network."""

import asyncio

import pytest

from rx_phoenix import ConnectionLost
from rx_phoenix.transport.duplex import Duplex, alive


class Pipe(Duplex):
    """A connection to a list."""

    def __init__(self):
        super().__init__()
        self.written = []
        self.arriving = asyncio.Queue()
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def read(self):
        while True:
            frame = await self.arriving.get()
            if isinstance(frame, Exception):
                raise frame
            self.emit(frame)

    async def write(self, batch):
        await self.may_write.wait()
        self.written.append(batch)

    async def say_goodbye(self, code, reason):
        self.written.append((code, reason))

    async def let_go(self, code, reason):
        self.written.append("let go")


class Batches(Pipe):
    """The same, for a network that takes several frames at once."""

    def next_batch(self, queue):
        batch = list(queue)
        queue.clear()
        return batch


class Watch:
    """Subscribes to a pipe's life, and waits for its end."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.frames = []
        self.ended = asyncio.get_running_loop().create_future()
        self.subscription = alive(pipe.live).subscribe(
            self._open, self.ended.set_result, lambda: self.ended.set_result(None)
        )

    def _open(self, connection):
        connection.frames.subscribe(self.frames.append)

    async def end(self):
        async with asyncio.timeout(5):
            return await self.ended


@pytest.fixture
async def pipe():
    return Pipe()


async def test_frames_are_written_one_by_one_and_then_the_goodbye(pipe):
    watch = Watch(pipe)

    for frame in "one", "two":
        pipe.send(frame)
    pipe.close(4000, "enough")
    pipe.close()
    pipe.send("too late")

    assert await watch.end() is None
    assert pipe.written == [["one"], ["two"], (4000, "enough"), "let go"]


async def test_frames_may_be_written_together():
    pipe = Batches()
    watch = Watch(pipe)

    for frame in "one", "two":
        pipe.send(frame)
    pipe.close()
    await watch.end()

    assert pipe.written == [["one", "two"], (1000, ""), "let go"]


async def test_what_is_being_written_counts_until_it_is():
    pipe = Batches()
    pipe.may_write.clear()
    watch = Watch(pipe)
    for frame in "one", "two":
        pipe.send(frame)
    before = pipe.buffered
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    meanwhile = pipe.buffered

    pipe.may_write.set()
    pipe.close()
    await watch.end()

    assert (before, meanwhile, pipe.buffered) == (2, 2, 0)


async def test_frames_that_arrive_are_emitted_until_the_loss(pipe):
    watch = Watch(pipe)
    for frame in "one", "two", ConnectionLost(1012, "restart"), "too late":
        pipe.arriving.put_nowait(frame)

    error = await watch.end()

    assert watch.frames == ["one", "two"]
    assert (error.code, error.reason) == (1012, "restart")
    assert pipe.written == ["let go"]


async def test_a_write_that_fails_is_a_loss(pipe):
    async def fail(batch):
        raise ConnectionLost(1006, "no way out")

    pipe.write = fail
    watch = Watch(pipe)

    pipe.send("one")

    assert (await watch.end()).reason == "no way out"


async def test_what_is_abandoned_is_let_go_and_tells_nothing(pipe):
    let_go = asyncio.Event()

    async def release(code, reason):
        let_go.set()

    pipe.let_go = release
    watch = Watch(pipe)
    pipe.may_write.clear()
    pipe.send("one")
    await asyncio.sleep(0)

    watch.subscription.dispose()

    async with asyncio.timeout(5):
        await let_go.wait()
    assert not watch.ended.done()
