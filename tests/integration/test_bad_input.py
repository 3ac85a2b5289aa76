"""Frames that are none, and frames that are too large, over a real socket."""

from random import Random

import pytest

from rx_phoenix import (
    Backoff,
    Closed,
    ConnectionLost,
    EncodeError,
    Heartbeat,
    HeartbeatMissed,
    Opened,
    ProtocolError,
    Retrying,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.operators import retry_with_backoff
from tests.integration.hostile import hostile_server
from tests.integration.waiting import first, first_of, listing

DEEP = "[" * 100_000

BROKEN = {
    "nothing": "",
    "no JSON": "hello",
    "half a frame": '[null,null,"room:1","ev',
    "an object": '{"topic":"room:1","event":"e","payload":{},"ref":null}',
    "a number": "1",
    "an array of four": '[null,null,"room:1","event"]',
    "a topic that is a number": '[null,null,1,"event",{}]',
    "an event that is null": '[null,null,"room:1",null,{}]',
    "a ref that is an object": '[null,{},"room:1","event",{}]',
    "arrays 100,000 deep": DEEP + "]" * 100_000,
    "a payload 100,000 deep": f'[null,null,"room:1","event",{DEEP}{"]" * 100_000}]',
    "NaN": '[null,null,"room:1","event",NaN]',
    "a lone surrogate": '[null,null,"room:1","event","\\ud800"]',
    "no bytes": b"",
    "bytes of no kind": b"\x09\x01\x02",
    "bytes that end early": b"\x02\xff\xff",
    "a topic that is no UTF-8": b"\x02\x01\x01\xff\xff",
    "garbage": bytes(range(255, 128, -1)),
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN)
async def test_a_broken_frame_is_dropped_and_the_connection_lives(fast_retries, frame):
    async with hostile_server(frame) as url:
        socket = Socket(url, **fast_retries)
        lifecycle = listing(socket.lifecycle)
        broken = first_of(socket.lifecycle, ProtocolError)
        unhandled = listing(socket.unhandled)
        async with socket:
            channel = socket.channel("room:1")
            await channel.join()
            await broken

            assert await channel.push("echo") == {}

            stats = await first(socket.stats)
            assert [type(event) for event in lifecycle] == [Opened, ProtocolError]
            assert stats.protocol_errors == 1
            assert unhandled == []


async def test_a_message_between_broken_frames_arrives(fast_retries):
    good = '[null,null,"room:1","event",{"n":1}]'
    async with hostile_server("junk", good, b"\x09") as url:
        socket = Socket(url, **fast_retries)
        heard = first(socket.channel("room:1").events("event"))
        async with socket:
            assert await heard == {"n": 1}


async def test_replies_to_nothing_are_counted_and_no_more(fast_retries):
    stray = '[null,"999","room:1","phx_reply",{"status":"ok","response":{}}]'
    shapeless = '["1","1","room:1","phx_reply","no status"]'
    async with (
        hostile_server(stray, shapeless) as url,
        Socket(url, **fast_retries) as socket,
    ):
        channel = socket.channel("room:1")

        await channel.join()
        await channel.push("echo")

        assert channel.state == "joined"


async def test_a_broadcast_that_has_the_name_of_our_lifecycle_changes_nothing(
    fast_retries,
):
    async with (
        hostile_server(
            '[null,null,"room:1","phx_close",{}]', '[null,null,"room:1","phx_error",{}]'
        ) as url,
        Socket(url, **fast_retries) as socket,
    ):
        channel = socket.channel("room:1")
        states = listing(channel.states)

        await channel.join()
        await channel.push("echo")

        assert states == ["closed", "joining", "joined"]


async def test_a_server_that_answers_no_heartbeat_is_left(fast_retries):
    async with hostile_server(mute=["heartbeat"]) as url:
        socket = Socket(url, heartbeat=Heartbeat(0.02, 0.03), **fast_retries)
        lifecycle = listing(socket.lifecycle)
        retrying = first_of(socket.lifecycle, Retrying)
        async with socket:
            await retrying
            await first_of(socket.lifecycle, Opened)

            assert lifecycle[:5] == [
                Opened(),
                HeartbeatMissed(),
                Closed(1006, "heartbeat timeout", clean=False),
                Retrying(1, 0.01),
                Opened(),
            ]


async def test_a_frame_that_is_too_large_for_us_ends_the_connection(app, fast_retries):
    transport = WebSocketTransport(max_frame_size=2000)
    async with Socket(app.url, transport=transport, **fast_retries) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()
        assert len((await channel.push("big", {"n": 1500}))["data"]) == 1500
        closing, again = first_of(socket.lifecycle, Closed), first(channel.joins)

        channel.push("big", {"n": 3000})

        assert (await closing).code == 1009
        assert (await again)["topic"] == channel.topic


async def test_a_frame_that_is_too_large_for_the_server_ends_the_connection(
    app, fast_retries
):
    async with Socket(app.at("/tuned"), **fast_retries) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()
        closing, again = first_of(socket.lifecycle, Closed), first(channel.joins)

        large = channel.request("echo", {"data": "x" * 5000})
        retried = first(large.pipe(retry_with_backoff(Backoff(0))))

        assert (await closing).code == 1009
        assert (await again)["topic"] == channel.topic
        with pytest.raises(ConnectionLost, match=r"too large for the server, got 5,0"):
            await retried


@pytest.mark.parametrize("payload", [object(), {1, 2, object()}, 1j, "\ud800"])
async def test_a_payload_that_json_cannot_say_is_refused_at_the_call(
    socket, joined, payload
):
    sent = listing(socket.sent)

    with pytest.raises(EncodeError):
        joined.push("echo", payload)

    assert sent == []
    assert await joined.push("echo", {"n": 1}) == {"n": 1}


async def test_a_compressed_connection_carries_the_same(app, fast_retries):
    transport = WebSocketTransport(compress=15)
    async with Socket(
        app.at("/deflate"), transport=transport, **fast_retries
    ) as socket:
        channel = socket.channel(app.new("room:"))
        await channel.join()

        # A server inflates what it gets by a factor of 25 at most.
        noise = Random(1).randbytes(50_000) + bytes(50_000)
        assert await channel.push("big", {"n": 100_000}) == {"data": "x" * 100_000}
        assert await channel.push("echo_binary", noise) == noise
