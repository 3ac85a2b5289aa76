"""Each module imports on its own, and what is optional stays unimported."""

import json
import subprocess
import sys

import pytest

IMPORT_EACH_FIRST = """
import importlib, json, sys
failures = {}
for name in sys.argv[1:]:
    for module in [m for m in sys.modules if m.partition(".")[0] == "rx_phoenix"]:
        del sys.modules[module]
    try:
        importlib.import_module(name)
    except Exception as error:
        failures[name] = repr(error)
print(json.dumps(failures))
"""
IMPORT_THE_PACKAGE = """
import json, sys
import rx_phoenix
print(json.dumps(list(sys.modules)))
"""


def run(script, *args):
    """What a script prints as JSON, in an interpreter that has imported nothing."""
    command = [sys.executable, "-c", script, *args]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def test_every_module_imports_before_any_other(modules):
    assert run(IMPORT_EACH_FIRST, *modules) == {}


@pytest.fixture(scope="module")
def imported():
    return set(run(IMPORT_THE_PACKAGE))


@pytest.mark.parametrize(
    "part", ["rx_phoenix.cli", "rx_phoenix.telemetry", "rx_phoenix.testing"]
)
def test_the_package_leaves_a_part_to_those_who_ask_for_it(imported, part):
    assert part not in imported


@pytest.mark.parametrize(
    "extra",
    ["bokeh", "opentelemetry", "psutil", "pydantic", "pytest", "rich", "typer"],
)
def test_the_package_imports_without_its_extras(imported, extra):
    assert extra not in imported
