"""The same scenarios with both clients: what they say and hear differs as listed."""

import asyncio
import tomllib
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.integration.phoenix_js.ours import OurClient
from tests.integration.phoenix_js.recorder import run_recorder
from tests.integration.phoenix_js.scenario import play, read_scenarios

SCENARIOS = read_scenarios()
DIFFERENCES = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())


@pytest.fixture
async def ours():
    client = OurClient()
    yield client
    await client.end()


def difference(theirs, ours):
    """The lines that only phoenix.js has, and those that only rx_phoenix has."""
    lines = unified_diff(theirs, ours, n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_both_clients_play_a_scenario_alike(name, phoenix_js, ours):
    scenario = SCENARIOS[name]
    async with run_recorder() as one, run_recorder() as other:
        theirs, mine = await asyncio.gather(
            play(scenario, phoenix_js, one), play(scenario, ours, other)
        )

    listed = DIFFERENCES.get(name, {}).get("lines", "").splitlines()
    assert difference(theirs.lines, mine.lines) == listed


def test_every_listed_difference_is_of_a_scenario_and_has_a_reason():
    assert DIFFERENCES.keys() <= SCENARIOS.keys()
    assert all(listed["reason"] for listed in DIFFERENCES.values())


def test_there_are_thirty_scenarios_and_more():
    assert len(SCENARIOS) >= 30
