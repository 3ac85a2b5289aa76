"""The guide to testing: every block of code runs, and fails as shown."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

GUIDE = Path(__file__).parents[2] / "docs" / "testing.md"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)

MARGIN = re.compile(r"^E +(rx_phoenix\.testing\.)?")
"""What pytest writes before the lines of an exception."""

BLOCKS = BLOCK.findall(GUIDE.read_text())
PASSING = [code for code, report in BLOCKS if not report]
FAILING = [(code, report) for code, report in BLOCKS if report]


def names(code):
    """What the tests of a block are called."""
    return re.findall(r"def (test_\w+)", code)


@pytest.fixture
def run(pytester):
    def run(code):
        pytester.makepyfile(test_guide=code)
        return pytester.runpytest_inprocess("-p", "no:asyncio")

    return run


@pytest.mark.slow
@pytest.mark.parametrize("code", PASSING, ids=lambda code: names(code)[0])
def test_a_block_passes(run, code):
    run(code).assert_outcomes(passed=len(names(code)))


@pytest.mark.parametrize(
    ("code", "report"), FAILING, ids=[names(code)[0] for code, _ in FAILING]
)
def test_a_block_fails_as_the_guide_shows(run, code, report):
    result = run(code)

    shown = [MARGIN.sub("", line).strip() for line in result.outlines]
    lines = [line.strip() for line in report.splitlines()]
    start = shown.index(lines[0])
    assert shown[start : start + len(lines)] == lines


def test_the_guide_has_blocks_of_both_kinds():
    assert (len(PASSING), len(FAILING)) == (11, 3)
