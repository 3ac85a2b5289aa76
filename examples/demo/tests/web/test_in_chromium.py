"""The dashboard in a real browser."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from reactivex import operators as ops
from yarl import URL

from examples.demo.tests.web.dashboard_harness import running_dashboard
from rx_phoenix import Socket
from rx_phoenix.operators import first_value
from rx_phoenix_demo.backend import embedded_backend
from rx_phoenix_demo.publisher import RECEIVED
from rx_phoenix_demo.reading import Reading
from tests.browser import (
    PATIENCE,
    TEXT,
    demand_browser,
    press,
    running_browser,
    says,
)

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

POINTS = """
Bokeh.documents[0].get_model_by_name("memory").renderers.at(-1).data_source.get_length()
"""
"""How many readings the chart of the memory has."""


@pytest_asyncio.fixture(loop_scope="module")
async def harness():
    async with running_dashboard() as harness:
        yield harness


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    """The browser of all tests, which have their own tabs and dashboards."""
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


BANDS = """
(() => {
  const charts = ["processor", "memory", "network", "disk"]
  return Math.min(...charts.map((name) => {
    const chart = Bokeh.documents[0].get_model_by_name(name)
    const strip = chart.renderers.find((it) => it.glyph.type === "VStrip")
    const {began, ended} = strip.data_source.data
    return [...began].filter((left, n) => left > chart.x_range.start
      && left <= ended[n] && ended[n] < chart.x_range.end).length
  }))
})()
"""
"""How many downtimes each chart shows at least, within its minute."""


async def test_an_outage_leaves_a_band_in_the_charts(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        await tab.until(POINTS)
        before = await tab.evaluate(BANDS)
        await harness.backend.outage(0.0)
        await tab.until(f"{BANDS} > {before}")

        assert tab.complaints == []


async def test_the_title_is_the_state(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until('document.title === "live · rx_phoenix"')
        outage = asyncio.create_task(harness.backend.outage(PATIENCE))
        await tab.until('document.title === "reconnecting · rx_phoenix"')
        outage.cancel()
        await tab.until('document.title === "live · rx_phoenix"')
        await harness.close()
        await tab.until('document.title === "gone · rx_phoenix"')


BELOW = 'getComputedStyle(document.querySelector("section"), "::after").content'


async def test_the_first_paint_waits_for_the_figures(harness, browser):
    async with browser.tab("about:blank") as tab:
        # Without its scripts the page stays at its first paint.
        await tab.call("Network.setBlockedURLs", urls=["*/static/*"])
        await tab.call("Page.navigate", url=harness.address)
        await tab.until(f'document.querySelector("section") && {BELOW} !== "none"')

        assert "waiting for the figures" in await tab.evaluate(BELOW)
        assert await tab.evaluate("document.title") == "connecting · rx_phoenix"


PAPER = "getComputedStyle(document.body).backgroundColor"

SCHEMES = {"light": "rgb(244, 246, 249)", "dark": "rgb(15, 19, 24)"}


async def test_the_page_is_light_or_dark_as_the_system_prefers(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        for scheme, paper in SCHEMES.items():
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await tab.call("Emulation.setEmulatedMedia", features=[feature])
            await tab.until(f'{PAPER} === "{paper}"')

        assert tab.complaints == []


async def test_a_phone_has_the_story_second_and_the_badge_in_view(harness, browser):
    async with browser.tab(harness.address, size=(390, 800)) as tab:
        await tab.until(says("live"))
        order = await tab.evaluate("""
            [...document.querySelectorAll("section")]
              .sort((one, two) => one.getBoundingClientRect().top
                - two.getBoundingClientRect().top)
              .map((section) => section.querySelector("h2").textContent)
        """)
        await tab.evaluate("scrollTo(0, 900)")
        top = await tab.evaluate(
            'document.querySelector("header").getBoundingClientRect().top'
        )
        await tab.until("document.documentElement.scrollWidth <= 390")

    assert order[:2] == ["Processor", "What happened"]
    assert top == 0


async def test_readings_that_stay_away_show(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        harness.stop_publishing()
        await tab.until(says("stale"))

        assert tab.complaints == []


RATE = 'Bokeh.documents[0].get_model_by_name("rate").active'


async def test_a_button_changes_the_rate_of_the_readings(harness, browser):
    readings = harness.viewer.stream(harness.backend.topic, RECEIVED, as_type=Reading)
    slower = readings.pipe(ops.filter(lambda reading: reading.every == 0.5))
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        await tab.until(f"{POINTS} && {RATE} === null")  # none has the present rate
        slow = first_value(slower, timeout=PATIENCE)
        pressed = await tab.until(press("½ s"))  # the buttons come last
        await tab.until(says("answered"))
        await slow
        await tab.until(f"{RATE} === 0")

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


PRY = """
(async () => {
  const get = (url, options) => fetch(url, options).then((it) => it.text(), () => null)
  const listen = (url) => new Promise((done) => {
    const websocket = new WebSocket(url)
    websocket.onopen = () => done(url)
    websocket.onerror = () => done(null)
  })
  const frame = (url) => new Promise((done) => {
    const inner = document.createElement("iframe")
    inner.onload = () => done(inner.contentDocument ? null : inner.contentWindow.length)
    inner.src = url
    document.body.append(inner)
  })
  await frame(PAGE)
  return [
    await get(PAGE), await get(PAGE + "autoload.js"),
    await listen(PAGE.replace("http", "ws") + "ws"),
    await listen(SERVER + "/websocket?vsn=2.0.0"),
    await get(SERVER.replace("ws", "http") + "/longpoll?vsn=2.0.0"),
    await get(CONTROL), await get(CONTROL, {method: "POST"}),
  ]
})()
"""
"""All that a page of another origin gets; null for nothing."""


async def test_a_page_of_another_origin_gets_nothing(harness, browser):
    async with (
        foreign_page() as elsewhere,
        embedded_backend() as backend,
        browser.tab(elsewhere) as tab,
    ):
        await tab.until("document.body")
        control = str(URL(backend.url).with_scheme("http").with_path("/ctl/stop"))
        names = {"PAGE": harness.address, "SERVER": backend.url, "CONTROL": control}
        given = "".join(f"const {name} = {url!r};" for name, url in names.items())
        got = await tab.evaluate(f"{{{given}{PRY}}}")
        async with Socket(backend.url) as socket:
            await socket.channel(backend.topic).join()  # it runs as before

    assert got == [None] * 7
    assert any("403" in complaint for complaint in tab.complaints)


@asynccontextmanager
async def foreign_page():
    """Serve an empty page on a port of its own."""

    async def empty(_):
        return web.Response(text="<title>evil</title>", content_type="text/html")

    site = web.Application()
    site.router.add_get("/", empty)
    async with TestServer(site) as server:
        yield str(server.make_url("/"))


async def test_a_dashboard_that_is_gone_says_so_and_comes_back(harness, browser):
    async with browser.tab(harness.address) as tab:
        await tab.until(says("live"))
        await harness.close()
        await tab.until('document.body.matches(".lost")')
        await tab.reloaded(harness.reopen())
        await tab.until(says("live"))

        assert not await tab.evaluate('document.body.matches(".lost")')
