"""The page on reliability: each promise names an existing test."""

import re

import pytest

from rx_phoenix.testing._simulation import Invariant
from scripts.thundering_herd.page import PAGE
from tests.simulation.bugs import BUGS

TEST = re.compile(r"\[([^\]]+)\]\((\.\./tests/[^)]+\.py)\)")

TEXT = PAGE.read_text()


def rows(part):
    """The rows of the table in a part of the page."""
    _, _, rest = TEXT.partition(f"\n## {part}\n")
    text, _, _ = rest.partition("\n## ")
    return [line for line in text.splitlines() if line.startswith("| ")][2:]


def test_every_test_that_the_page_names_is_there():
    named = {(path, name) for name, path in TEST.findall(TEXT)}

    missing = {
        (path, name)
        for path, name in named
        if f"def test_{name.replace(' ', '_')}(" not in (PAGE.parent / path).read_text()
    }

    assert named
    assert missing == set()


@pytest.mark.parametrize(
    "part",
    [
        "What is delivered",
        "How it comes back",
        "Nothing hangs, leaks or grows",
        "Secrets and certificates",
        "What the network can do",
    ],
)
def test_every_line_of_a_table_names_a_test(part):
    table = rows(part)

    assert table
    assert [row for row in table if not TEST.search(row)] == []


def test_every_invariant_is_on_the_page_with_its_bugs():
    table = dict(row.strip("| ").split(" | ") for row in rows("Whole lives, simulated"))

    assert table.keys() == {*Invariant}
    for invariant, bugs in table.items():
        names = [bug.plant.__name__ for bug in BUGS if bug.breaks == invariant]
        assert bugs.split("; ") == [name.replace("_", " ") for name in names]
