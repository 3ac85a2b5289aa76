"""The commands that connect to a server."""

import json
import re
from time import monotonic

import pytest

from rx_phoenix._cli.remote import REMOTE
from tests.cli.terminal import run
from tests.tcp import listening

PATIENT = ("--timeout", "2", "--connect-timeout", "60")
"""A connection that fails must do so before the push does, on a slow machine, too."""

ARGUMENTS = {
    "listen": ("room:a",),
    "push": ("room:a", "echo"),
    "request": ("room:a", "echo", "--attempts", "1", *PATIENT),
    "presence": ("room:a",),
    "record": ("room:a",),
    "bench": ("room:a", "echo"),
    "doctor": (),
    "shell": (),
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


BOUNDED = {
    "listen": ("room:a",),
    "push": ("room:a", "echo"),
    "request": ("room:a", "echo", "--attempts", "1"),
    "doctor": (),
}


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *((command, "--timeout") for command in BOUNDED),
        ("listen", "--connect-timeout"),
        ("push", "--connect-timeout"),
        ("doctor", "--connect-timeout"),
    ],
)
async def test_a_server_that_says_nothing_is_given_up_in_time(command, option):
    waits = []

    async def say_nothing(reader, writer):
        began = monotonic()
        await reader.read()
        waits.append(monotonic() - began)
        writer.close()

    async with listening(say_nothing) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        ran = await run(command, url, *BOUNDED[command], option, "0.3")

    assert ran.code == 4
    assert re.search("answer|timed out", ran.err + ran.out)
    # Of the ten seconds that are usual; the start of a program is not counted.
    assert max(waits) < 9


async def test_verbose_shows_frames_without_secrets(server):
    ran = await run(
        *("push", server.url, "room:a", "echo", '{"n":1}', "-v"),
        *("--join", '{"token":"s3cret-value"}', "-p", "key=another-secret"),
    )

    frames = ran.err.splitlines()
    assert ran.out == '{"n":1}\n'
    assert '> ["1","1","room:a","phx_join",{"token":"[redacted]"}]' in frames
    assert '> ["1","2","room:a","echo",{"n":1}]' in frames
    assert any(frame.startswith('< ["1","2","room:a","phx_reply"') for frame in frames)
    assert "secret" not in ran.err


async def test_quiet_shows_nothing_but_data(server):
    ran = await run("listen", server.url, "room:after_join", "-n", "1", "-q")
    refused = await run("push", server.url, "room:a", "fail", "-q")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["event"] == "welcome"
    assert (refused.code, refused.out, refused.err) == (1, '{"reason":"nope"}\n', "")


async def test_the_url_may_be_in_the_environment(server):
    ran = await run("push", "room:a", "echo", '{"n":1}', RX_PHOENIX_URL=server.url)

    assert (ran.code, ran.out) == (0, '{"n":1}\n')
