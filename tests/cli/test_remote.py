"""The commands that connect to a server."""

import pytest

from rx_phoenix._cli.remote import REMOTE
from tests.cli.terminal import run

ARGUMENTS = {
    "listen": ("room:a",),
    "push": ("room:a", "echo"),
    "request": ("room:a", "echo", "--attempts", "1", "--timeout", "0.2"),
    "presence": ("room:a",),
    "record": ("room:a",),
    "bench": ("room:a", "echo"),
    "doctor": (),
}


def test_every_command_is_tested_here():
    assert {command.__name__ for command in REMOTE} == set(ARGUMENTS)


@pytest.mark.parametrize("command", ARGUMENTS)
async def test_a_server_that_is_not_there_is_a_sentence_and_3(nobody, command):
    ran = await run(command, nobody, *ARGUMENTS[command])

    assert ran.code == 3
    assert "Is the server running?" in ran.err + ran.out
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ARGUMENTS)
async def test_a_url_that_is_none_is_a_sentence_and_2(command):
    ran = await run(command, "example.org", *ARGUMENTS[command])

    assert ran.code == 2
    assert "must be a full URL" in ran.err
