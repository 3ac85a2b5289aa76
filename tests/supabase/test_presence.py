"""Presence on a channel of Supabase."""

import pytest
from reactivex import operators as ops

from rx_phoenix import Joined, Left, Message, NotJoinedError, Socket
from rx_phoenix._connection.handle import connection_of
from rx_phoenix._streams.hub import noop
from rx_phoenix.operators import first_value
from rx_phoenix.supabase._presence import RealtimePresence
from rx_phoenix.testing import FakeTransport, VirtualScheduler


def users(state):
    return {
        key: [{k: v for k, v in meta.items() if k != "phx_ref"} for meta in it["metas"]]
        for key, it in state.items()
    }


def next_change(presence, kind):
    return first_value(
        presence.changes.pipe(ops.filter(lambda it: isinstance(it, kind))), timeout=5
    )


async def test_others_see_who_is_tracked_and_untracked(realtime, other):
    seen = other.channel("room").presence
    channel = realtime.channel("room", presence_key="jo")
    joined, left = next_change(seen, Joined), next_change(seen, Left)
    await other.channel("room").subscribed()
    await channel.subscribed()
    await channel.presence.track({"mood": "fine"})
    assert (await joined).key == "jo"
    there = users(seen.state)
    await channel.presence.untrack()
    assert (await left).key == "jo"

    assert there == {"jo": [{"mood": "fine"}]}


async def test_the_state_comes_with_the_join(realtime, other):
    await other.channel("room", presence_key="kim").subscribed()
    await other.channel("room", presence_key="kim").presence.track({})
    presence = realtime.channel("room").presence
    state = first_value(presence.states.pipe(ops.filter(bool)), timeout=5)
    await realtime.channel("room").subscribed()

    assert users(await state) == {"kim": [{}]}


async def test_a_new_meta_takes_the_place_of_the_old(realtime):
    channel = realtime.channel("room", presence_key="jo")
    presence = channel.presence
    await channel.subscribed()
    await presence.track({"n": 1})
    await presence.track({"n": 2})
    await realtime.socket.ping()

    assert [meta["n"] for meta in presence.state["jo"]["metas"]] == [2]


@pytest.mark.parametrize("when", ["before the join", "after it"])
async def test_who_is_tracked_is_tracked_again_after_a_rejoin(server, realtime, when):
    channel = realtime.channel("room", presence_key="jo")
    presence = channel.presence
    join = channel.join()
    if when == "before the join":
        tracked = presence.track({"n": 1})
    else:
        await join
        tracked = presence.track({"n": 1})
    await tracked
    for _ in range(2):
        again = first_value(channel.channel.joins, timeout=5)
        server.reset()
        await again
        await realtime.socket.ping()
        await realtime.socket.ping()

    there = server.presence.list("realtime:room")
    assert {key: len(it["metas"]) for key, it in there.items()} == {"jo": 1}


async def test_who_is_untracked_stays_so_after_a_rejoin(server, realtime):
    channel = realtime.channel("room", presence_key="jo")
    await channel.subscribed()
    await channel.presence.track({})
    await channel.presence.untrack()
    again = first_value(channel.channel.joins, timeout=5)
    server.reset()
    await again
    await realtime.socket.ping()

    assert server.presence.list("realtime:room") == {}


async def test_nobody_is_tracked_without_a_join(realtime):
    with pytest.raises(NotJoinedError):
        realtime.channel("room").presence.track({})


def test_who_is_tracked_during_a_departure_is_tracked_once():
    time, transport = VirtualScheduler(), FakeTransport()
    socket = Socket("ws://h", transport=transport, scheduler=time, heartbeat=None)
    channel = socket.channel("realtime:room")
    presence = RealtimePresence(channel)

    def join():
        connection = transport.attempt.open()
        join_ref = connection.messages[-1].ref
        answer = {"status": "ok", "response": {}}
        connection.receive(
            Message(join_ref, join_ref, channel.topic, "phx_reply", answer)
        )
        return connection

    channel.join()
    old = join()
    connection_of(socket).depart(noop)
    presence.track({"n": 1})
    old.lose()
    time.advance_by(1)
    new = join()

    assert [message.event for message in new.messages] == ["phx_join", "presence"]
    socket.aclose()
    time.advance_by(10)
