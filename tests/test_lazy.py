"""Public names that are imported at their first use."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import rx_phoenix
from rx_phoenix import testing


def run(script):
    """What a script prints as JSON, in an interpreter that has imported nothing."""
    command = [sys.executable, "-c", script]
    return json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    )


LAZY = {"rx_phoenix": rx_phoenix, "rx_phoenix.testing": testing}


@pytest.fixture(params=LAZY, scope="module")
def package(request):
    return LAZY[request.param]


def names_for_type_checkers(package):
    """What a package imports only for type checkers: names and their modules."""
    for node in ast.walk(ast.parse(Path(package.__file__).read_text())):
        if isinstance(node, ast.If):
            for statement in node.body:
                for alias in statement.names:
                    assert alias.asname == alias.name, "not exported"
                    yield alias.name, importlib.import_module(statement.module)


def test_type_checkers_see_the_names_that_are_imported_at_first_use(package):
    names = dict(names_for_type_checkers(package))

    assert {*names, "__version__"} == {*package.__all__, "__version__"}
    for name, module in names.items():
        assert getattr(package, name) is getattr(module, name)


def test_all_names_of_a_package_are_listed(package):
    assert {*package.__all__} <= {*dir(package)}


@pytest.mark.slow
def test_a_star_import_gets_all_names(package):
    found = run(
        f"import json; from {package.__name__} import *; print(json.dumps(dir()))"
    )

    assert {*package.__all__} <= {*found}


def test_a_name_that_a_package_does_not_have_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match="has no attribute 'Sokcet'"):
        package.Sokcet  # noqa: B018


def test_the_modules_of_the_names_are_attributes_of_their_package():
    assert (
        run("import json, rx_phoenix; print(json.dumps(rx_phoenix.errors.__name__))")
        == "rx_phoenix.errors"
    )


def test_a_socket_can_be_made_without_its_transport():
    made = run(
        "import json, sys; from rx_phoenix import Socket\n"
        "Socket('ws://localhost/socket')\n"
        "print(json.dumps([*sys.modules]))"
    )

    assert "aiohttp" not in made


def test_the_fixtures_of_pytest_are_found_without_the_kit():
    loaded = run(
        "import json, sys, rx_phoenix.testing._plugin\n"
        "print(json.dumps([*sys.modules]))"
    )

    assert {"reactivex", "msgspec", "rx_phoenix.socket"}.isdisjoint(loaded)
