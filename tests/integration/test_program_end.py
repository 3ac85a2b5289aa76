"""Programs that end without closing their sockets: they are quiet."""

import asyncio
import sys

import pytest

PRELUDE = """
import asyncio, sys
from rx_phoenix import *

async def opened():
    socket = Socket(sys.argv[1])
    await socket.connect()
    room = socket.channel("room:lobby")
    await room.join()
    return socket, room
"""

CALLBACKS = """
begun = []

async def save(event):
    begun.append(event["i"])
    await asyncio.sleep(100)

async def main():
    socket, room = await opened()
    room.on("tick", save)
    await room.push("burst_reply", {"n": 5})

asyncio.run(main())
print(begun)
"""

SWALLOWING = CALLBACKS.replace(
    "    await asyncio.sleep(100)",
    """    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        pass""",
)

COMING_BACK = """
async def main():
    socket, room = await opened()
    room.on_close(lambda *_: room.join())
    socket.on_close(lambda _: socket.connect())
    await socket.aclose()

asyncio.run(main())
print("ended")
"""

COMING_BACK_LATER = COMING_BACK.replace(
    "    room.on_close(lambda *_: room.join())",
    """    async def again(*_):
        await room.join()

    room.on_close(again)""",
)

STREAMING = """
from rx_phoenix.operators import map_async

async def main():
    socket, room = await opened()
    room.events("tick").pipe(map_async(lambda _: asyncio.sleep(100))).subscribe()
    await room.push("burst_reply", {"n": 5})

asyncio.run(main())
print("ended")
"""


async def run(program, url):
    """Run a program of its own; return what it prints on both streams."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PRELUDE + program,
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return out.decode().strip(), err.decode()


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (CALLBACKS, "[0]"),
        (SWALLOWING, "[0]"),
        (COMING_BACK, "ended"),
        (COMING_BACK_LATER, "ended"),
        (STREAMING, "ended"),
    ],
    ids=["callbacks", "swallowing", "coming back", "coming back later", "streaming"],
)
async def test_no_call_begins_and_stderr_is_empty(app, program, printed):
    assert await run(program, app.url) == (printed, "")


CLOSED_LOOP = """
loop = asyncio.new_event_loop()
pair = loop.run_until_complete(opened())
loop.close()
del pair
"""

ENDED_RUN = """
asyncio.run(opened())
"""

OURS = "outlived its event loop: await its aclose(), or use `async with`"


@pytest.mark.parametrize(
    ("program", "warnings"),
    # asyncio.run() cancels what is left: the connection ends before its loop.
    [(CLOSED_LOOP, 1), (ENDED_RUN, 0)],
    ids=["closed", "run"],
)
async def test_a_socket_that_outlives_its_loop_is_one_resource_warning(
    app, program, warnings
):
    heard = (
        f"import warnings; warnings.simplefilter('always', ResourceWarning)\n{program}"
    )
    _, quiet = await run(program, app.url)
    _, errors = await run(heard, app.url)

    assert quiet == ""
    warning = f"ResourceWarning: the socket of {app.url} {OURS}"
    assert errors.count(warning) == warnings
