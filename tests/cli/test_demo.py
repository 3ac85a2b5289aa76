"""The demo from the command line, where it is installed and where it is not."""

import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from rx_phoenix._cli.app import app


@pytest.fixture
def not_installed(monkeypatch):
    class Missing:
        def find_spec(self, name, *_):
            if name.split(".")[0] == "rx_phoenix_demo":
                raise ModuleNotFoundError(name=name.split(".")[0])

    for name in [name for name in sys.modules if name.startswith("rx_phoenix_demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])


@pytest.fixture
def calls(monkeypatch):
    """The arguments of each call of an installed demo."""
    calls = []
    installed = SimpleNamespace(main=calls.append)
    monkeypatch.setitem(sys.modules, "rx_phoenix_demo", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "rx_phoenix_demo.__main__", installed)
    return calls


def test_without_the_demo_one_line_says_how_to_get_it(not_installed):
    result = CliRunner().invoke(app, ["demo", "--seconds", "3"])

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "./scripts/demo" in result.stderr


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_without_the_demo_its_help_is_ours(not_installed, flag):
    result = CliRunner().invoke(app, ["demo", flag])

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert "./scripts/demo" in result.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["--seconds", "3", "--terminal"], ["--help"], ["-h"]]
)
def test_an_installed_demo_gets_all_arguments(calls, arguments):
    result = CliRunner().invoke(app, ["demo", *arguments])

    assert result.exit_code == 0
    assert calls == [arguments]
