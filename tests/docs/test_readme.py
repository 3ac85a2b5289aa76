"""README.md: it runs, it prints what it says, and its first screen is one."""

import pytest

from tests.docs.blocks import ROOT, blocks_of

pytest_plugins = ["pytester"]

BLOCKS = blocks_of("README.md")
PROGRAMS = [block for block in BLOCKS if block.is_program]
TESTS = [block for block in BLOCKS if block.tests]
FRAGMENTS = [block for block in BLOCKS if block not in PROGRAMS + TESTS]

SCREEN = 60
"""Lines."""


def line(block):
    return f"line {block.line}"


@pytest.mark.parametrize("block", PROGRAMS, ids=line)
def test_a_program_prints_what_the_page_says(run_alone, block):
    run_alone(block)


@pytest.mark.parametrize("block", FRAGMENTS, ids=line)
async def test_a_block_runs_where_the_page_says(run, block):
    await run(block)


@pytest.mark.parametrize("block", TESTS, ids=line)
def test_a_test_passes(pytester, block):
    pytester.makepyfile(block.code)

    result = pytester.runpytest_inprocess("-p", "no:asyncio")

    result.assert_outcomes(passed=len(block.tests))


def test_the_first_program_has_fifteen_lines():
    assert len([line for line in BLOCKS[0].code.splitlines() if line]) == 15


@pytest.mark.parametrize("command", ["./scripts/demo", "./scripts/test"])
def test_the_first_screen_names_a_command_that_exists(command):
    first_screen = ROOT.joinpath("README.md").read_text().splitlines()[:SCREEN]

    assert any(line.startswith(command) for line in first_screen)
    assert ROOT.joinpath(command).is_file()


def test_the_page_names_the_command_that_ci_runs():
    *_, last = ROOT.joinpath(".ci/run").read_text().splitlines()
    command = last.removeprefix("exec ")

    assert f"`{command}`" in ROOT.joinpath("README.md").read_text()
