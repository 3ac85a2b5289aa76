"""What servers do to open connections, and that it heals."""

import asyncio

import pytest
from reactivex import operators as ops

from rx_phoenix import (
    AttemptFailed,
    Backoff,
    Closed,
    ConnectionLost,
    GaveUp,
    Opened,
    PushTimeout,
    Reconnect,
    Rejoin,
    Socket,
)
from rx_phoenix.testing import FaultProxy, PhoenixServer, ServerChannel
from tests.faults.conftest import Watched
from tests.faults.peers import closing, separate
from tests.integration.waiting import first, first_of, listing

over_websocket = pytest.mark.parametrize("transport", ["websocket"], indirect=True)

FAST_RECONNECT = {"reconnect": Reconnect(delays=Backoff(0.05, 2.0, 0.2))}

KILLED = {
    "the server closed the connection without a close frame",
    "the server ended the connection",
    "the connection was reset",
    "nothing listens there",
}
"""The words for a server that was killed, whatever its kernel did then."""

MOMENT = 20.0
"""Seconds within which everything heals, on whatever machine."""

START = 60.0
"""Seconds that another process may take to start."""


@over_websocket
@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 4000])
async def test_a_close_of_the_server_heals(make, ends, code):
    async with closing() as url:
        socket = make(url=url)
        channel = Watched("room:lobby", socket, ends)
        await channel.join()
        closed, again = first_of(socket.lifecycle, Closed), first(channel.joins)

        push = channel.push("close", {"code": code})

        async with asyncio.timeout(MOMENT):
            assert await closed == Closed(code, "", clean=True)
            with pytest.raises(ConnectionLost):
                await push
            await again
            assert await channel.push("echo", {"is": "back"}) == {"is": "back"}
        await socket.aclose()


@over_websocket
async def test_a_close_for_a_violated_policy_is_final(make, ends):
    async with closing() as url:
        socket = make(url=url)
        channel = Watched("room:lobby", socket, ends)
        await channel.join()
        gave_up = first_of(socket.lifecycle, GaveUp)
        waiting = channel.push("echo", {})
        await waiting

        sent = channel.push("close", {"code": 1008})

        async with asyncio.timeout(MOMENT):
            assert (await gave_up).error.code == 1008
            with pytest.raises(ConnectionLost):
                await sent
        assert socket.state == "closed"
        await socket.aclose()


async def test_a_server_that_restarts_says_so_and_all_is_back(
    server, socket, joined, healed
):
    closed, again = first_of(socket.lifecycle, Closed), first(joined.joins)
    sent = joined.push("delay", {"ms": 10_000})

    await server.stop()
    await closed
    await server.start()

    async with asyncio.timeout(MOMENT):
        assert (await sent.outcome).status == "lost"
        await again
    await healed()


@over_websocket
async def test_a_server_that_restarts_closes_with_1012(server, socket, joined):
    closed = first_of(socket.lifecycle, Closed)

    await server.stop()

    assert await closed == Closed(1012, "", clean=True)


async def test_a_server_that_is_killed_is_missed_and_all_is_back_with_the_next(
    make, ends, unused_tcp_port
):
    socket = make(url=f"ws://127.0.0.1:{unused_tcp_port}/socket")
    channel = Watched("room:lobby", socket, ends)
    async with separate(unused_tcp_port) as server:
        await channel.join(timeout=START)
        closed = first_of(socket.lifecycle, Closed)
        sent = channel.push("delay", {"ms": 10_000}, timeout=START)

        server.kill()

        async with asyncio.timeout(MOMENT):
            assert (await closed).reason in KILLED
            assert (await sent.outcome).status == "lost"
    async with separate(unused_tcp_port):
        echo = channel.push("echo", {"is": "back"}, timeout=START)
        assert await echo == {"is": "back"}
        assert channel.state == "joined"
        await socket.aclose()


async def test_a_token_that_expired_while_connected_is_asked_for_anew(
    server, make, ends
):
    tokens = iter(["good", "unauthorized", "renewed"])
    socket = make(params=lambda: {"token": next(tokens), "user_id": "1"})
    channel = Watched("room:lobby", socket, ends)
    await channel.join()
    failed, again = first_of(socket.lifecycle, AttemptFailed), first(channel.joins)

    server.disconnect("user:1")

    async with asyncio.timeout(MOMENT):
        assert (await failed).error.status == 403
        await again
    assert next(tokens, None) is None


async def test_a_channel_that_crashes_fails_what_was_sent_and_is_joined_again(
    joined, healed
):
    again = first(joined.joins)
    sent = joined.push("delay", {"ms": 10_000})
    joined.push("crash")

    async with asyncio.timeout(MOMENT):
        assert (await sent.outcome).status == "cancelled"
        await again
    await healed()


async def test_a_join_that_is_refused_is_tried_until_it_is_accepted(socket, ends):
    channel = Watched("room:flaky", socket, ends)
    replies = listing(channel.joined)

    async with asyncio.timeout(MOMENT):
        reply = await first(channel.joins)

    assert replies == [reply]
    assert reply["n"] == 1


async def test_an_answer_that_comes_too_late_is_counted_and_no_more(socket, joined):
    push = joined.push("delay", {"ms": 300}, timeout=0.1)

    with pytest.raises(PushTimeout):
        await push
    await joined.push("delay", {"ms": 400}, timeout=MOMENT)

    assert (await first(socket.stats)).late_replies == 1


async def test_a_second_answer_changes_nothing(joined, healed):
    answers = listing(joined.push("reply_twice", {}))
    await healed()

    assert [answer["n"] for answer in answers] == [1]


async def test_a_server_that_limits_the_rate_of_joins_is_joined_entirely():
    joins = []

    class Strict(ServerChannel):
        """Ends the connection on which more than 20 joins arrive within 0.4 s."""

        def join(self, params):
            now = asyncio.get_running_loop().time()
            joins.append(now)
            if sum(now - other < 0.4 for other in joins) > 20:
                self.kill_transport()

    paced = Rejoin(at_once=5, every=0.04)
    async with (
        PhoenixServer({"room:*": Strict}) as server,
        FaultProxy(server.port) as proxy,
    ):
        socket = Socket(proxy.url, rejoin=paced, **FAST_RECONNECT)
        opens = []
        socket.lifecycle.subscribe(opens.append)
        channels = [socket.channel(f"room:{n}") for n in range(25)]
        first_joins = [channel.join() for channel in channels]
        again = [first(channel.joins.pipe(ops.skip(1))) for channel in channels]
        async with asyncio.timeout(2 * MOMENT):
            for join in first_joins:
                await join
            joins.clear()
            proxy.reset()
            for rejoin in again:
                await rejoin
        await socket.aclose()

    assert sum(isinstance(event, Opened) for event in opens) == 2
    assert len(joins) == 25


async def test_a_channel_that_is_ended_after_each_join_rejoins_at_most_once_a_second():
    joins = []

    class Expired(ServerChannel):
        """Ends in peace after each join, as if a token had expired."""

        def join(self, params):
            joins.append(asyncio.get_running_loop().time())
            self.later(0.0, self.stop)

    ends_peacefully = Rejoin(on_close="rejoin")
    async with PhoenixServer({"room:*": Expired}) as server:
        socket = Socket(server.url, rejoin=ends_peacefully)
        joined = first(socket.channel("room:1").joined.pipe(ops.take(2), ops.to_list()))
        await joined
        await socket.aclose()

    [once, again] = joins
    assert again - once >= 0.99


async def test_a_channel_that_is_ended_stays_so_by_default():
    class Expired(ServerChannel):
        """Ends in peace after each join."""

        def join(self, params):
            self.later(0.0, self.stop)

    async with PhoenixServer({"room:*": Expired}) as server:
        socket = Socket(server.url)
        channel = socket.channel("room:1")
        joined = await first(channel.joined.pipe(ops.to_list()))
        assert (joined, channel.state) == ([{}], "closed")
        await socket.aclose()
