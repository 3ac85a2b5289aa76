"""A connection to Supabase Realtime."""

import asyncio
import logging

import pytest
from reactivex import operators as ops

from rx_phoenix import ChannelConflict, ConnectError, JoinRefused, UsageError
from rx_phoenix.operators import first_value
from rx_phoenix.supabase import Realtime
from rx_phoenix.supabase._realtime import REJOIN, endpoint_of
from rx_phoenix.testing.supabase import SupabaseServer


def tokens_of(server):
    """The access tokens of all joins."""
    return [params.get("access_token") for _, params in server.joins]


def next_join(channel):
    return first_value(channel.channel.joins, timeout=5)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://abc.supabase.co", "https://abc.supabase.co/realtime/v1"),
        ("https://abc.supabase.co/", "https://abc.supabase.co/realtime/v1"),
        ("wss://abc.supabase.co/realtime/v1", "wss://abc.supabase.co/realtime/v1"),
        ("wss://a.co/realtime/v1/websocket/", "wss://a.co/realtime/v1"),
        ("ws://localhost:4000/socket", "ws://localhost:4000/socket"),
    ],
)
def test_an_endpoint_is_found_by_the_projects_url(url, endpoint):
    assert endpoint_of(url) == endpoint


def test_an_incomplete_url_is_refused():
    with pytest.raises(UsageError):
        Realtime("abc.supabase.co", "key")


@pytest.mark.parametrize("key", ["", None, 7])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(UsageError, match="api_key must be"):
        Realtime("https://abc.supabase.co", key)


async def test_the_key_opens_the_connection(server, realtime):
    [socket] = server.sockets

    assert socket.params["apikey"] == server.api_key


async def test_a_wrong_key_is_final(server):
    with pytest.raises(ConnectError) as failure:
        await Realtime(server.url, "wrong").connect()

    assert failure.value.status == 401


async def test_no_text_has_the_key(server, realtime):
    assert server.api_key not in repr(realtime)
    assert server.api_key not in realtime.socket.diagnosis()


async def test_a_name_keeps_its_channel(realtime):
    channel = realtime.channel("room", ack=True)

    assert realtime.channel("room", ack=True) is channel
    with pytest.raises(ChannelConflict, match="remove"):
        realtime.channel("room")


async def test_a_removed_channel_frees_its_name(realtime):
    channel = realtime.channel("room", ack=True)
    await channel.join()
    await realtime.remove(channel)

    again = realtime.channel("room")
    assert again is not channel
    await again.join()
    await realtime.remove(channel)  # does nothing to its successor
    assert realtime.channel("room") is again
    assert again.status == "subscribed"


async def test_a_channel_of_another_connection_is_not_removed(server, realtime):
    channel = realtime.channel("room")
    theirs = Realtime(server.url, server.api_key).channel("room")

    with pytest.raises(ChannelConflict):
        realtime.remove(theirs)
    assert realtime.channel("room") is channel


async def test_the_first_lease_connects(server):
    realtime = Realtime(server.url, server.api_key)
    answer = await first_value(realtime.channel("room").joined, timeout=5)
    await realtime.aclose()

    assert answer == {"postgres_changes": []}


async def test_a_token_goes_with_each_join(server, hasty):
    token = server.token()
    async with Realtime(
        server.url, server.api_key, access_token=token, **hasty
    ) as realtime:
        await realtime.channel("a").join()
        await realtime.channel("b").join()

    assert tokens_of(server) == [token, token]


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_function_is_asked_for_the_token_at_each_join(server, hasty, is_async):
    made = []

    def ask():
        made.append(server.token())
        return made[-1]

    async def ask_later():
        await asyncio.sleep(0)
        return ask()

    provider = ask_later if is_async else ask
    async with Realtime(
        server.url, server.api_key, access_token=provider, **hasty
    ) as realtime:
        channel = realtime.channel("a", private=True)
        await channel.join()
        again = next_join(channel)
        server.expire(made[0])
        await again

    assert tokens_of(server) == made
    assert len(made) == 2


async def test_a_new_token_is_sent_to_every_joined_channel_without_an_answer(
    server, hasty
):
    old, new = server.token(), server.token()
    async with Realtime(
        server.url, server.api_key, access_token=old, **hasty
    ) as realtime:
        channels = [realtime.channel(name, private=True) for name in "ab"]
        await asyncio.gather(*[channel.join() for channel in channels])
        realtime.set_access_token(new)
        await realtime.socket.ping()
        server.expire(old)
        await realtime.socket.ping()

        assert [channel.status for channel in channels] == ["subscribed"] * 2


async def test_a_token_that_stays_is_not_sent_again(server, hasty):
    token = server.token()
    async with Realtime(
        server.url, server.api_key, access_token=token, **hasty
    ) as realtime:
        await realtime.channel("a").join()
        sent = []
        realtime.socket.sent.subscribe(sent.append)
        realtime.set_access_token(token)

        assert sent == []


async def test_a_token_of_one_join_reaches_the_channels_that_are_joined(server, hasty):
    made = []

    def ask():
        made.append(server.token())
        return made[-1]

    async with Realtime(
        server.url, server.api_key, access_token=ask, **hasty
    ) as realtime:
        first = realtime.channel("a", private=True)
        await first.join()
        await realtime.channel("b").join()
        await realtime.socket.ping()
        server.expire(made[0])
        await realtime.socket.ping()

        assert first.status == "subscribed"


async def test_a_function_is_asked_from_time_to_time(server, hasty):
    made = []

    async def ask():
        made.append(server.token())
        return made[-1]

    async with Realtime(
        server.url, server.api_key, access_token=ask, refresh_every=0.05, **hasty
    ) as realtime:
        channel = realtime.channel("a", private=True)
        await channel.join()
        sent = realtime.socket.sent.pipe(
            ops.filter(lambda it: it.event == "access_token")
        )
        refreshed = await first_value(sent, timeout=5)

        assert refreshed.payload["access_token"] in made[1:]


async def test_a_function_that_raises_leaves_the_old_token_in_force(
    server, hasty, caplog
):
    made = [server.token()]

    def ask():
        if len(made) > 1:
            raise OSError("the identity provider is down")
        made.append("asked")
        return made[0]

    async with Realtime(
        server.url, server.api_key, access_token=ask, refresh_every=0.05, **hasty
    ) as realtime:
        channel = realtime.channel("a", private=True)
        await channel.join()
        with caplog.at_level(logging.WARNING, "rx_phoenix"):
            await asyncio.sleep(0.12)
        assert channel.status == "subscribed"
        await channel.leave()
        await channel.join()

    assert tokens_of(server) == [made[0]] * 2
    assert "the old one stays in force: OSError: the identity" in caplog.text


async def test_a_function_that_raises_at_first_is_asked_again(server, hasty):
    asked = []

    def ask():
        asked.append(1)
        if len(asked) == 1:
            raise OSError("not yet")
        return server.api_key

    async with Realtime(
        server.url, server.api_key, access_token=ask, **hasty
    ) as realtime:
        channel = realtime.channel("a")
        channel.join()
        await next_join(channel)

    assert len(asked) == 2


async def test_another_function_takes_the_place_of_the_old(server, hasty):
    old, new = server.token(), server.token()
    async with Realtime(
        server.url, server.api_key, access_token=lambda: old, **hasty
    ) as realtime:
        channel = realtime.channel("a", private=True)
        await channel.join()
        realtime.set_access_token(lambda: new)
        await realtime.socket.ping()
        server.expire(old)
        await realtime.socket.ping()

        assert channel.status == "subscribed"


@pytest.mark.parametrize("token", [7, b"bytes", ["text"]])
def test_a_token_that_is_none_is_refused(token):
    with pytest.raises(UsageError, match="access_token must be"):
        Realtime("https://abc.supabase.co", "key", access_token=token)


def refused(reason):
    return JoinRefused("error", {"reason": reason}, "the join")


@pytest.mark.parametrize(
    ("reason", "is_final", "hint"),
    [
        ("Unauthorized: You do not have permissions", True, None),
        ("InvalidJWTExpiration: Token has expired", False, None),
        ("ClientJoinRateLimitReached: Too many joins per second", False, 10.0),
        ("ChannelRateLimitReached: Too many channels", False, 10.0),
        ("RealtimeRestarting: Realtime is restarting, please standby", False, None),
        (None, False, None),
    ],
)
def test_the_policy_reads_the_servers_reasons(reason, is_final, hint):
    assert REJOIN.is_final(refused(reason)) is is_final
    assert REJOIN.hint(refused(reason)) == hint


async def test_sixty_channels_are_back_after_a_reset_below_the_servers_limit():
    async with (
        SupabaseServer(joins_per_second=50) as server,
        Realtime(server.url, server.api_key) as realtime,
    ):
        channels = [realtime.channel(f"room {n}") for n in range(60)]
        for some in channels[:30], channels[30:]:
            await asyncio.gather(*[channel.join() for channel in some])
            await asyncio.sleep(1.0)
        back = [first_value(it.channel.joins, timeout=15) for it in channels]
        server.reset()
        await asyncio.gather(*back)

        assert len(server.joins) == 120
