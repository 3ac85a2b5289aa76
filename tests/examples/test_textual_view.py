"""examples/textual_view.py: people, words and the state of the connection."""

from asyncio import timeout

import pytest
from textual.widgets import Input, RichLog, Static

from examples.textual_view import Room
from rx_phoenix import Socket
from tests.examples.program import PATIENCE


@pytest.fixture
async def kim(server):
    """Somebody else, in the same places."""
    async with Socket(server.url, params={"user_id": "kim"}) as socket:
        yield socket


async def until(pilot, is_so):
    """Let the app go on until something is so."""
    async with timeout(PATIENCE):
        while not is_so():
            await pilot.pause()


def said(app):
    return [line.text for line in app.query_one(RichLog).lines]


def people(app):
    return str(app.query_one("#people", Static).content).split()


async def test_it_shows_who_is_there(server, kim):
    app = Room(server.url, "jo")
    async with app.run_test() as pilot:
        await until(pilot, lambda: people(app) == ["jo"])
        await kim.channel("presence:lobby").join()
        await until(pilot, lambda: people(app) == ["jo", "kim"])
        await kim.channel("presence:lobby").leave()
        await until(pilot, lambda: people(app) == ["jo"])


async def test_what_is_typed_everybody_hears(server, kim):
    heard = []
    room = kim.channel("room:lobby")
    room.on("shout", heard.append)
    await room.join()
    app = Room(server.url, "jo")
    async with app.run_test() as pilot:
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: said(app) == ["jo: hello"])
        room.push("shout", {"from": "kim", "body": "hi"})
        await until(pilot, lambda: said(app) == ["jo: hello", "kim: hi"])

        assert app.query_one(Input).value == ""
    assert heard[0] == {"from": "jo", "body": "hello"}


async def test_it_says_where_the_connection_stands(server):
    app = Room(server.url, "jo")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.sub_title == "open")
        await server.stop()
        await until(pilot, lambda: app.sub_title != "open")
