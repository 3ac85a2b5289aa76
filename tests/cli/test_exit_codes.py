"""The exit codes, as the help tells them."""

import signal

import pytest

from rx_phoenix._cli.exit_codes import EPILOG, ExitCode
from tests.cli.terminal import run, terminal


@pytest.mark.parametrize("code", ExitCode)
def test_the_help_names_every_exit_code(code):
    assert f" {code:d} " in EPILOG


def test_every_exit_code_is_one_that_a_process_can_have():
    assert all(0 <= code <= 255 for code in ExitCode)


SOCKET, ROOM = "{url}", "room:a"

ROWS = {
    ExitCode.OK: ("push", SOCKET, ROOM, "ok"),
    ExitCode.REFUSED: ("push", SOCKET, ROOM, "fail"),
    ExitCode.USAGE: ("push", SOCKET, ROOM, "ok", "nonsense"),
    ExitCode.UNREACHABLE: ("listen", "ws://127.0.0.1:1/socket", ROOM),
    ExitCode.TIMEOUT: ("push", SOCKET, ROOM, "noreply", "--timeout", "0.5"),
}
"""A command for each code but those of signals."""

SIGNALS = {
    ExitCode.INTERRUPTED: signal.SIGINT,
    ExitCode.TERMINATED: signal.SIGTERM,
}

LASTING = {
    "listen": (("listen", SOCKET, ROOM), "Joined"),
    "serve": (("serve", "--port", "0"), "reference app"),
    "push": (("push", SOCKET, ROOM, "noreply", "-v"), '"noreply"'),
    "record": (("record", SOCKET, ROOM), "phx_reply"),
    "bench": (("bench", SOCKET, ROOM, "echo", "--pushes", "9999999", "-v"), '"echo"'),
}
"""Commands that last, and a sign that they have begun."""


def test_every_code_has_a_row():
    assert {*ROWS, *SIGNALS} == {*ExitCode}


@pytest.mark.parametrize("code", ROWS, ids=str)
async def test_a_command_ends_with_its_code(server, code):
    ran = await run(*(word.format(url=server.url) for word in ROWS[code]))

    assert ran.code == code
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", LASTING)
@pytest.mark.parametrize("code", SIGNALS, ids=str)
async def test_a_signal_ends_every_command_alike(server, command, code):
    words, sign = LASTING[command]
    async with terminal(*(word.format(url=server.url) for word in words)) as screen:
        await screen.until(sign)
        screen.process.send_signal(SIGNALS[code])

        assert await screen.end() == code
        assert "Traceback" not in screen.text


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize(
    "words",
    [
        ("doctor", SOCKET),
        ("doctor", "ws://127.0.0.1:1/socket"),
        ("push", SOCKET, ROOM, "fail"),
        ("push", SOCKET, ROOM, "ok", "nonsense"),
        ("presence", SOCKET, "presence:a"),
        ("--help",),
    ],
)
async def test_plain_terminals_get_no_escape_sequences(server, words, plain):
    words = [word.format(url=server.url) for word in words]
    async with terminal(*words, **plain) as screen:
        await screen.end()
        await screen.ended()

    assert screen.raw
    assert "\x1b" not in screen.raw
