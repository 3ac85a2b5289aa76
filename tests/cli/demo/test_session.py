"""The demo from its start to its end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
from aiohttp import ClientSession

from rx_phoenix._cli.demo.pipelines import Limits
from rx_phoenix._cli.demo.plan import Plan
from rx_phoenix._cli.demo.session import demonstrate, play
from rx_phoenix._cli.demo.show import in_terminal
from rx_phoenix._cli.demo.stage import borrowed
from rx_phoenix.errors import ConnectError
from tests.cli.terminal import PATIENCE, piped, run, terminal

pytestmark = pytest.mark.slow

WITHOUT = """
import sys
from rx_phoenix._cli.app import app

class Missing:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Missing())
app(["demo"])
"""
"""The demo, as if a package were missing."""

CALM = partial(in_terminal, limits=Limits.below(100.0))


async def test_it_ends_by_itself_and_has_healed(capsys):
    await demonstrate(None, 6.0, CALM)

    lines = capsys.readouterr().out
    assert "Joined room:machine." in lines
    assert "code 1012 (it restarts)" in lines
    assert "Rejoined room:machine." in lines
    assert "cpu" in lines


async def test_it_leaves_nothing_running():
    before = asyncio.all_tasks()

    await demonstrate(None, 1.0, CALM)

    assert asyncio.all_tasks() == before


async def test_it_plays_on_a_server_that_runs_already(server, capsys):
    await demonstrate(server.url, 6.0, CALM)

    lines = capsys.readouterr().out
    assert "the cable is out" in lines
    assert "Rejoined room:machine-" in lines


async def test_a_server_that_is_not_there_is_told_at_once(nobody):
    with pytest.raises(ConnectError):
        await demonstrate(nobody, 60.0, CALM)


async def test_a_failure_of_the_feed_ends_it(server):
    failure = asyncio.get_running_loop().create_future()
    failure.set_exception(OSError("no figures"))

    async with borrowed(server.url) as stage:
        with pytest.raises(OSError, match="no figures"):
            await play(Plan(9.0, 1.0, None), stage, lambda _: None, failure)


async def test_an_outage_that_cannot_be_ended_ends_it(server):
    async def outage(_):
        raise OSError("the port was taken meanwhile")

    async with borrowed(server.url) as stage:
        broken = replace(stage, outage=outage)
        failure = asyncio.get_running_loop().create_future()
        with pytest.raises(OSError, match="taken meanwhile"):
            await play(Plan(0.0, 1.0, None), broken, lambda _: None, failure)


async def test_a_terminal_shows_the_outage_and_its_end():
    async with terminal("demo", "--terminal", "--seconds", "10") as screen:
        await screen.until("● live")
        await screen.until("reconnecting")
        await screen.until("Rejoined room:machine.")

        assert await screen.end() == 0
        assert "The demo is over" in screen.text


async def test_ctrl_c_ends_it_without_a_traceback():
    async with terminal("demo", "--terminal") as screen:
        await screen.until("● live")
        screen.press("\x03")

        assert await screen.end() == 0
        assert "Traceback" not in screen.text


async def test_a_signal_ends_it_in_a_pipe():
    async with piped("demo", "--terminal") as process:
        async with asyncio.timeout(PATIENCE):
            await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()

    assert process.returncode == 0
    assert err == b""


async def test_a_reader_that_has_seen_enough_ends_it():
    reader, writer = os.pipe()
    async with (
        piped("demo", "--terminal", stdout=writer) as process,
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
        piped("demo", "--no-browser", "--seconds", "4") as process,
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
    async with terminal("demo", "--no-browser") as screen:
        await screen.until("Ctrl-C ends it")
        screen.press("\x03")

        assert await screen.end() == 0
        assert "Traceback" not in screen.text


async def test_a_port_that_is_taken_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = await run("demo", "--no-browser", "--port", str(port))

    assert ran.code == 2
    assert "ddress already in use" in ran.err
    assert "--port 0" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("package", ["bokeh", "psutil"])
def test_a_package_that_is_missing_is_a_sentence(package):
    command = [sys.executable, "-c", WITHOUT, package]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert f"The demo needs {package}, which is not installed." in ran.stderr
    assert "rx_phoenix[demo]" in ran.stderr
    assert "Traceback" not in ran.stderr


async def test_a_server_that_is_not_there_is_a_sentence(nobody):
    ran = await run("demo", "--url", nobody)

    assert ran.code == 3
    assert "nothing listens there" in ran.err
    assert "Traceback" not in ran.err


async def test_a_server_without_rooms_is_a_sentence(server):
    ran = await run("demo", "--url", server.url.replace("/socket", "/v1only"))

    assert ran.code == 3
    assert "HTTP 403" in ran.err
