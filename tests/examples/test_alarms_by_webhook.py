"""examples/alarms_by_webhook.py: alarms come through, one for each."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from examples.alarms_by_webhook import alarms
from rx_phoenix import Socket
from tests.examples.program import running


@pytest.fixture
async def webhook():
    """A webhook that fails at first; it keeps what it was called with."""
    calls = []

    async def call(request):
        calls.append(await request.json())
        return web.Response(status=503 if len(calls) == 1 else 204)

    app = web.Application()
    app.router.add_post("/hook", call)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook")), calls


@pytest.fixture
async def boiler(server):
    """Says how hot it is."""
    async with Socket(server.url) as socket:
        channel = socket.channel("room:boiler")
        await channel.join()

        async def say(*degrees):
            for celsius in degrees:
                await channel.push("shout_others", {"celsius": celsius})

        yield say


async def test_an_alarm_is_told_until_it_is_heard_and_so_is_its_end(
    server, boiler, webhook
):
    address, calls = webhook
    args = ("--webhook", address, "--patience", "0.1", "--url", server.url)
    async with running("alarms_by_webhook.py", *args) as program:
        await program.said("Watching")
        await boiler(20, 95, 96, 97)
        await program.said("Told: hot")
        await boiler(80, 70)
        await program.said("Told: fine")
        program.interrupt()
        code, lines = await program.end()

    assert calls == [{"boiler": "hot"}, {"boiler": "hot"}, {"boiler": "fine"}]
    assert (code, lines) == (0, ["Watching", "Told: hot", "Told: fine"])


READINGS = {"c": {"celsius": 20.0}, "h": {"celsius": 95.0}}
ALARMS = {"H": "hot", "F": "fine"}


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        ("-c--h--h--c--", "-------H--F--"),
        ("-c--h-c-h-c--", "-------------"),
        ("-h-h-h-h-----", "----H--------"),
        ("-h-----c--h--", "----H--F-----"),
    ],
    ids=["alarm", "moments", "from the beginning", "again"],
)
def test_hot_for_a_while_is_an_alarm(hot, expect, readings, told):
    expect(alarms(hot(readings, READINGS), patience=0.3)).to_be(told, ALARMS)
