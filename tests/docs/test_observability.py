"""docs/observability.md: its code runs, and its tables are complete."""

import logging
import re

import pytest

from rx_phoenix.telemetry import _names as names
from tests.docs.blocks import ROOT, blocks_of
from tests.telemetry.test_instrument import UNITS

PAGE = "docs/observability.md"
TEXT = ROOT.joinpath(PAGE).read_text()
ROWS = re.findall(r"^\| `(.+?)` \| (\S+) \|", TEXT, re.MULTILINE)


@pytest.fixture(autouse=True)
def _log():
    """What the page sets up is taken down again."""
    logger = logging.getLogger("rx_phoenix")
    handlers, level = [*logger.handlers], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize(
    "block", blocks_of(PAGE), ids=lambda block: f"line {block.line}"
)
async def test_a_block_runs_where_the_page_says(run, block):
    await run(block)


def test_every_metric_is_in_the_table_with_its_unit():
    assert {name: unit for name, unit in ROWS if ".client." in name} == UNITS


def test_every_attribute_is_on_the_page():
    known = {
        value
        for value in vars(names).values()
        if isinstance(value, str) and re.fullmatch(r"[a-z]+(\.[a-z_]+)+", value)
    }

    assert {name for name in known if f"`{name}`" not in TEXT} == set()
