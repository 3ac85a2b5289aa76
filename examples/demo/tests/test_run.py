"""The demo from its start to its end."""

import asyncio
import os
import signal
import socket
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession

from rx_phoenix import ConnectError
from rx_phoenix_demo.backend import external_backend
from rx_phoenix_demo.pipelines import Limits
from rx_phoenix_demo.plan import Plan
from rx_phoenix_demo.run import follow, run_demo
from rx_phoenix_demo.terminal import in_terminal
from tests.cli import terminal as cli
from tests.cli.terminal import PATIENCE

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1]

PATHS = os.pathsep.join(map(str, (FOLDER, FOLDER.parents[1])))
"""The demo and the package, installed or not."""

piped = partial(cli.piped, "demo", PYTHONPATH=PATHS)
run = partial(cli.run, "demo", PYTHONPATH=PATHS)
terminal = partial(cli.terminal, "demo", PYTHONPATH=PATHS)

CALM = partial(in_terminal, limits=Limits.below(100.0))


async def test_it_ends_by_itself_and_has_healed(capsys):
    await run_demo(None, 6.0, CALM)

    lines = capsys.readouterr().out
    assert "Joined room:machine." in lines
    assert "code 1012" in lines
    assert "Rejoined room:machine." in lines
    assert "cpu" in lines


async def test_it_leaves_nothing_running():
    before = asyncio.all_tasks()

    await run_demo(None, 1.0, CALM)

    assert asyncio.all_tasks() == before


async def test_it_runs_on_a_server_that_runs_already(server, capsys):
    await run_demo(server.url, 6.0, CALM)

    lines = capsys.readouterr().out
    assert "the cable is out" in lines
    assert "Rejoined room:machine-" in lines


async def test_a_server_that_is_unreachable_is_an_error_at_once(unreachable):
    with pytest.raises(ConnectError):
        await run_demo(unreachable, 60.0, CALM)


async def test_a_failure_of_the_feed_ends_it(server):
    failure = asyncio.get_running_loop().create_future()
    failure.set_exception(OSError("no figures"))

    async with external_backend(server.url) as backend:
        with pytest.raises(OSError, match="no figures"):
            await follow(Plan(9.0, 1.0, None), backend, lambda _: None, failure)


async def test_an_outage_that_cannot_be_ended_ends_it(server):
    async def outage(_):
        raise OSError("the port was taken meanwhile")

    async with external_backend(server.url) as backend:
        broken = replace(backend, outage=outage)
        failure = asyncio.get_running_loop().create_future()
        with pytest.raises(OSError, match="taken meanwhile"):
            await follow(Plan(0.0, 1.0, None), broken, lambda _: None, failure)


async def test_a_terminal_shows_the_outage_and_its_end():
    async with terminal("--terminal", "--seconds", "10") as screen:
        await screen.until("● live")
        await screen.until("reconnecting")
        await screen.until("Rejoined room:machine.")

        assert await screen.end() == 0
        assert "The demo is over" in screen.text


async def test_ctrl_c_ends_it_without_a_traceback():
    async with terminal("--terminal") as screen:
        await screen.until("● live")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text


async def test_a_signal_ends_it_in_a_pipe():
    async with piped("--terminal") as process:
        async with asyncio.timeout(PATIENCE):
            await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()

    assert process.returncode == 143
    assert err == b""


async def test_a_reader_that_has_closed_its_end_ends_it():
    reader, writer = os.pipe()
    async with (
        piped("--terminal", stdout=writer) as process,
        asyncio.timeout(PATIENCE),
    ):
        os.close(writer)
        await asyncio.to_thread(os.read, reader, 1)
        os.close(reader)
        _, err = await process.communicate()

    assert process.returncode == 0
    assert err == b""


async def test_a_page_is_served_until_the_end():
    async with (
        piped("--no-browser", "--seconds", "8") as process,
        asyncio.timeout(PATIENCE),
        ClientSession() as http,
    ):
        line = (await process.stdout.readline()).decode()
        async with http.get(line.split()[4]) as answer:
            page = await answer.text()
        _, err = await process.communicate()

    assert "room:machine" in page
    assert (process.returncode, err) == (0, b"")


async def test_ctrl_c_ends_the_page_without_a_word():
    async with terminal("--no-browser") as screen:
        await screen.until("Ctrl-C ends it")
        screen.press("\x03")

        assert await screen.end() == 130
        assert "Traceback" not in screen.text


async def test_a_port_that_is_taken_is_reported_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = await run("--no-browser", "--port", str(port))

    assert ran.code == 2
    assert "ddress already in use" in ran.err
    assert "--port" in ran.err
    assert "Traceback" not in ran.err


async def test_an_unreachable_server_is_reported_in_a_sentence(unreachable):
    ran = await run("--url", unreachable)

    assert ran.code == 3
    assert "nothing listens there" in ran.err
    assert "Traceback" not in ran.err


async def test_a_server_without_rooms_is_reported_in_a_sentence(server):
    ran = await run("--url", server.url.replace("/socket", "/v1only"))

    assert ran.code == 3
    assert "403" in ran.err
