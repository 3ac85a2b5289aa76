"""docs/design.md and the maps of CONTRIBUTING.md: tests, files and folders exist."""

import re

from tests.docs.blocks import ROOT

DESIGN = ROOT.joinpath("docs/design.md").read_text()
CONTRIBUTING = ROOT.joinpath("CONTRIBUTING.md").read_text()

RULE = re.compile(
    r"^\| ([^|]+) \| [^|]+ \| \[([^\]]+)\]\(\.\./(tests/[^)]+)\) \|$", re.MULTILINE
)
PLACE = re.compile(r"^\| [^|]+ \| \[`([^`]+)`\]\(([^)]+)\) \|$", re.MULTILINE)


def part(name):
    """The part of CONTRIBUTING.md under a heading."""
    return CONTRIBUTING.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_every_rule_names_a_test_that_exists():
    _, _, rules = DESIGN.partition("\n## Rules\n")
    headings = 2 * rules.count("| rule | reason | test |")
    missing = [
        (rule, name, path)
        for rule, name, path in RULE.findall(DESIGN)
        if f"def test_{name.replace(' ', '_')}(" not in ROOT.joinpath(path).read_text()
    ]

    assert missing == []
    assert len(RULE.findall(DESIGN)) == len(rows(rules)) - headings


def test_every_place_exists_and_is_named_by_its_path():
    places = PLACE.findall(part("Where is …?"))

    assert len(places) >= 10
    assert all(ROOT.joinpath(link).is_file() for _, link in places)
    assert all(link == f"rx_phoenix/{shown}" for shown, link in places)


def test_the_map_has_every_folder_of_tests():
    mapped = set(
        re.findall(r"`((?:examples/\w+/)?tests/?\w*)`", part("A map of the tests"))
    )
    folders = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.joinpath("tests").iterdir()
        if path.is_dir() and any(path.rglob("test_*.py"))
    }

    assert mapped - {"tests/"} == folders | {"examples/demo/tests"}
