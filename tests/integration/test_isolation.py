"""Whatever a user's function raises stays with it, and is told."""

import asyncio
import logging
import subprocess
import sys

import pytest

from rx_phoenix import Socket
from tests.integration.app import running_app


class Odd(BaseException):
    """What is neither an Exception nor the end of the program."""


@pytest.fixture
async def app():
    async with running_app() as app:
        yield app


@pytest.fixture
async def socket(app):
    async with Socket(app.url) as socket:
        yield socket


@pytest.fixture
def told(socket):
    errors = asyncio.Queue()
    socket.unhandled.subscribe(errors.put_nowait)
    return errors


@pytest.fixture
async def room(socket, app):
    room = socket.channel(app.new("room:"))
    await room.join()
    return room


def receive(room, bad, good):
    room.push("ok").receive("ok", bad).receive("ok", good)


def on(room, bad, good):
    room.on("tick", bad)
    room.on("tick", good)
    room.push("burst", {"n": 1})


def subscribe(room, bad, good):
    room.events("tick").subscribe(bad)
    room.events("tick").subscribe(good)
    room.push("burst", {"n": 1})


def hook(room, bad, good):
    room.on_message = lambda event, *_: bad(event) if event == "tick" else None
    on(room, lambda _: None, good)


def on_message(room, bad, good):
    room.socket.on_message(bad)
    room.socket.on_message(good)
    room.push("ok")


@pytest.mark.parametrize("error", [asyncio.CancelledError, Odd, ValueError])
@pytest.mark.parametrize("register", [receive, on, subscribe, on_message])
async def test_a_callback_that_raises_harms_no_other(
    socket, room, told, register, error
):
    good = asyncio.Event()

    def bad(_):
        raise error("bad")

    register(room, bad, lambda _: good.set())
    await asyncio.wait_for(good.wait(), 5)
    problem = await asyncio.wait_for(told.get(), 5)

    assert error in {type(problem), type(problem.__cause__)}
    assert await room.push("echo", {"still": 1}) == {"still": 1}
    assert socket.state == "open"


@pytest.fixture
def broken_logging():
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("disk full")

    logger, handler = logging.getLogger("rx_phoenix.lifecycle"), Broken()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.mark.usefixtures("broken_logging")
async def test_a_logging_handler_that_raises_stops_no_connection(app):
    told = []
    socket = Socket(app.url)
    socket.unhandled.subscribe(told.append)
    await asyncio.wait_for(socket.connect(), 5)
    await socket.aclose()

    assert "disk full" in {str(error) for error in told}


PROGRAM = """
import asyncio, sys
from rx_phoenix import Socket
from rx_phoenix.testing import reference_app

async def main():
    async with reference_app() as app, Socket(app.url) as socket:
        room = socket.channel("room:1")
        await room.join()
        def stop(_):
            raise {error}
        room.push("ok").receive("ok", stop)
        await asyncio.sleep(20)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("error", "code"), [("SystemExit(3)", 3), ("KeyboardInterrupt", -2)]
)
async def test_the_end_of_the_program_leaves_the_loop(error, code):
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM.format(error=error)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode == code, ended.stderr
