"""The official client and rx_phoenix on one topic, over each transport."""

import pytest
from reactivex import operators as ops

from rx_phoenix import LongPollTransport, Presence, Socket, WebSocketTransport
from rx_phoenix._protocol.changes import Left, Updated
from tests.integration.waiting import first, first_of

TRANSPORTS = {"websocket": WebSocketTransport, "longpoll": LongPollTransport}


@pytest.fixture(params=TRANSPORTS)
def road(request):
    """How both speak to the server."""
    return request.param


@pytest.fixture
async def official(app, phoenix_js, road):
    """The official client, connected under the name ``js``."""
    await phoenix_js.do(
        "socket", url=app.url, params={"user_id": "js"}, transport=road, timeout=5
    )
    await phoenix_js.do("connect")
    return phoenix_js


@pytest.fixture
async def socket(app, road):
    """Ours, connected under the name ``rx``."""
    transport = TRANSPORTS[road]()
    async with Socket(app.url, params={"user_id": "rx"}, transport=transport) as socket:
        yield socket


async def push(client, event, payload=None):
    arguments = {"channel": "room", "event": event, "payload": payload, "name": event}
    await client.do("push", **arguments)


async def join(client, topic):
    await client.do("channel", name="room", topic=topic)
    await client.do("presence", channel="room")
    await client.do("join", channel="room", name="join")


def who(presence, *names):
    """The next state in which just these are there."""
    return first(presence.states.pipe(ops.filter(lambda it: {*it} == {*names})))


async def test_they_see_each_other_come_and_go(app, official, socket):
    topic = app.new("presence:")
    channel = socket.channel(topic)
    presence = Presence(channel)
    await join(official, topic)
    await official.hears("room", "sync", ["js"])

    both = who(presence, "js", "rx")
    await channel.join()
    await both
    await official.hears("room", "sync", ["js", "rx"])

    left = first_of(presence.changes, Left)
    await push(official, "untrack")
    assert (await left).key == "js"
    assert [*presence.state] == ["rx"]

    await channel.leave()
    await official.hears("room", "sync", [])


async def test_an_update_of_the_official_clients_is_an_update(app, official, socket):
    topic = app.new("presence:")
    channel = socket.channel(topic)
    presence = Presence(channel)
    await join(official, topic)
    both = who(presence, "js", "rx")
    await channel.join()
    await both

    update = first_of(presence.changes, Updated)
    await push(official, "update_meta", {"mood": "away"})

    assert (await update).key == "js"
    assert [meta["mood"] for meta in (await update).metas] == ["away"]


async def test_they_hear_each_other(app, official, socket):
    topic = app.new("room:")
    channel = socket.channel(topic)
    await channel.join()
    await official.do("channel", name="room", topic=topic)
    await official.do("on", channel="room", event="shout")
    await official.do("join", channel="room", name="join")
    await official.hears("join", "ok")

    heard = first(channel.events("shout"))
    await push(official, "shout", {"by": "js"})
    assert await heard == {"by": "js"}
    channel.push("shout", {"by": "rx"})
    await official.hears("room", "shout", {"by": "rx"})


async def test_bytes_of_both_reach_the_server(app, official, socket):
    topic = app.new("room:")
    await official.do("channel", name="room", topic=topic)
    await official.do("join", channel="room", name="join")
    channel = socket.channel(topic)
    await channel.join()

    await push(official, "binary_size", {"bytes": "00ff80"})

    await official.hears("binary_size", "ok", {"size": 3})
    assert await channel.push("binary_size", b"\x00\xff") == {"size": 2}
