"""For the same acts, the same frames as Supabase's official client."""

import pytest

from rx_phoenix import Backoff, Reconnect, Rejoin, SerializerV1
from rx_phoenix.operators import first_value
from rx_phoenix.supabase import Realtime, RealtimeSerializer
from tests.integration.supabase_js.recorder import in_order

SERIALIZERS = {1: SerializerV1, 2: RealtimeSerializer}

FILTER = {"event": "INSERT", "schema": "public", "table": "messages"}
NARROW = {**FILTER, "event": "*", "filter": "id=gt.1"}

CONFIGS = {
    "a plain channel": ({}, {}),
    "acknowledged": ({"broadcast": {"ack": True, "self": False}}, {"ack": True}),
    "with one's own": ({"broadcast": {"ack": False, "self": True}}, {"self_": True}),
    "with a presence key": (
        {"presence": {"key": "jo", "enabled": True}},
        {"presence_key": "jo"},
    ),
}
"""The config of the official client, and the same in our words."""


@pytest.fixture
async def ours(server, version):
    async with Realtime(
        server.url,
        server.api_key,
        serializer=SERIALIZERS[version](),
        reconnect=Reconnect(delays=Backoff(0.01)),
        rejoin=Rejoin(delays=Backoff.steps(0.02)),
    ) as realtime:
        yield realtime


async def subscribe(official):
    await official.do("subscribe", channel="room")
    await official.hears("room", "status", "SUBSCRIBED")


async def unsubscribe(official):
    await official.do("unsubscribe", channel="room")


def taken(server):
    """The frames since the last call, without what is the official client's alone."""
    frames = [*server.frames]
    server.frames.clear()
    for frame in frames:
        if isinstance(frame[4], dict):
            frame[4].pop("version", None)  # in the joins after setAuth
    return in_order(frames)


@pytest.mark.parametrize("name", CONFIGS)
async def test_a_join_and_a_leave(server, official, ours, name):
    config, options = CONFIGS[name]
    await official.do("channel", name="room", config=config)
    await subscribe(official)
    await unsubscribe(official)
    theirs = taken(server)

    channel = ours.channel("room", **options)
    await channel.subscribed()
    await channel.leave()

    assert taken(server) == theirs
    assert [frame[3] for frame in theirs] == ["phx_join", "phx_leave"]


async def test_a_join_with_changes(server, official, ours):
    await official.do("channel", name="room")
    for asked in FILTER, NARROW:
        await official.do("changes", channel="room", name="change", filter=asked)
    await subscribe(official)
    await unsubscribe(official)
    theirs = taken(server)

    channel = ours.channel("room")
    channel.changes("INSERT", table="messages")
    channel.changes(table="messages", filter="id=gt.1")
    await channel.subscribed()
    await channel.leave()

    assert taken(server) == theirs
    assert len(theirs[0][4]["config"]["postgres_changes"]) == 2


async def test_a_private_channel_and_a_new_token(server, official, ours):
    old, new = server.token(), server.token()
    await official.do("token", token=old)
    await official.do("channel", name="room", config={"private": True})
    await subscribe(official)
    await official.do("token", token=new)
    await unsubscribe(official)
    theirs = taken(server)

    ours.set_access_token(old)
    channel = ours.channel("room", private=True)
    await channel.subscribed()
    ours.set_access_token(new)
    await channel.leave()

    assert taken(server) == theirs
    assert [frame[3] for frame in theirs] == ["phx_join", "access_token", "phx_leave"]


@pytest.mark.parametrize("ack", [True, False])
@pytest.mark.parametrize(
    "payload", [{"n": 1}, {"text": "grüß"}, {}], ids=["numbers", "text", "empty"]
)
async def test_a_broadcast(server, official, ours, ack, payload):
    config = {"broadcast": {"ack": ack, "self": False}}
    await official.do("channel", name="room", config=config)
    await subscribe(official)
    sent = await official.do("send", channel="room", event="say", payload=payload)
    await unsubscribe(official)
    theirs = taken(server)

    channel = ours.channel("room", ack=ack)
    await channel.subscribed()
    await channel.send("say", payload)
    await channel.leave()

    assert taken(server) == theirs
    assert (sent, theirs[1][3]) == ("ok", "broadcast")


@pytest.mark.parametrize("version", [2], indirect=True)
async def test_a_broadcast_of_bytes(server, official, ours):
    await official.do("channel", name="room")
    await subscribe(official)
    payload = {"bytes": "00ff80"}
    await official.do("send", channel="room", event="say", payload=payload)
    await unsubscribe(official)
    theirs = taken(server)

    channel = ours.channel("room")
    await channel.subscribed()
    await channel.send("say", b"\x00\xff\x80")
    await channel.leave()

    assert taken(server) == theirs
    assert (theirs[1][4]["payload"], theirs[1][5]) == (payload, "kind 3")


async def test_presence(server, official, ours):
    config = {"presence": {"key": "jo", "enabled": True}}
    await official.do("channel", name="room", config=config)
    await official.do("presence", channel="room")
    await subscribe(official)
    assert await official.do("track", channel="room", meta={"n": 1}) == "ok"
    assert await official.do("untrack", channel="room") == "ok"
    await unsubscribe(official)
    theirs = taken(server)

    channel = ours.channel("room", presence_key="jo")
    await channel.subscribed()
    await channel.presence.track({"n": 1})
    await channel.presence.untrack()
    await channel.leave()

    assert taken(server) == theirs
    assert len(theirs) == 4


async def test_a_rejoin(server, official, ours):
    await official.do("channel", name="room")
    await official.do("changes", channel="room", name="change", filter=FILTER)
    await subscribe(official)
    server.reset()
    await official.hears("room", "status", "CHANNEL_ERROR")
    await official.hears("room", "status", "SUBSCRIBED")
    await unsubscribe(official)
    await official.do("disconnect")
    theirs = taken(server)

    channel = ours.channel("room")
    channel.changes("INSERT", table="messages")
    await channel.subscribed()
    again = first_value(channel.channel.joins, timeout=5)
    server.reset()
    await again
    await channel.leave()

    assert taken(server) == theirs
    assert [frame[3] for frame in theirs] == ["phx_join", "phx_join", "phx_leave"]
