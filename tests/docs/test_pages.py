"""Every page: each block of Python runs, and prints what the page says."""

import re

import pytest

from tests.docs.blocks import ROOT, blocks_of

pytest_plugins = ["pytester"]

RUN_ELSEWHERE = {
    "blocking",
    "from-phoenix-js",
    "recipes",
    "start",
    "streams",
    "supabase",
    "testing",
}
"""The pages whose code has a test of its own."""

BLOCKS = [
    pytest.param(block, id=f"{page.stem} line {block.line}")
    for page in sorted(ROOT.glob("docs/*.md"))
    if page.stem not in RUN_ELSEWHERE
    for block in blocks_of(f"docs/{page.name}")
]
TESTS = [it for it in BLOCKS if it.values[0].tests]
FRAGMENTS = [it for it in BLOCKS if it not in TESTS]


@pytest.mark.parametrize("block", FRAGMENTS)
async def test_a_block_runs_where_the_page_says(run, block):
    await run(block)


@pytest.mark.parametrize("block", TESTS)
@pytest.mark.slow
def test_a_test_passes(pytester, block):
    pytester.makepyfile(block.code)

    result = pytester.runpytest_inprocess("-p", "no:asyncio")

    result.assert_outcomes(passed=len(block.tests))


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=str)
def test_a_block_says_what_it_is(page):
    kinds = set(re.findall(r"^```(\w+)", page.read_text(), re.MULTILINE))

    assert kinds <= {"console", "elixir", "js", "python", "sh", "text"}
