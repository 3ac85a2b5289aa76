"""What an ended socket leaves behind: nothing. It starts no thread either."""

import asyncio
import gc
import threading
from concurrent.futures import Future
from contextlib import contextmanager

import psutil
import pytest

from rx_phoenix import Socket
from tests.integration.app import running_app
from tests.integration.waiting import first


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that knows which timers are armed."""

    def __init__(self):
        super().__init__()
        self._timers = []

    def call_at(self, when, callback, *args, context=None):
        timer = super().call_at(when, callback, *args, context=context)
        self._timers.append(timer)
        return timer

    @property
    def armed(self):
        now = self.time()
        return [t for t in self._timers if not t.cancelled() and t.when() > now]


def run(main, *arguments):
    """Run a coroutine function on a loop that counts."""
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        return runner.run(main(*arguments))


@pytest.fixture
def app():
    """A reference app on a loop of its own, so that ours has the client alone."""
    with app_elsewhere() as app:
        yield app


@contextmanager
def app_elsewhere():
    async def serve():
        async with running_app() as app:
            enough = asyncio.Event()
            running.set_result((app, asyncio.get_running_loop(), enough))
            await enough.wait()

    running = Future()
    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    app, loop, enough = running.result()
    yield app
    loop.call_soon_threadsafe(enough.set)
    thread.join()


async def live(app, fast_retries, goodbye):
    """A life with everything in it: joins, timers, callbacks, leases, a loss.

    Returns:
        Its tasks and timers that are left after the goodbye.
    """

    async def slowly(_):
        await asyncio.sleep(60)

    socket = Socket(app.url, params={"user_id": app.new("")}, **fast_retries)
    await socket.connect()
    channel = socket.channel(app.new("room:"))
    channel.on("tick", slowly)
    socket.on_message(slowly)
    for stream in (
        channel.stream("tick"),
        channel.joined,
        channel.session,
        socket.connection,
        socket.stats,
    ):
        stream.subscribe(on_error=lambda _: None)
    await channel.join()
    again = first(channel.joins)
    channel.push("kill_transport")
    await again
    channel.push("burst", {"n": 3})
    await channel.push("ok")
    channel.push("noreply")
    channel.request("noreply").subscribe(on_error=lambda _: None)
    socket.channel("room:forbidden").join()
    socket.channel(app.new("room:"), {"from": "a queue"}).join()
    await goodbye(socket)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return tasks, asyncio.get_running_loop().armed


async def end(socket):
    await socket.aclose()


async def end_during_an_outage(socket):
    await socket.disconnect()
    await socket.aclose()


async def end_while_connecting(socket):
    await socket.disconnect()
    socket.connect()
    await socket.aclose()


@pytest.mark.parametrize("goodbye", [end, end_during_an_outage, end_while_connecting])
def test_an_ended_socket_leaves_no_task_and_no_timer(app, fast_retries, goodbye):
    assert run(live, app, fast_retries, goodbye) == (set(), [])


def test_an_ended_socket_leaves_no_thread_and_no_descriptor(fast_retries):
    def life():
        with app_elsewhere() as app:
            run(live, app, fast_retries, end)
        gc.collect()
        return threading.active_count(), psutil.Process().num_fds()

    life()  # what an interpreter sets up once is there from here on

    assert life() == life()


def test_hundreds_of_timers_start_no_thread(app, fast_retries):
    async def main():
        async with Socket(app.url, **fast_retries) as socket:
            channel = socket.channel(app.new("room:"))
            await channel.join()
            threads = threading.active_count()

            # Those that wait equally long would share one.
            pushes = [channel.push("noreply", {}, 10 + n / 100) for n in range(200)]
            await channel.push("ok")

            assert len(asyncio.get_running_loop().armed) >= len(pushes)
            assert threading.active_count() == threads

    run(main)


async def test_an_ended_socket_completes_every_stream(app, fast_retries):
    completed = []
    async with Socket(app.url, **fast_retries) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()
        streams = {
            "states": socket.states,
            "lifecycle": socket.lifecycle,
            "frames": socket.frames,
            "sent": socket.sent,
            "unhandled": socket.unhandled,
            "stats": socket.stats,
            "connection": socket.connection,
            "channel.states": channel.states,
            "channel.events": channel.events("tick"),
            "channel.messages": channel.messages,
            "channel.joins": channel.joins,
            "channel.closes": channel.closes,
            "channel.errors": channel.errors,
            "channel.session": channel.session,
            "channel.joined": channel.joined,
            "channel.stream": channel.stream(),
        }
        for name, stream in streams.items():
            stream.subscribe(on_completed=lambda name=name: completed.append(name))

    assert sorted(completed) == sorted(streams)
