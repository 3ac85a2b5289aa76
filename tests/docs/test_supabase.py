"""docs/supabase.md: its blocks run, and print what they show."""

import pytest

from rx_phoenix.supabase import Realtime
from rx_phoenix.testing.supabase import SupabaseServer
from tests.docs.blocks import blocks_of, run_inside

PAGE = blocks_of("docs/supabase.md")
TESTS = [block for block in PAGE if block.tests]


@pytest.fixture
async def names():
    async with (
        SupabaseServer(["messages"]) as server,
        Realtime(server.url, server.api_key) as realtime,
    ):
        yield {"server": server, "realtime": realtime}


@pytest.mark.parametrize(
    "block",
    [block for block in PAGE if not block.tests],
    ids=lambda block: f"line {block.line}",
)
async def test_a_block_prints_what_it_shows(names, capsys, block):
    await run_inside(block, **names)

    assert capsys.readouterr().out == block.output


@pytest.mark.parametrize("block", TESTS, ids=lambda block: f"line {block.line}")
async def test_a_test_passes(block):
    names = {}
    exec(compile(block.code, f"line {block.line}", "exec"), names)
    for name in block.tests:
        await names[name]()
