"""The help of each command, on screens of any width."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from rx_phoenix._cli.app import app
from rx_phoenix._cli.examples import EXAMPLES

COMMANDS = get_command(app).commands
NARROW, USUAL = 40, 80

HELD_BY_THE_DEMO = {"demo"}
"""Commands that leave --help to another program."""


def help_of(*command, columns=USUAL):
    environment = {"COLUMNS": str(columns), "TERM": "dumb"}
    return CliRunner().invoke(app, [*command, "--help"], env=environment).output


@pytest.fixture(params=[*sorted({*COMMANDS} - HELD_BY_THE_DEMO), None])
def command(request):
    return [request.param] if request.param else []


@pytest.mark.parametrize("columns", [NARROW, USUAL, 200])
def test_no_line_is_wider_than_the_screen(command, columns):
    widest = max(len(line) for line in help_of(*command, columns=columns).splitlines())

    assert widest <= min(columns, USUAL)


def test_it_begins_with_the_usage_and_has_no_types(command):
    text = help_of(*command)

    assert text.startswith("Usage: ")
    assert not re.search(r"<\w+>|<int range|\{[A-Z]|[\u2500-\u257f]", text)


def test_the_same_is_said_on_a_narrow_screen(command):
    def words(columns):
        return sorted(help_of(*command, columns=columns).replace("\\", "").split())

    assert words(NARROW) == words(USUAL)


@pytest.mark.parametrize("name", sorted({*COMMANDS} - HELD_BY_THE_DEMO))
def test_the_help_shows_the_examples(name):
    text = help_of(name, columns=200)

    assert "Examples:" in text
    assert " ".join(EXAMPLES[name].split()[:3]) in " ".join(text.split())


def test_no_argument_is_marked_as_required_because_the_usage_shows_it(command):
    assert "[required]" not in help_of(*command)


def test_the_commands_are_listed_in_the_order_of_their_examples():
    listed = re.findall(r"^  (\w+) ", help_of().partition("Commands:")[2], re.MULTILINE)

    assert listed == [*EXAMPLES]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Missing argument 'URL': give it first, or in RX_PHOENIX_URL."),
        (("room:a", "echo"), "Missing argument 'URL'"),
        (("ws://127.0.0.1:1/socket", "room:a"), "Missing argument 'EVENT'"),
    ],
)
def test_an_argument_that_is_missing_is_named_below_the_usage_of_the_help(
    words, message
):
    errors = CliRunner().invoke(app, ["push", *words], env={"TERM": "dumb"}).stderr

    assert errors.splitlines()[0] == help_of("push").splitlines()[0]
    assert message in errors


def test_a_group_of_options_has_a_heading():
    text = help_of("push")

    assert text.index("Options:") < text.index("--no-reply")
    assert text.index("Connection:") < text.index("--timeout")
