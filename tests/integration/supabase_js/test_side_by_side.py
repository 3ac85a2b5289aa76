"""Supabase's official client and ours on one channel of one server."""

import pytest
from reactivex import operators as ops

from rx_phoenix import SerializerV1
from rx_phoenix.operators import first_value
from rx_phoenix.supabase import Realtime, RealtimeSerializer

SERIALIZERS = {1: SerializerV1, 2: RealtimeSerializer}


@pytest.fixture(params=SERIALIZERS, ids=lambda number: f"ours {number}")
async def ours(server, request):
    """Ours, in either version whatever the official one speaks."""
    async with Realtime(
        server.url, server.api_key, serializer=SERIALIZERS[request.param]()
    ) as realtime:
        yield realtime


async def subscribe(official):
    await official.do("subscribe", channel="room")
    await official.hears("room", "status", "SUBSCRIBED")


async def test_they_hear_each_other(official, ours):
    await official.do("channel", name="room")
    await official.do("broadcasts", channel="room", event="say")
    await subscribe(official)
    channel = ours.channel("room")
    said = first_value(channel.broadcasts("say"), timeout=5)
    await channel.subscribed()

    await official.do("send", channel="room", event="say", payload={"by": "js"})
    assert await said == {"by": "js"}

    await channel.join()
    await channel.send("say", {"by": "grüß"})
    _, _, heard = await official.hears("room", "broadcast")
    assert (heard["event"], heard["payload"]) == ("say", {"by": "grüß"})


async def test_they_see_each_other_come_and_go(official, ours):
    await official.do("channel", name="room", config={"presence": {"key": "js"}})
    await official.do("presence", channel="room")
    await subscribe(official)
    await official.do("track", channel="room", meta={"n": 1})
    await official.hears("room", "sync", ["js"])

    channel = ours.channel("room", presence_key="rx")
    both = first_value(
        channel.presence.states.pipe(ops.filter(lambda it: {*it} == {"js", "rx"})),
        timeout=5,
    )
    await channel.subscribed()
    await channel.presence.track({"n": 2})
    assert (await both)["js"]["metas"][0]["n"] == 1
    await official.hears("room", "sync", ["js", "rx"])
    await channel.leave()
    await official.hears("room", "sync", ["js"])


@pytest.mark.parametrize("version", [2], indirect=True)
async def test_they_exchange_bytes(server, official):
    async with Realtime(server.url, server.api_key) as realtime:
        channel = realtime.channel("room")
        said = first_value(channel.broadcasts("say"), timeout=5)
        channel.join()
        await official.do("channel", name="room")
        await official.do("broadcasts", channel="room", event="say")
        await subscribe(official)
        await channel.subscribed()
        payload = {"bytes": "00ff80"}
        await official.do("send", channel="room", event="say", payload=payload)
        assert await said == b"\x00\xff\x80"
        await channel.send("say", b"\x01")

        _, _, heard = await official.hears("room", "broadcast")
        assert heard["payload"] == {"bytes": "01"}
