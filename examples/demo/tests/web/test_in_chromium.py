"""The dashboard in a real browser."""

import asyncio

import pytest

from examples.demo.tests.web.dashboard_harness import running_dashboard
from tests.browser import (
    PATIENCE,
    TEXT,
    demand_browser,
    press,
    running_browser,
    says,
)

pytestmark = pytest.mark.slow

POINTS = """
Bokeh.documents[0].get_model_by_name("memory").renderers[0].data_source.get_length()
"""
"""How many readings the chart of the memory has."""


@pytest.fixture
async def harness():
    async with running_dashboard() as harness:
        yield harness


@pytest.fixture
async def browser():
    demand_browser()
    async with running_browser() as browser:
        yield browser


async def test_values_change_and_all_comes_from_here(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        first = await tab.until(POINTS)
        await tab.until(f"{POINTS} > {first}")
        await tab.until(f"/ [0-9.]+ % +[0-9.]+ [kM]B/.test({TEXT})")

        assert tab.complaints == []
        assert {url.split("/")[2] for url in tab.requests if "://" in url} == {
            harness.address.split("/")[2]
        }


async def test_an_outage_shows_and_heals(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        outage = asyncio.create_task(harness.backend.outage(PATIENCE))
        await tab.until(says("reconnecting in"))
        outage.cancel()
        await tab.until(says(f"Rejoined {harness.backend.topic}."))
        await tab.until(says("live"))

        assert tab.complaints == []


async def test_readings_that_stay_away_show(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        harness.stop_publishing()
        await tab.until(says("stale"))

        assert tab.complaints == []


async def test_a_button_is_answered_and_the_readings_follow(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        pressed = await tab.evaluate(press("½ s"))
        await tab.until(says("answered"))
        await tab.until("""
            Bokeh.documents[0].get_model_by_name("rate").active === 0
        """)

        assert pressed == 1
        assert tab.complaints == []


async def test_two_browsers_share_one_join_and_closing_both_leaves(harness, browser):
    async with browser.tab(harness.address) as one:
        await one.until(says("live"))
        async with browser.tab(harness.address) as other:
            await other.until(says("live"))
            await other.until(f"/ 2 +browsers/.test({TEXT})")
            joins = sorted(harness.joins)
            complaints = one.complaints + other.complaints
    async with asyncio.timeout(PATIENCE):
        await harness.until_left()

    assert joins == sorted([harness.backend.audience, harness.backend.topic])
    assert complaints == []


async def test_a_dashboard_that_is_gone_says_so_and_comes_back(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        await harness.close()
        await tab.until('document.body.matches(".lost")')
        await tab.reloaded(harness.reopen())
        await tab.until(says("live"))

        assert not await tab.evaluate('document.body.matches(".lost")')
