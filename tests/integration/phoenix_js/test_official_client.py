"""The official client against the server in the box, or the one that is named."""

import pytest


@pytest.fixture
async def client(app, phoenix_js):
    """The official client, connected, with phoenix.js's delays cut short."""
    await phoenix_js.do(
        "socket",
        url=app.url,
        params={"user_id": app.new("official-")},
        timeout=5,
        rejoin=[0.05],
        reconnect=[0.01, 0.05, 0.1],
    )
    await phoenix_js.do("connect")
    await phoenix_js.hears("socket", "open")
    return phoenix_js


@pytest.fixture
async def room(app, client):
    await client.do("channel", name="room", topic=app.new("room:"))
    await client.do("join", channel="room", name="join")
    await client.hears("join", "ok")
    return client


async def push(client, event, payload=None, **options):
    arguments = {"channel": "room", "event": event, "payload": payload, "name": event}
    await client.do("push", **arguments | options)


async def test_it_joins(app, client):
    topic = app.new("room:")
    await client.do("channel", name="room", topic=topic, params={"n": 1})

    await client.do("join", channel="room", name="join")

    await client.hears("join", "ok", {"topic": topic, "params": {"n": 1}})


async def test_a_join_is_refused(client):
    await client.do("channel", name="room", topic="room:forbidden")

    await client.do("join", channel="room", name="join")

    await client.hears("join", "error", {"reason": "unauthorized"})


async def test_its_pushes_are_answered(room):
    await push(room, "echo", {"body": "hi"})
    await push(room, "fail")

    await room.hears("echo", "ok", {"body": "hi"})
    await room.hears("fail", "error", {"reason": "nope"})


async def test_a_push_without_an_answer_times_out(room):
    await push(room, "noreply", timeout=0.05)

    await room.hears("noreply", "timeout", {})


async def test_it_hears_events(room):
    await room.do("on", channel="room", event="tick")

    await push(room, "burst_reply", {"n": 2})

    await room.hears("room", "tick", {"i": 0})
    await room.hears("room", "tick", {"i": 1})
    await room.hears("burst_reply", "ok", {"n": 2})


async def test_it_hears_broadcasts(room):
    await room.do("on", channel="room", event="shout")

    await push(room, "shout", {"m": 1})

    await room.hears("room", "shout", {"m": 1})


async def test_it_rejoins_after_a_crash(room):
    await push(room, "crash")

    await room.hears("room", "error", {"reason": "channel_crash"})
    await room.hears("join", "ok")
    await push(room, "ok")
    await room.hears("ok", "ok", {})


async def test_it_survives_a_forced_disconnect(room):
    await push(room, "kick_me")

    await room.hears("socket", "close")
    await room.hears("socket", "open")
    await room.hears("join", "ok")
    await push(room, "ok")
    await room.hears("ok", "ok", {})


async def test_it_survives_the_loss_of_the_connection(room):
    await push(room, "kill_transport")

    await room.hears("socket", "close")
    await room.hears("socket", "open")
    await room.hears("join", "ok")


async def test_a_channel_that_stops_is_closed(room):
    await push(room, "stop")

    await room.hears("room", "close", {})
    assert await room.do("state", channel="room") == "closed"


async def test_it_leaves(room):
    await room.do("leave", channel="room", name="leave")

    await room.hears("room", "close", "leave")
    await room.hears("leave", "ok", {})


async def test_bytes_come_back_as_they_went(room):
    await push(room, "echo_binary", {"bytes": "00ff80"})

    await room.hears("echo_binary", "ok", {"bytes": "00ff80"})


async def test_it_hears_binary_pushes_and_broadcasts(room):
    await room.do("on", channel="room", event="bin")
    await room.do("on", channel="room", event="bbin")

    await push(room, "push_binary")
    await push(room, "broadcast_binary", {"bytes": "dead"})

    await room.hears("room", "bin", {"bytes": "000102feff"})
    await room.hears("room", "bbin", {"bytes": "dead"})


async def test_its_presence_is_tracked(app, client):
    await client.do("channel", name="room", topic=app.new("presence:"))
    await client.do("presence", channel="room")

    await client.do("join", channel="room", name="join")

    _, _, keys = await client.hears("room", "sync")
    assert [key.startswith("official-") for key in keys] == [True]


async def test_it_speaks_over_a_long_poll(app, phoenix_js):
    await phoenix_js.do("socket", url=app.url, transport="longpoll", timeout=5)
    await phoenix_js.do("connect")
    await phoenix_js.do("channel", name="room", topic=app.new("room:"))
    await phoenix_js.do("on", channel="room", event="tick")
    await phoenix_js.do("join", channel="room", name="join")
    await phoenix_js.hears("join", "ok")

    await push(phoenix_js, "burst", {"n": 1})
    await push(phoenix_js, "echo", {"body": "hi"})

    await phoenix_js.hears("room", "tick", {"i": 0})
    await phoenix_js.hears("echo", "ok", {"body": "hi"})


async def test_it_carries_the_auth_token(app, phoenix_js):
    await phoenix_js.do("socket", url=app.url, auth_token="abc>?~")
    await phoenix_js.do("connect")
    await phoenix_js.do("channel", name="room", topic=app.new("room:"))
    await phoenix_js.do("join", channel="room", name="join")

    await push(phoenix_js, "whoami")

    _, _, answer = await phoenix_js.hears("whoami", "ok")
    assert answer["auth_token"] == "abc>?~"
