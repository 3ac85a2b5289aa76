"""Each module imports on its own, and what is optional stays unimported."""

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

IMPORT_ALL = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(len(sys.argv[1:])))
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


def taken_at_once(name, modules):
    """The modules of the package that a module needs as it is imported."""
    source = Path(find_spec(name).origin)
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else node.module


def test_no_module_needs_itself_to_be_imported(modules):
    needs = {name: {*taken_at_once(name, modules)} for name in modules}

    TopologicalSorter(needs).prepare()  # raises, and tells the circle


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.slow
def test_every_module_imports_in_any_order(modules, step):
    assert run(IMPORT_ALL, *modules[::step]) == len(modules)


@pytest.fixture(scope="module")
def imported():
    return set(run(IMPORT_THE_PACKAGE))


@pytest.mark.parametrize(
    "part",
    [
        "aiohttp",
        "msgspec",
        "reactivex",
        "rx_phoenix._cli",
        "rx_phoenix.socket",
        "rx_phoenix.telemetry",
        "rx_phoenix.testing",
    ],
)
def test_the_package_leaves_a_part_to_those_who_ask_for_it(imported, part):
    assert part not in imported


@pytest.mark.parametrize(
    "extra",
    ["bokeh", "opentelemetry", "psutil", "pydantic", "pytest", "rich", "typer"],
)
def test_the_package_imports_without_its_extras(imported, extra):
    assert extra not in imported
