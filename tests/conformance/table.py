"""Writes docs/conformance.md: every case and every defect, with the tests that hold it.

``python -m tests.conformance.table`` writes it again.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["PAGE", "Case", "Defect", "read_cases", "read_defects", "render"]

HERE = Path(__file__).parent
TESTS = HERE.parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"

INTRODUCTION = """\
# Conformance with phoenix.js

What the official client (npm `phoenix` 1.8.16) does, case by case, and what rx_phoenix
does instead or as well. Each row names its tests, which run in virtual time;
`pytest -m "case or defect"` runs them all. What both clients write on the wire is
compared as well, over real sockets, by `pytest tests/integration/phoenix_js`.

This page is made from the tests: `python -m tests.conformance.table`. The numbers are
stable and have gaps. The letter says where a case is seen: W on the wire, B by the
application, I inside the JavaScript code alone; D is a known defect, done better here.
"""


@dataclass
class Case:
    """A behaviour of phoenix.js.

    Attributes:
        number: Its number.
        section: What it is about.
        tag: W, B, I or D.
        js: What phoenix.js does.
        tests: The tests that are marked with it, each with its file.
        departed: Why rx_phoenix does otherwise, if it does.
        not_applicable: Why there is no such thing here, if there is none.
    """

    number: int
    section: str
    tag: str
    js: str
    tests: list[tuple[str, str]] = field(default_factory=list)
    departed: str | None = None
    not_applicable: str | None = None

    @property
    def verdict(self) -> str:
        """What rx_phoenix makes of it, in a few words; empty if nobody knows."""
        if self.departed:
            return f"**departed**: {self.departed}"
        if self.not_applicable:
            return f"not applicable: {self.not_applicable}"
        if not self.tests:
            return "not applicable: internal" if self.tag == "I" else ""
        return "held" if self.tag in "WB" else "**better**"


@dataclass
class Defect:
    """A defect of phoenix.js, and what is better here."""

    number: int
    js: str
    better: str
    tests: list[tuple[str, str]] = field(default_factory=list)


def read_cases() -> list[Case]:
    """Every case, with its tests."""
    departures = read("departures.toml")
    tests = marked("case")
    return [
        Case(
            int(number),
            section,
            **facts,
            tests=tests[int(number)],
            departed=departures["departed"].get(number),
            not_applicable=departures["not_applicable"].get(number),
        )
        for section, cases in read("cases.toml").items()
        for number, facts in cases.items()
    ]


def read_defects() -> list[Defect]:
    """Every defect, with its tests."""
    tests = marked("defect")
    return [
        Defect(int(number), **facts, tests=tests[int(number)])
        for number, facts in read("defects.toml").items()
    ]


def read(name: str) -> dict[str, dict[str, Any]]:
    """One of the files of data."""
    return tomllib.loads((HERE / name).read_text())


@cache
def marked(marker: str) -> Mapping[int, list[tuple[str, str]]]:
    """The tests, each with its file, by the numbers that a marker gives them."""
    tests: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text()
        if f"mark.{marker}(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for number in numbers(node, marker):
                    file = path.relative_to(TESTS).as_posix()
                    tests[number].append((file, node.name))
    return tests


def numbers(
    function: ast.FunctionDef | ast.AsyncFunctionDef, marker: str
) -> Iterator[int]:
    """The numbers in the decorators ``@pytest.mark.MARKER(number)`` of a test."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(
                func=ast.Attribute(attr=name), args=[ast.Constant(value=int(number))]
            ) if name == marker:
                yield number


def render() -> str:
    """The page."""
    lines = [INTRODUCTION]
    cases = read_cases()
    for section in dict.fromkeys(case.section for case in cases):
        lines += [f"## {section}", "", "| | | phoenix.js | here | tests |"]
        lines += ["| --: | - | --- | --- | --- |"]
        lines += [
            f"| {case.number} | {case.tag} | {case.js} | {case.verdict} "
            f"| {sentences(case.tests)} |"
            for case in cases
            if case.section == section
        ]
        lines.append("")
    lines += ["## Known defects", "", "| | phoenix.js | here | tests |"]
    lines += ["| --: | --- | --- | --- |"]
    lines += [
        f"| {defect.number} | {defect.js} | {defect.better} "
        f"| {sentences(defect.tests)} |"
        for defect in read_defects()
    ]
    return "\n".join(lines) + "\n"


def sentences(tests: list[tuple[str, str]]) -> str:
    """The names of tests as links."""
    return "; ".join(
        f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{file})"
        for file, name in tests
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render())
