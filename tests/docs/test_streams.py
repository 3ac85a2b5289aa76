"""docs/streams.md: every block runs and prints what the page says."""

import re

import pytest

from rx_phoenix import operators
from tests.docs.blocks import ROOT, blocks_of

PAGE = "docs/streams.md"
BLOCKS = blocks_of(PAGE)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line {block.line}")
async def test_a_block_runs_where_the_page_says(run, block):
    assert block.output

    await run(block)


def test_every_operator_is_on_the_page():
    named = set(re.findall(r"`([a-z_]+)", ROOT.joinpath(PAGE).read_text()))

    assert {name for name in operators.__all__ if name.islower()} <= named
