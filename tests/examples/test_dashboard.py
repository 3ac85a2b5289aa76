"""The dashboard to copy, run as whoever copies it would."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rx_phoenix.testing import reference_app
from tests.browser import PATIENCE, demand_browser, running_browser, says

FOLDER = Path(__file__).parents[2] / "examples" / "dashboard"

MOVE = 'Bokeh.documents[0].get_model_by_name("pace").value_throttled = 0.2'
"""Move the slider."""


def test_its_marble_tests_pass():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


@pytest.fixture
async def program(server):
    """The program, from when its page is there."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, FOLDER / "app.py", server.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        line = await asyncio.wait_for(program.stdout.readline(), PATIENCE)
        program.address = line.decode().strip()
        yield program
    finally:
        if program.returncode is None:
            program.kill()
            await program.communicate()


@pytest.mark.slow
async def test_its_page_is_live_through_an_outage_and_its_slider_answered(
    server, program
):
    demand_browser()
    async with running_browser() as browser, browser.tab(program.address) as tab:
        await tab.until(says("live, mean"))
        await tab.evaluate(MOVE)
        await tab.until(says("0.2 s: ok"))
        await server.stop()
        await tab.until(says("reconnecting, mean"))
        await server.start()
        await tab.until(says("live, mean"))

        assert tab.complaints == []


async def test_ctrl_c_ends_it_without_a_word(program):
    program.send_signal(signal.SIGINT)
    _, complaints = await asyncio.wait_for(program.communicate(), PATIENCE)

    assert (program.returncode, complaints) == (0, b"")
