"""Each module says what it is, stays short, exports what it says, and is tested."""

import ast
from importlib import import_module

import rx_phoenix

LINES = 350
"""Of code: what documents it may take the room it needs."""

TESTED_ELSEWHERE = {
    "rx_phoenix": "tests/architecture",  # it has no code
    "rx_phoenix.__main__": "tests/cli",  # it is the command line
    # Whole lives, and deliberate bugs, show whether a simulation finds them.
    "rx_phoenix.testing._simulation": "tests/simulation",
    "rx_phoenix.testing._simulation.actions": "tests/simulation",
    "rx_phoenix.testing._simulation.app": "tests/simulation",
    "rx_phoenix.testing._simulation.engine": "tests/simulation",
    "rx_phoenix.testing._simulation.lanes": "tests/simulation",
    "rx_phoenix.testing._simulation.ends": "tests/simulation",
    "rx_phoenix.testing._simulation.hosted": "tests/simulation",
    "rx_phoenix.testing._simulation.invariants": "tests/simulation",
    "rx_phoenix.testing._simulation.joins": "tests/simulation",
    "rx_phoenix.testing._simulation.listener": "tests/simulation",
    "rx_phoenix.testing._simulation.network": "tests/simulation",
    "rx_phoenix.testing._simulation.plan": "tests/simulation",
    "rx_phoenix.testing._simulation.run": "tests/simulation",
    "rx_phoenix.testing._simulation.server": "tests/simulation",
    "rx_phoenix.testing._simulation.world": "tests/simulation",
    # Parts of a socket and of a channel, whose promises only the whole can keep.
    "rx_phoenix._channel.effects": "tests/channel/membership",
    "rx_phoenix._channel.join": "tests/channel/membership",
    "rx_phoenix._channel.core": "tests/channel",
    "rx_phoenix._connection.handle": "tests/socket",
    "rx_phoenix._connection.traffic": "tests/connection/manager",
    "rx_phoenix._channel.change": "tests/channel/membership",
    "rx_phoenix._channel.context": "tests/channel/membership",
    "rx_phoenix._channel.parts": "tests/channel",
    "rx_phoenix._channel.demand": "tests/channel/membership",
}
"""The modules whose tests are not at their mirror, each with a reason."""


def mirror(root, name, path):
    """Where a module's tests belong: a folder for a package, a file for a file."""
    if name in TESTED_ELSEWHERE:
        return root / TESTED_ELSEWHERE[name]
    *folders, last = [part.strip("_") for part in name.split(".")[1:]]
    tests = root.joinpath("tests", *folders)
    return tests / last if path.name == "__init__.py" else tests / f"test_{last}.py"


def is_tested(root, name, path):
    """Whether there is a file of tests, or a folder where one would be too long."""
    tests = mirror(root, name, path)
    folder = tests.with_name(tests.stem.removeprefix("test_"))
    return tests.is_file() or any(folder.rglob("test_*.py"))


def by_kind(name):
    """The order in which ruff keeps an ``__all__``: constants, classes, the rest."""
    is_constant = len(name) > 1 and name.isupper()
    return (0 if is_constant else 1 if name[0].isupper() else 2, name)


def exports_of(module):
    """What a module lists; a package, or what is only run, may list nothing."""
    if "__path__" in vars(module) or module.__name__.endswith(".__main__"):
        return getattr(module, "__all__", [])
    return module.__all__


def code_of(source):
    """The lines of a module that are neither blank, nor comment, nor documentation."""
    documentation = {
        line
        for node in source.nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    return [
        line
        for number, line in enumerate(source.text.splitlines(), 1)
        if line.strip() and line.lstrip()[0] != "#" and number not in documentation
    ]


def taken_from_others(source):
    """The names that a module imports from the package, each with where it is from."""
    return {
        (node.module, alias.name)
        for node in source.nodes
        if isinstance(node, ast.ImportFrom) and node.module.startswith("rx_phoenix")
        for alias in node.names
    }


def test_every_module_is_in_a_package(sources):
    folders = {source.path.parent for source in sources.values()}

    assert [each for each in folders if not (each / "__init__.py").is_file()] == []


def test_every_module_has_a_docstring(modules):
    assert [name for name in modules if not import_module(name).__doc__] == []


def test_every_module_is_short(sources):
    lengths = {name: len(code_of(source)) for name, source in sources.items()}

    assert {name: n for name, n in lengths.items() if n > LINES} == {}


def test_every_module_lists_its_exports_in_order(modules):
    exports = {name: exports_of(import_module(name)) for name in modules}

    assert exports == {
        name: sorted(set(listed), key=by_kind) for name, listed in exports.items()
    }


def test_every_module_has_what_it_exports(modules):
    missing = [
        (name, export)
        for name in modules
        for export in exports_of(import_module(name))
        if not hasattr(import_module(name), export)
    ]

    assert missing == []


def test_every_module_takes_from_others_only_what_they_export(sources):
    hidden = [
        (name, home, taken)
        for name, source in sources.items()
        for home, taken in taken_from_others(source)
        if f"{home}.{taken}" not in sources
        and taken not in exports_of(import_module(home))
    ]

    assert hidden == []


def test_every_module_is_tested_at_its_mirror(root, sources):
    untested = [
        name
        for name, source in sources.items()
        if not is_tested(root, name, source.path)
    ]

    assert untested == []


def test_the_public_names_are_those_of_the_modules_they_come_from(modules):
    public = {name for name in rx_phoenix.__all__ if not name.startswith("_")}
    parts = [import_module(name) for name in modules if name != "rx_phoenix"]

    exported = {
        name
        for name in public
        for part in parts
        if name in exports_of(part) and getattr(part, name) is getattr(rx_phoenix, name)
    }

    assert exported == public


def test_every_error_is_public():
    errors = import_module("rx_phoenix.errors")

    assert set(errors.__all__) <= set(rx_phoenix.__all__)
