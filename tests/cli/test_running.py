"""How a command ends."""

import asyncio
import os
import signal

import pytest
import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.running import fail, run
from rx_phoenix.errors import ConnectError, PushTimeout


def ended(command):
    """The exit code of a command."""
    with pytest.raises(typer.Exit) as raised:
        run(command)
    return raised.value.exit_code


async def nothing():
    return None


async def refused():
    return ExitCode.REFUSED


async def broken(error):
    raise error


async def hit_by(number, cleaned_up):
    try:
        os.kill(os.getpid(), number)
        await asyncio.sleep(60)
    finally:
        cleaned_up.append(True)


def test_a_command_that_returns_nothing_is_done():
    assert ended(nothing()) is ExitCode.OK


def test_a_command_may_say_how_it_ended():
    assert ended(refused()) is ExitCode.REFUSED


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGTERM, ExitCode.TERMINATED),
    ],
)
def test_a_signal_lets_a_command_clean_up_and_is_its_exit_code(number, code):
    cleaned_up = []

    assert ended(hit_by(number, cleaned_up)) is code
    assert cleaned_up
    assert code == 128 + number


def test_a_signal_finds_the_handler_that_was_there_before():
    before = signal.getsignal(signal.SIGTERM)

    ended(nothing())

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_problem_is_told_on_stderr_without_a_traceback(capsys):
    code = ended(broken(PushTimeout("the push had no answer")))

    printed = capsys.readouterr()
    assert code is ExitCode.TIMEOUT
    assert printed.out == ""
    assert printed.err.splitlines()[0] == "rx-phoenix: The push had no answer."


def test_a_problem_comes_with_advice_if_there_is_any(capsys):
    ended(broken(ConnectError("no", url="ws://example.org/", status=404)))

    assert "often it is /socket" in capsys.readouterr().err


def test_a_bug_is_no_problem_of_the_user():
    with pytest.raises(KeyError):
        run(broken(KeyError("cpu")))


def test_a_failure_without_advice_is_one_line(capsys):
    with pytest.raises(typer.Exit):
        fail("It cannot be.")

    assert capsys.readouterr().err == "rx-phoenix: It cannot be.\n"
