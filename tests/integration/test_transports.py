"""What depends on the way: presence over each, tokens, silent deaths, a fallback."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest

from rx_phoenix import (
    FallbackTransport,
    LongPollTransport,
    Presence,
    Socket,
    SteppedUp,
    WebSocketTransport,
)
from tests.integration.waiting import PATIENCE, first_of, listing, until

# Presence.


@pytest.fixture
def visit(app, topic, fast_retries, transport_options):
    """Lets a client of its own be on the topic, under a name."""

    @asynccontextmanager
    async def visit(name):
        options = {"params": {"user_id": name}, **fast_retries, **transport_options}
        async with Socket(app.url, **options) as socket:
            channel = socket.channel(topic, {"name": name})
            await channel.join()
            yield channel

    return visit


@pytest.fixture
def who(presence):
    """Waits until just these are there."""

    async def who(*names):
        keys = {*names}
        states = presence.states
        async with asyncio.timeout(PATIENCE):
            seen = asyncio.Event()
            watching = states.subscribe(lambda it: {*it} == keys and seen.set())
            await seen.wait()
            watching.dispose()

    return who


@pytest.fixture
def topic(app):
    return app.new("presence:")


@pytest.fixture
def presence(socket, topic):
    presence = Presence(socket.channel(topic))
    yield presence
    presence.dispose()


@pytest.fixture
async def user_id(socket, presence, topic, app):
    """Who we are on the topic, which is joined."""
    await socket.channel(topic).join()
    me = socket.channel(app.new("room:"))
    await me.join()
    return (await me.push("whoami"))["user_id"]


async def test_others_are_seen_to_come_and_to_go(presence, user_id, who, visit):
    changes = listing(presence.changes)
    await who(user_id)

    async with visit("guest") as guest:
        await who(user_id, "guest")
        await guest.leave()
        await who(user_id)

    kinds = [(type(it).__name__, it.key) for it in changes if it.key == "guest"]
    assert kinds == [("Joined", "guest"), ("Left", "guest")]


async def test_a_socket_that_ends_is_gone_at_once(presence, user_id, who, visit):
    async with visit("guest"):
        await who(user_id, "guest")
    async with asyncio.timeout(PATIENCE):  # less than the 30 s of its session
        await who(user_id)


async def test_an_update_of_another_is_an_update(presence, user_id, who, visit):
    async with visit("guest") as guest:
        await who(user_id, "guest")
        changes = listing(presence.changes)
        change = first_of(presence.changes, object)

        await guest.push("update_meta", {"mood": "away"})
        await change

    [update] = [it for it in changes if type(it).__name__ == "Updated"]
    assert update.key == "guest"
    assert [meta.get("mood") for meta in update.before] == [None]
    assert [meta["mood"] for meta in update.metas] == ["away"]


async def test_who_came_and_went_during_an_outage_is_told_after_it(
    socket, presence, user_id, who, visit
):
    calls = []
    async with visit("early") as early:
        await who(user_id, "early")
        presence.on_join(lambda key, *_: calls.append(("join", key)))
        presence.on_leave(lambda key, *_: calls.append(("leave", key)))
        await socket.disconnect()
        assert presence.status == "stale"
        await early.leave()

    async with visit("late"):
        await socket.connect()
        await who(user_id, "late")

        assert presence.status == "synced"
    about_others = [call for call in calls if call[1] != user_id]
    assert about_others[:2] == [("join", "late"), ("leave", "early")]


# The auth token.


class Tokens:
    """Gives another token at each attempt."""

    def __init__(self):
        self.given = []

    def __call__(self):
        self.given.append(f"t0ken>{len(self.given)}?")
        return self.given[-1]


async def test_the_auth_token_is_asked_for_anew_at_each_attempt_and_shown_nowhere(
    app, fast_retries, transport_options, caplog
):
    caplog.set_level(logging.DEBUG)
    tokens = Tokens()
    options = fast_retries | transport_options
    async with Socket(app.url, auth_token=tokens, **options) as socket:
        events = listing(socket.lifecycle)
        channel = socket.channel(app.new("room:"))
        seen = []
        for _ in range(2):
            await channel.join()
            seen.append((await channel.push("whoami"))["auth_token"])
            await socket.disconnect()
            await socket.connect()
        shown = f"{socket!r} {socket.diagnosis()} {events}"

    assert len(tokens.given) == 3
    assert seen == tokens.given[:2]
    assert "t0ken" not in shown + caplog.text


# A session of a long poll that dies.


@pytest.mark.slow
async def test_a_long_poll_comes_back_from_a_silent_death(app, fast_retries):
    options = fast_retries | {"transport": LongPollTransport()}
    async with Socket(app.at("/tuned"), params={"user_id": "7"}, **options) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()
        state = until(channel.states, "errored")

        channel.push("kick_me")
        await state
        await until(channel.states, "joined")

        assert await channel.push("echo", {"n": 1}) == {"n": 1}


# A fallback between two real transports.


async def test_a_fallback_uses_the_websocket_if_there_is_one(app, fast_retries):
    transport = FallbackTransport(WebSocketTransport(), LongPollTransport())
    async with Socket(app.url, transport=transport, **fast_retries) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()

        assert (await channel.push("whoami"))["transport"] == "websocket"


async def test_a_fallback_uses_the_long_poll_if_there_is_no_websocket(
    app, fast_retries, unused_tcp_port
):
    blocked = WebSocketTransport(proxy=f"http://127.0.0.1:{unused_tcp_port}")
    transport = FallbackTransport(blocked, LongPollTransport())
    socket = Socket(app.url, transport=transport, **fast_retries)
    events = listing(socket.lifecycle)
    async with socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()

        assert (await channel.push("whoami"))["transport"] == "longpoll"
        assert [type(event).__name__ for event in events] == ["FellBack", "Opened"]


async def test_a_fallback_comes_back_to_the_websocket(
    app, fast_retries, unused_tcp_port
):
    class Blockable:
        """A WebSocket that a network lets through only later."""

        is_blocked = True

        def connect(self, endpoint):
            nowhere = f"http://127.0.0.1:{unused_tcp_port}"
            proxy = nowhere if self.is_blocked else None
            return WebSocketTransport(proxy=proxy).connect(endpoint)

    first = Blockable()
    transport = FallbackTransport(first, LongPollTransport(), retry_after=0.05)
    socket = Socket(app.url, transport=transport, **fast_retries)
    stepped_up = first_of(socket.lifecycle, SteppedUp)
    async with socket:
        channel = socket.channel(app.new("room:"))
        ways = []
        channel.joins.subscribe(
            lambda _: channel.push("whoami").subscribe(
                lambda me: ways.append(me["transport"])
            )
        )
        await channel.join()
        await channel.push("echo")

        first.is_blocked = False
        await stepped_up
        await first_of(channel.joins, object)
        await channel.push("echo")

    assert ways == ["longpoll", "websocket"]


async def test_the_way_back_leaves_presence_right_and_answers_pushes(
    app, fast_retries, unused_tcp_port
):
    class Blockable:
        """A WebSocket that a network lets through only later."""

        is_blocked = True

        def connect(self, endpoint):
            nowhere = f"http://127.0.0.1:{unused_tcp_port}"
            proxy = nowhere if self.is_blocked else None
            return WebSocketTransport(proxy=proxy).connect(endpoint)

    first, topic = Blockable(), app.new("presence:")
    transport = FallbackTransport(first, LongPollTransport(), retry_after=0.05)
    socket = Socket(app.url, transport=transport, **fast_retries)
    stepped_up = first_of(socket.lifecycle, SteppedUp)
    async with socket:
        room, channel = socket.channel(app.new("room:")), socket.channel(topic)
        await room.join()
        await channel.join()
        slow = room.push("delay", {"ms": 300})
        first.is_blocked = False
        await stepped_up
        assert slow.status == "ok"

        await first_of(channel.joins, object)
        listed = await channel.push("list")

    [entry] = listed.values()
    assert len(entry["metas"]) == 1
