"""What the command line takes, and what its help says."""

import pytest
from typer.testing import CliRunner

from rx_phoenix._cli.app import app

COMMANDS = ["serve", "simulate"]


def invoke(*args):
    return CliRunner().invoke(app, args, env={"TERM": "dumb", "COLUMNS": "100"})


def test_without_a_command_there_is_help():
    assert "Usage" in invoke().output


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_help_lists_every_command_and_the_exit_codes(flag):
    text = invoke(flag).output

    assert all(command in text for command in COMMANDS)
    assert "Exit codes" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    result = invoke(command, "--help")

    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_version_is_told():
    assert invoke("--version").output.startswith("rx-phoenix ")


@pytest.mark.parametrize(
    "args",
    [
        ("no-such-command",),
        ("serve", "--port", "70000"),
        ("serve", "--port", "many"),
        ("simulate", "--seeds", "0"),
    ],
)
def test_a_mistake_ends_with_2_and_without_a_traceback(args):
    result = invoke(*args)

    assert result.exit_code == 2
    assert "Traceback" not in result.output
