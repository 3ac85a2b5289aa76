"""A server of Supabase's dialect, as any client of Phoenix sees it."""

import asyncio
import json
from base64 import urlsafe_b64decode

import pytest

from rx_phoenix import ConnectError, JoinRefused, Socket
from rx_phoenix.operators import first_value
from rx_phoenix.testing.supabase import SupabaseServer, Table


@pytest.fixture
async def server():
    async with SupabaseServer([Table("messages", {"id": "int8"})]) as server:
        yield server


def socket_of(server, **params):
    params = {"apikey": server.api_key, **params}
    return Socket(f"{server.url}/realtime/v1", params=params)


@pytest.fixture
async def socket(server):
    async with socket_of(server) as socket:
        yield socket


async def test_only_its_key_opens_a_connection(server):
    with pytest.raises(ConnectError):
        await socket_of(server, apikey="wrong").connect()


async def test_a_join_answers_with_the_ids_of_bindings(server, socket):
    asked = {"event": "*", "schema": "public", "table": "messages"}
    room = socket.channel("realtime:a", {"config": {"postgres_changes": [asked]}})
    [answer] = (await room.join())["postgres_changes"]

    assert isinstance(answer.pop("id"), int)
    assert answer == asked


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"access_token": "forged"}, "JwtSignatureError"),
        ({"config": {"private": True}}, "Unauthorized: You do not have permissions"),
    ],
)
async def test_a_join_is_refused_with_supabases_words(socket, params, reason):
    with pytest.raises(JoinRefused, match=reason):
        await socket.channel("realtime:a", params).join()


async def test_a_topic_needs_a_name(socket):
    with pytest.raises(JoinRefused, match="TopicNameRequired"):
        await socket.channel("realtime:").join()


async def test_an_expired_token_is_refused(server, socket):
    token = server.token()
    server.expire(token)

    with pytest.raises(JoinRefused, match="InvalidJWTExpiration"):
        await socket.channel("realtime:a", {"access_token": token}).join()


async def test_a_token_has_the_form_of_a_jwt(server):
    _, claims, _ = server.token(60, sub="jo").split(".")
    claims = json.loads(urlsafe_b64decode(claims + "=="))

    assert (claims["sub"], claims["role"]) == ("jo", "authenticated")


async def test_policies_are_the_tests_own():
    may = lambda claims, name: claims.get("sub") == name  # noqa: E731
    async with SupabaseServer(may=may) as server, socket_of(server) as socket:
        params = {
            "access_token": server.token(sub="mine"),
            "config": {"private": True},
        }
        await socket.channel("realtime:mine", params).join()
        with pytest.raises(JoinRefused, match="Unauthorized"):
            await socket.channel("realtime:yours", params).join()


async def test_too_many_joins_a_second_are_refused():
    async with (
        SupabaseServer(joins_per_second=2) as server,
        socket_of(server) as socket,
    ):
        for name in "ab":
            await socket.channel(f"realtime:{name}").join()
        with pytest.raises(JoinRefused, match="ClientJoinRateLimitReached"):
            await socket.channel("realtime:c").join()


async def test_too_many_channels_are_refused():
    async with (
        SupabaseServer(channels_per_client=1) as server,
        socket_of(server) as socket,
    ):
        await socket.channel("realtime:a").join()
        with pytest.raises(JoinRefused, match="ChannelRateLimitReached"):
            await socket.channel("realtime:b").join()


async def test_a_forged_token_closes_the_channel(server, socket):
    room = socket.channel("realtime:a")
    said, closed = (
        first_value(stream, timeout=5)
        for stream in (room.events("system"), room.closes)
    )
    await room.join()
    room.push("access_token", {"access_token": "forged"})

    assert "JwtSignatureError" in (await said)["message"]
    await closed


async def test_an_unknown_event_is_refused(server, socket):
    room = socket.channel("realtime:a")
    await room.join()
    outcome = await room.push("what").outcome

    assert outcome.status == "error"


async def test_it_ends_all_connections_on_demand(server, socket):
    closed = asyncio.Event()
    socket.on_close(lambda _: closed.set())
    server.reset()

    await asyncio.wait_for(closed.wait(), 5)
