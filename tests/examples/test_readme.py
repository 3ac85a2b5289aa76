"""examples/README.md: every example is in it, is short, and says how to run it."""

import ast
import re

import pytest

from tests.examples.program import EXAMPLES

README = EXAMPLES.joinpath("README.md").read_text()

LINES = 80

NEW = sorted(p.name for p in EXAMPLES.glob("*.py") if not p.name.startswith("seed_"))


@pytest.mark.parametrize("name", NEW)
def test_an_example_has_less_than_80_lines(name):
    assert len(EXAMPLES.joinpath(name).read_text().splitlines()) < LINES


@pytest.mark.parametrize("name", NEW)
def test_an_example_says_by_which_two_commands_it_runs(name):
    story = ast.get_docstring(ast.parse(EXAMPLES.joinpath(name).read_text()))

    run = f"    python examples/{name}"
    servers = "rx-phoenix serve", "python -m rx_phoenix.testing.supabase"
    brings_its_own = f"brings its server along::\n\n{run}" in story
    assert brings_its_own or any(f"\n    {it}\n{run}" in story for it in servers)


@pytest.mark.parametrize("name", NEW)
def test_an_example_has_a_test(name):
    """Those without await have one together."""
    name = "blocking.py" if name.startswith("blocking_") else name

    assert EXAMPLES.parent.joinpath(f"tests/examples/test_{name}").is_file()


def test_every_example_is_listed():
    there = {
        path.name
        for path in EXAMPLES.iterdir()
        if path.suffix in {".py", ".ipynb"} or path.joinpath("README.md").is_file()
    }

    assert there <= set(re.findall(r"\]\(([\w.]+)\)", README))


def test_whatever_is_linked_is_there():
    links = re.findall(r"\]\(([^)]+)\)", README)

    assert [link for link in links if not EXAMPLES.joinpath(link).exists()] == []
