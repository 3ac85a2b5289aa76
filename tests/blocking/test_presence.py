"""The presences of a channel for programs that do not await."""

from queue import Queue

import pytest

from rx_phoenix import ChannelConflict, UsageError
from rx_phoenix.blocking import Presence, Socket

TIMEOUT = 10


@pytest.fixture
def lobby(app, hasty):
    with Socket(app.url, params={"user_id": "jo"}, **hasty) as socket:
        yield socket.channel("presence:lobby")


@pytest.fixture
def presence(lobby):
    presence = Presence(lobby)
    yield presence
    presence.dispose()


def test_the_state_is_there_after_the_join(lobby, presence):
    assert (presence.state, presence.status) == ({}, "awaiting")
    states = presence.states(timeout=TIMEOUT)
    lobby.join()
    while "jo" not in next(states):
        pass

    assert presence.status == "synced"
    assert presence.list(lambda key, meta: (key, len(meta["metas"]))) == [("jo", 1)]
    assert presence.list() == [presence.state["jo"]]


def test_changes_are_iterated_until_it_is_disposed(app, hasty, lobby, presence):
    changes = presence.changes(timeout=TIMEOUT)
    lobby.join()
    assert next(changes).key == "jo"
    with Socket(app.url, params={"user_id": "mo"}, **hasty) as other:
        other.channel("presence:lobby").join()
        joined = next(changes)
    left = next(changes)
    presence.dispose()

    kinds = [type(change).__name__ for change in (joined, left)]
    assert (kinds, joined.key, left.key) == (["Joined", "Left"], "mo", "mo")
    assert [*changes] == []


def test_callbacks_run_on_the_worker_and_may_block(app, hasty, lobby, presence):
    calls = Queue()

    def joined(key, current, new):
        calls.put((key, presence.state[key], current, [*new]))

    refs = [presence.on_join(joined)]
    refs.append(presence.on_leave(lambda key, rest, _: calls.put((key, rest))))
    lobby.join()
    assert calls.get(timeout=TIMEOUT)[0] == "jo"
    with Socket(app.url, params={"user_id": "mo"}, **hasty) as other:
        other.channel("presence:lobby").join()
        assert calls.get(timeout=TIMEOUT)[0] == "mo"
    assert calls.get(timeout=TIMEOUT) == ("mo", {"metas": []})
    presence.off(*refs)
    synced = Queue()
    presence.on_sync(lambda: synced.put(None))
    with Socket(app.url, params={"user_id": "mo"}, **hasty) as other:
        other.channel("presence:lobby").join()
        synced.get(timeout=TIMEOUT)

    assert calls.empty()


def test_it_takes_a_blocking_channel_alone(socket):
    with pytest.raises(UsageError, match=r"Channel of rx_phoenix\.blocking"):
        Presence(socket)


def test_a_callback_is_a_function(presence, lobby):
    for register in presence.on_sync, presence.on_join, lobby.on_close:
        with pytest.raises(UsageError, match="a callback must be a function, got 5"):
            register(5)


def test_what_was_removed_does_not_remove_its_successor(socket, hasty, app):
    channel = socket.channel("room:lobby", {"n": 1})
    socket.remove(channel)
    again = socket.channel("room:lobby", {"n": 2})
    again.join()
    socket.remove(channel)

    assert again.state == "joined"
    with pytest.raises(ChannelConflict):
        Socket(app.url, **hasty).remove(again)
