"""A channel of Supabase Realtime."""

import asyncio
import logging
from typing import TypedDict

import pytest
from reactivex import operators as ops

from rx_phoenix import (
    EncodeError,
    JoinRefused,
    NotJoinedError,
    PayloadError,
    SerializerV1,
    SerializerV2,
    UsageError,
)
from rx_phoenix.operators import first_value
from rx_phoenix.supabase import (
    Broadcast,
    ChangesRefused,
    Realtime,
    SystemMessage,
)
from rx_phoenix.testing.supabase import SupabaseServer


def recorded(stream):
    """What a stream emits, and how it ends."""
    seen = []
    stream.subscribe(seen.append, seen.append, lambda: seen.append("end"))
    return seen


@pytest.fixture
async def clients(server, serializer, hasty):
    """Two clients of the same version."""
    async with (
        Realtime(server.url, server.api_key, serializer=serializer, **hasty) as one,
        Realtime(server.url, server.api_key, serializer=serializer, **hasty) as two,
    ):
        yield one, two


async def test_a_channel_is_joined_with_its_config(server, realtime):
    channel = realtime.channel("room", ack=True, self_=True, presence_key="jo")
    channel.changes("INSERT", table="messages", filter="id=gt.1")
    await channel.join()

    assert server.joins == [
        (
            "realtime:room",
            {
                "config": {
                    "broadcast": {"ack": True, "self": True},
                    "presence": {"key": "jo", "enabled": True},
                    "postgres_changes": [
                        {
                            "event": "INSERT",
                            "schema": "public",
                            "table": "messages",
                            "filter": "id=gt.1",
                        }
                    ],
                    "private": False,
                }
            },
        )
    ]


async def test_a_replay_needs_a_private_channel(server, realtime):
    with pytest.raises(UsageError, match="replay needs a private channel"):
        realtime.channel("room", replay={"since": 1})
    realtime.set_access_token(server.token())
    await realtime.channel("old", private=True, replay={"since": 1}).join()

    assert server.joins[0][1]["config"]["broadcast"]["replay"] == {"since": 1}


# Broadcasts.


async def test_a_broadcast_reaches_the_others(clients):
    one, two = clients
    says = two.channel("room").broadcasts("say")
    said = first_value(says, timeout=5)
    await two.channel("room").subscribed()
    await one.channel("room").subscribed()
    await one.channel("room").send("say", {"n": 1})

    assert await said == {"n": 1}


@pytest.mark.parametrize("payload", [{}, [1, None], "text", b"\x00\xff"])
async def test_any_payload_arrives_in_version_2(realtime, payload):
    channel = realtime.channel("room", self_=True)
    said = first_value(channel.broadcasts("say"), timeout=5)
    await channel.subscribed()
    await channel.send("say", payload)

    assert await said == payload


@pytest.mark.parametrize("payload", [b"a", bytearray(b"a"), memoryview(b"a")])
@pytest.mark.parametrize("serializer", [SerializerV1(), SerializerV2()])
async def test_bytes_are_refused_where_they_would_arrive_as_text(
    server, hasty, serializer, payload
):
    async with Realtime(
        server.url, server.api_key, serializer=serializer, **hasty
    ) as realtime:
        channel = realtime.channel("room")
        await channel.join()
        with pytest.raises(EncodeError, match="use a RealtimeSerializer"):
            channel.send("say", payload)


async def test_an_acknowledged_broadcast_is_awaited(clients):
    channel = clients[0].channel("room", ack=True)
    await channel.join()

    assert await channel.send("say", {"n": 1}, timeout=5) == {}


async def test_one_without_acknowledgement_waits_for_nothing(realtime):
    channel = realtime.channel("room")
    await channel.join()

    assert await channel.send("say") is None


async def test_a_broadcast_waits_for_the_join(realtime, other):
    heard = first_value(other.channel("room").broadcasts("say"), timeout=5)
    await other.channel("room").subscribed()
    channel = realtime.channel("room")
    channel.join()
    channel.send("say", {"n": 1})

    assert await heard == {"n": 1}


async def test_a_broadcast_has_a_name(realtime):
    channel = realtime.channel("room")
    await channel.subscribed()
    for use in channel.send, channel.broadcasts:
        with pytest.raises(UsageError, match="name of an event must be a string"):
            use(5)
    with pytest.raises(UsageError, match="timeout must be"):
        channel.send("say", {}, -1)
    with pytest.raises(UsageError, match="channel must be a RealtimeChannel"):
        realtime.remove("room")


async def test_a_broadcast_without_a_join_is_refused(realtime):
    with pytest.raises(NotJoinedError):
        realtime.channel("room").send("say")


async def test_all_broadcasts_have_their_circumstances(server, realtime):
    channel = realtime.channel("room")
    seen = recorded(channel.broadcasts())
    await channel.subscribed()
    server.send("room", "a", {"n": 1})
    server.broadcast(
        "realtime:room",
        "broadcast",
        {"type": "broadcast", "event": "b", "payload": 2, "meta": {"id": "7"}},
    )
    await realtime.socket.ping()

    assert seen == [Broadcast("a", {"n": 1}), Broadcast("b", 2, {"id": "7"})]


class Say(TypedDict):
    n: int


async def test_payloads_can_be_typed(server, realtime):
    channel = realtime.channel("room")
    unhandled = recorded(realtime.socket.unhandled)
    seen = recorded(channel.broadcasts("say", as_type=Say))
    await channel.subscribed()
    for n in "one", 2:
        server.send("room", "say", {"n": n})
    await realtime.socket.ping()

    assert seen == [{"n": 2}]
    assert [type(error) for error in unhandled] == [PayloadError]


async def test_a_broadcast_that_is_none_is_reported_and_the_stream_lives(
    server, realtime
):
    channel = realtime.channel("room")
    unhandled = recorded(realtime.socket.unhandled)
    seen = recorded(channel.broadcasts("say"))
    await channel.subscribed()
    server.broadcast("realtime:room", "broadcast", {"what": 1})
    server.send("room", "say", 1)
    await realtime.socket.ping()

    assert seen == [1]
    assert [str(error) for error in unhandled] == ["payload is not a broadcast"]


async def test_the_last_subscriber_leaves(realtime):
    channel = realtime.channel("room")
    first = channel.broadcasts("a").subscribe()
    second = channel.broadcasts("b").subscribe()
    await first_value(channel.channel.joins, timeout=5)
    first.dispose()
    held = channel.status
    second.dispose()

    assert (held, channel.status) == ("subscribed", "closed")


# Changes of tables.


async def test_changes_are_typed(server, realtime):
    class Row(TypedDict):
        id: int

    channel = realtime.channel("room")
    seen = recorded(channel.changes(table="messages", as_type=Row))
    await channel.subscribed()
    server.insert("messages", {"id": 1})
    server.update("messages", {"id": 2}, {"id": 1})
    server.delete("messages", {"id": 2})
    await realtime.socket.ping()

    assert [(it.type, it.record, it.old_record) for it in seen] == [
        ("INSERT", {"id": 1}, None),
        ("UPDATE", {"id": 2}, {"id": 1}),
        ("DELETE", None, {"id": 2}),
    ]
    [column, _] = seen[0].columns
    assert (column.name, column.type, seen[0].errors) == ("id", "int8", ())
    assert (seen[0].schema, seen[0].table) == ("public", "messages")
    assert seen[0].commit_timestamp.tzinfo is not None


async def test_each_stream_gets_what_it_asked_for(server, realtime):
    channel = realtime.channel("room")
    inserts = recorded(channel.changes("INSERT", table="messages"))
    first = recorded(channel.changes(table="messages", filter="id=eq.1"))
    everything = recorded(channel.changes())
    await channel.subscribed()
    server.insert("messages", {"id": 2})
    server.delete("messages", {"id": 1})
    await realtime.socket.ping()

    assert [it.type for it in inserts] == ["INSERT"]
    assert [it.type for it in first] == ["DELETE"]
    assert [it.type for it in everything] == ["INSERT", "DELETE"]


async def test_the_ids_are_those_of_the_latest_join(server, realtime):
    channel = realtime.channel("room")
    seen = recorded(channel.changes(table="messages"))
    await channel.subscribed()
    again = first_value(
        channel.statuses.pipe(ops.skip(1), ops.filter(lambda it: it == "subscribed")),
        timeout=5,
    )
    server.reset()
    await again
    server.insert("messages", {"id": 1})
    await realtime.socket.ping()

    assert len(seen) == 1


async def test_changes_with_changes_is_subscribed_when_the_server_says_so(
    server, realtime
):
    channel = realtime.channel("room")
    channel.changes(table="messages")
    seen = recorded(channel.statuses)
    system = recorded(channel.system)
    await channel.join()
    await realtime.socket.ping()

    assert seen == ["closed", "joining", "subscribed"]
    assert system == [
        SystemMessage("ok", "Subscribed to PostgreSQL", "postgres_changes", "room")
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"table": "nope"}, "Unable to subscribe to changes with given parameters"),
        ({"schema": "other", "table": "messages"}, "schema: other"),
        ({"schema": "other"}, "schema: other"),
        ({"table": "messages", "filter": "id=like.x"}, "Error parsing `filter` params"),
        ({"table": "messages", "filter": "nope=eq.1"}, 'column "nope" does not exist'),
    ],
)
async def test_changes_that_cannot_be_end_with_the_servers_words(
    realtime, asked, words, caplog
):
    channel = realtime.channel("room")
    broadcasts = recorded(channel.broadcasts("say"))
    with caplog.at_level(logging.WARNING, "rx_phoenix"):
        changes = recorded(channel.changes(**asked))
        with pytest.raises(ChangesRefused, match="were refused"):
            await channel.subscribed()
        await realtime.socket.ping()

    [error] = changes
    assert type(error) is ChangesRefused
    assert words in str(error)
    assert words in error.response.message
    assert words in caplog.text
    assert (broadcasts, channel.status) == ([], "errored")
    assert recorded(channel.changes(**asked)) != []


@pytest.mark.parametrize("leaves", [True, False])
async def test_changes_that_were_refused_do_not_fail_those_that_follow(
    server, realtime, leaves
):
    channel = realtime.channel("room")
    refused = recorded(channel.changes(table="nope"))
    beside = recorded(channel.changes("DELETE", table="messages"))
    with pytest.raises(ChangesRefused, match=r"of public\.nope, public\.messages were"):
        await channel.subscribed()
    await realtime.socket.ping()
    assert [len(refused), len(beside)] == [1, 1]
    if leaves:
        await channel.leave()
    changes = recorded(channel.changes("INSERT", table="messages"))
    await channel.subscribed()
    server.insert("messages", {"id": 1})
    await realtime.socket.ping()

    assert [change.record for change in changes] == [{"id": 1}]
    assert (channel.status, len(server.joins)) == ("subscribed", 2)


async def test_changes_that_nothing_subscribes_to_do_not_hold_up_a_join(realtime):
    channel = realtime.channel("room")
    sent = first_value(realtime.socket.sent, timeout=5)
    channel.join()
    await sent
    channel.changes(table="messages")
    await channel.subscribed()

    assert channel.status == "subscribed"


@pytest.mark.parametrize("is_requested", [True, False])
async def test_changes_that_are_asked_for_later_join_again(
    server, realtime, is_requested
):
    channel = realtime.channel("room")
    first = recorded(channel.changes(table="messages"))
    if is_requested:
        channel.join()
    await first_value(channel.channel.joins, timeout=5)
    again = first_value(channel.channel.joins, timeout=5)
    second = recorded(channel.changes("INSERT", table="messages"))
    await again
    await realtime.socket.ping()
    server.insert("messages", {"id": 1})
    await realtime.socket.ping()

    assert [len(first), len(second), len(server.joins)] == [1, 1, 2]
    await channel.leave()
    assert [first[1:], second[1:]] == [["end"], ["end"]]


# Private channels and tokens.


async def test_a_channel_without_rights_ends_with_the_servers_words(
    server, realtime, caplog
):
    channel = realtime.channel("secret", private=True)
    refusals = recorded(channel.channel.joins)
    with caplog.at_level(logging.WARNING, "rx_phoenix"):
        seen = recorded(channel.broadcasts("say"))
        await asyncio.sleep(0.2)

    [error] = seen
    assert type(error) is JoinRefused
    assert "You do not have permissions" in error.response["reason"]
    assert (len(server.joins), refusals, channel.status) == (1, [], "closed")


async def test_a_token_that_expired_is_a_loss_that_heals(server, hasty):
    token = server.token(0.3)
    async with Realtime(
        server.url, server.api_key, access_token=lambda: token, **hasty
    ) as realtime:
        channel = realtime.channel("room", private=True)
        said = recorded(channel.broadcasts("say"))
        system = recorded(channel.system)
        await channel.subscribed()
        again = first_value(channel.channel.joins, timeout=5)
        token = server.token()
        await again
        server.send("room", "say", 1)
        await realtime.socket.ping()

    assert said == [1, "end"]
    assert system[0].message == "Token has expired 0 seconds ago"
    assert system[0].is_error


async def test_too_many_messages_close_the_channel_and_it_comes_back(hasty):
    async with (
        SupabaseServer(events_per_second=3) as server,
        Realtime(server.url, server.api_key, **hasty) as realtime,
    ):
        channel = realtime.channel("room")
        await channel.join()
        again = first_value(channel.channel.joins, timeout=5)
        for n in range(4):
            await channel.send("say", {"n": n})
        await again

        assert len(server.joins) == 2


async def test_a_channel_is_shown_with_its_status(realtime):
    channel = realtime.channel("room")
    await channel.join()

    assert repr(channel) == "<RealtimeChannel 'room': subscribed>"
    assert channel.name == "room"
    assert await first_value(channel.joined, timeout=5) == {"postgres_changes": []}


async def test_everything_completes_with_the_connection(server, hasty):
    async with Realtime(server.url, server.api_key, **hasty) as realtime:
        channel = realtime.channel("room")
        seen = [
            recorded(channel.broadcasts("say")),
            recorded(channel.changes(table="messages")),
            recorded(channel.system.pipe(ops.ignore_elements())),
            recorded(channel.statuses.pipe(ops.ignore_elements())),
        ]
        await channel.join()

    assert seen == [["end"]] * 4
