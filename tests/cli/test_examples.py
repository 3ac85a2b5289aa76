"""The examples of --help are understood by the commands."""

import shlex

import pytest
from typer.main import get_command

from rx_phoenix._cli.app import app
from rx_phoenix._cli.examples import EXAMPLES

COMMANDS = get_command(app).commands

HELD_BY_THE_DEMO = {"demo"}
"""Commands that leave their options to another program."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_understands(name):
    examples = EXAMPLES[name].strip().splitlines()

    assert examples
    for example in examples:
        words = shlex.split(example.rpartition("| ")[2].partition(" > ")[0])
        assert words[:2] == ["rx-phoenix", name]
        if name not in HELD_BY_THE_DEMO:
            COMMANDS[name].make_context(name, words[2:])
