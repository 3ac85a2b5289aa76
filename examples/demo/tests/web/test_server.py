"""The server of the page, without a browser."""

import asyncio
import re
from dataclasses import replace

import pytest
import reactivex
from aiohttp import ClientSession, WSServerHandshakeError
from reactivex.disposable import Disposable
from reactivex.subject import BehaviorSubject

from examples.demo.tests.builders import BACKEND, snapshot_of
from rx_phoenix_demo.web.dashboard import Dashboard
from rx_phoenix_demo.web.server import serving
from tests.cli.terminal import PATIENCE


@pytest.fixture
def held():
    """The number of subscribers to the snapshots."""
    return BehaviorSubject(0)


@pytest.fixture
def dashboard(held):
    def subscribe(observer, _):
        held.on_next(held.value + 1)
        observer.on_next(snapshot_of())
        return Disposable(lambda: held.on_next(held.value - 1))

    snapshots = reactivex.create(subscribe)
    return Dashboard(
        BACKEND, snapshots, None, BehaviorSubject(0), lambda: 0.0, str, print
    )


async def page(address):
    async with ClientSession() as http, http.get(address) as answer:
        return answer.status, await answer.text()


async def test_the_page_is_served_on_loopback(dashboard):
    async with serving(dashboard) as address:
        status, text = await page(address)

    assert address.startswith("http://127.0.0.1:")
    assert status == 200
    assert "ws://127.0.0.1:4000/socket" in text


async def test_nothing_on_the_page_is_from_elsewhere(dashboard):
    async with serving(dashboard) as address:
        _, text = await page(address)

    linked = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert linked
    assert all(link.startswith(("/static/", "data:,")) for link in linked)
    assert "https://" not in text


async def none_hold(held):
    """Wait until there are no subscribers to the snapshots."""
    gone = asyncio.Event()
    with held.subscribe(lambda count: count or gone.set()):
        await asyncio.wait_for(gone.wait(), PATIENCE)


async def test_a_page_whose_browser_never_connects_lets_go(dashboard, held):
    async with serving(dashboard, unused=0.1) as address:
        await page(address)
        assert held.value == 1
        await none_hold(held)

    assert dashboard.browsers.value == 0


async def test_a_browser_that_closes_lets_go_at_the_next_check(dashboard, held):
    async with serving(dashboard, unused=2 * PATIENCE) as address:
        _, text = await page(address)
        token = re.search(r'"token":"([^"]+)"', text)[1]
        async with ClientSession() as http:
            protocols = ("bokeh", token)
            async with http.ws_connect(f"{address}ws", protocols=protocols) as browser:
                await browser.receive()
                assert held.value == 1
        await none_hold(held)

    assert dashboard.browsers.value == 0


async def test_the_end_of_the_server_lets_go_of_everything(dashboard, held):
    before = asyncio.all_tasks()
    async with serving(dashboard) as address:
        await page(address)

    assert (held.value, dashboard.browsers.value) == (0, 0)
    assert asyncio.all_tasks() == before


async def test_a_port_that_is_taken_is_an_error(dashboard):
    async with serving(dashboard) as address:
        port = int(address.rpartition(":")[2].strip("/"))
        with pytest.raises(OSError, match="in use"):
            async with serving(dashboard, port):
                pytest.fail("the port is taken")


@pytest.mark.parametrize("path", ["", "ws", "autoload.js", "static/js/bokeh.min.js"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Host": "evil.example"}], ids=str
)
async def test_no_path_is_open_to_other_sites(dashboard, path, method, headers):
    async with serving(dashboard) as address, ClientSession() as http:
        response = await http.request(method, f"{address}{path}", headers=headers)

    assert response.status == 403


async def test_the_first_paint_is_a_waiting_state(dashboard):
    async with serving(dashboard) as address:
        _, text = await page(address)

    assert '<main class="waiting">' in text
    assert "waiting for the figures" in text
    assert "<title>connecting · rx_phoenix</title>" in text


async def test_every_response_restricts_the_page(dashboard):
    async with serving(dashboard) as address, ClientSession() as http:
        response = await http.get(address)

    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_an_address_with_markup_is_text(dashboard):
    url = "ws://h/<script>alert(1)</script>"
    planted = replace(dashboard, backend=replace(BACKEND, url=url, topic="<b>room"))
    async with serving(planted) as address:
        _, text = await page(address)

    assert "<script>" not in text
    assert "<b>room" not in text
    assert "&lt;b&gt;room" in text


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_no_other_site_may_read_along(dashboard, origin):
    async with serving(dashboard) as address, ClientSession() as http:
        with pytest.raises(WSServerHandshakeError, match="403"):
            await http.ws_connect(f"{address}ws", headers={"Origin": origin})
