"""docs/command-line.md: its sessions are real, and its tables are complete."""

import re

import pytest
from typer.main import get_command

from rx_phoenix._cli.app import app
from rx_phoenix._cli.exit_codes import ExitCode
from tests.docs.blocks import ROOT, is_as_shown, shell, steps_of

PAGE = "docs/command-line.md"
TEXT = ROOT.joinpath(PAGE).read_text()
PAGES = ["README.md", *(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]

COMMANDS = get_command(app).commands
CALL = re.compile(r"rx-phoenix (\w+)([^`\n|]*)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the sessions take place, one after another."""
    return tmp_path_factory.mktemp("session")


@pytest.mark.integration
@pytest.mark.slow
def test_the_sessions_print_what_the_page_says(folder, served):
    for command, shown in steps_of(PAGE):
        printed = shell(command, served, folder)

        assert is_as_shown(printed, shown), f"{command}\n{printed}"


def test_every_command_is_in_the_table():
    assert set(re.findall(r"^\| `rx-phoenix (\w+)", TEXT, re.MULTILINE)) == set(
        COMMANDS
    )


def test_every_exit_code_is_in_the_table():
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}

    assert codes == set(ExitCode)


@pytest.mark.parametrize("page", PAGES)
def test_what_pages_say_to_type_is_understood(page):
    for name, arguments in CALL.findall(ROOT.joinpath(page).read_text()):
        known = {option for it in COMMANDS[name].params for option in it.opts}

        assert set(re.findall(r"(?<!\S)--[a-z-]+", arguments)) <= known
