"""Both ways to start the command line are one."""

import asyncio
import os
import sys

import pytest

from rx_phoenix._cli.exit_codes import ExitCode
from tests.cli.terminal import piped, run, terminal

WITHOUT_TYPER = """
import sys
sys.modules["typer"] = None
from rx_phoenix._cli import main
main()
"""


async def test_the_package_runs_as_a_module():
    ran = await run("--version")

    assert ran.code == 0
    assert ran.out.startswith("rx-phoenix 0.")


@pytest.mark.parametrize("args", [("--help",), ("--version",), ("push", "--help")])
async def test_a_closed_pipe_is_a_success(args):
    reading, writing = os.pipe()
    os.close(reading)
    async with piped(*args, stdout=writing) as process:
        os.close(writing)
        _, err = await process.communicate()

    assert (process.returncode, err) == (0, b"")


async def test_without_its_extra_it_says_what_to_install():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WITHOUT_TYPER), stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()

    assert process.returncode == ExitCode.USAGE
    assert "pip install 'rx_phoenix[cli]'" in err.decode()
    assert "Traceback" not in err.decode()


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("push", "{url}", "room:a", "echo", '{"n": 1}'),
        ("push", "{url}", "room:a", "fail"),
        ("push", "nonsense", "room:a", "echo"),
        ("listen", "{url}", "room:a", "--seconds", "1"),
        ("doctor", "{url}"),
    ],
    ids=" ".join,
)
async def test_no_color_keeps_escape_sequences_off_a_terminal(server, args):
    args = [arg.replace("{url}", server.url) for arg in args]
    async with terminal(*args, NO_COLOR="1") as screen:
        await screen.end()
        await screen.until("\n")

    assert "\x1b" not in screen.raw


async def test_a_pipe_gets_utf_8_in_any_locale(server):
    payload = '{"a":"日本"}'
    ran = await run(
        *("push", server.url, "room:a", "echo", payload),
        PYTHONUTF8="0",
        PYTHONIOENCODING="cp1252",
    )

    assert (ran.code, ran.out) == (0, f"{payload}\n")


async def test_a_terminal_gets_escapes_for_what_its_encoding_lacks(server):
    args = ("push", server.url, "room:a", "echo", '{"a":"日"}')
    async with terminal(*args, PYTHONUTF8="0", PYTHONIOENCODING="cp1252") as screen:
        await screen.until('{"a":"\\u65e5"}')

        assert await screen.end() == 0
