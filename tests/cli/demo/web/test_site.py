"""The server of the page, without a browser."""

import asyncio
import re

import pytest
import reactivex
from aiohttp import ClientSession, WSServerHandshakeError
from reactivex.disposable import Disposable

from rx_phoenix._cli.demo.web.board import Board
from rx_phoenix._cli.demo.web.site import serving
from rx_phoenix._streams.state import State
from tests.cli.demo.scenery import STAGE, scene_of
from tests.cli.terminal import PATIENCE


@pytest.fixture
def held():
    """How many hold the scenes."""
    return State(0, print)


@pytest.fixture
def board(held):
    def subscribe(observer, _):
        held.on_next(held.value + 1)
        observer.on_next(scene_of())
        return Disposable(lambda: held.on_next(held.value - 1))

    scenes = reactivex.create(subscribe)
    return Board(STAGE, scenes, None, State(0, print), lambda: 0.0, str, print)


async def page(address):
    async with ClientSession() as http, http.get(address) as answer:
        return answer.status, await answer.text()


async def test_the_page_is_served_on_loopback(board):
    async with serving(board) as address:
        status, text = await page(address)

    assert address.startswith("http://127.0.0.1:")
    assert status == 200
    assert "ws://127.0.0.1:4000/socket" in text


async def test_nothing_on_the_page_is_from_elsewhere(board):
    async with serving(board) as address:
        _, text = await page(address)

    linked = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert linked
    assert all(link.startswith(("/static/", "data:,")) for link in linked)
    assert "https://" not in text


async def test_a_page_that_nobody_looks_at_lets_go(board, held):
    async with serving(board) as address:
        await page(address)
        assert held.value == 1
        gone = asyncio.Event()
        held.subscribe(lambda count: count or gone.set())
        await asyncio.wait_for(gone.wait(), PATIENCE)

    assert board.browsers.value == 0


async def test_the_end_of_the_server_lets_go_of_everything(board, held):
    before = asyncio.all_tasks()
    async with serving(board) as address:
        await page(address)

    assert (held.value, board.browsers.value) == (0, 0)
    assert asyncio.all_tasks() == before


async def test_a_port_that_is_taken_is_told(board):
    async with serving(board) as address:
        port = int(address.rpartition(":")[2].strip("/"))
        with pytest.raises(OSError, match="in use"):
            async with serving(board, port):
                pytest.fail("the port is taken")


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_no_other_site_may_read_along(board, origin):
    async with serving(board) as address, ClientSession() as http:
        with pytest.raises(WSServerHandshakeError, match="403"):
            await http.ws_connect(f"{address}ws", headers={"Origin": origin})
