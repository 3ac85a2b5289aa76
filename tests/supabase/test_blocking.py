"""Supabase Realtime for programs that do not await."""

import threading

import pytest

from rx_phoenix import ConnectError, JoinRefused, UsageError
from rx_phoenix.supabase import ChangesRefused
from rx_phoenix.supabase.blocking import Realtime
from rx_phoenix.testing.supabase import SupabaseServer, Table
from tests.blocking.served import served


@pytest.fixture(scope="module")
def place():
    with served(lambda: SupabaseServer([Table("messages")])) as place:
        yield place


@pytest.fixture
def realtime(place):
    with Realtime(place.url, place.server.api_key, timeout=5.0) as realtime:
        yield realtime


def test_a_broadcast_is_sent_and_iterated(realtime):
    channel = realtime.channel("room", ack=True, self_=True)
    says = channel.broadcasts("say", timeout=5)
    everything = channel.broadcasts(timeout=5)
    channel.subscribed()
    channel.send("say", {"n": 1})

    assert next(says) == {"n": 1}
    assert next(everything).event == "say"
    assert channel.status == "subscribed"


def test_a_change_is_iterated(place, realtime):
    channel = realtime.channel("changes")
    changes = channel.changes(table="messages", timeout=5)
    channel.subscribed()
    place.do(lambda: place.server.insert("messages", {"id": 1}))

    assert next(changes).record == {"id": 1}
    channel.leave()
    assert [*changes] == []


def test_changes_that_cannot_be_raise_in_the_loop(realtime):
    with pytest.raises(ChangesRefused, match="Unable to subscribe"):
        next(realtime.channel("nowhere").changes(table="nope", timeout=5))


def test_callbacks_run_on_the_worker_after_each_join(place, realtime):
    channel = realtime.channel("woken")
    subscribed, said, names = threading.Event(), threading.Event(), []
    channel.on_subscribed(subscribed.set)
    ref = channel.on("say", lambda payload: (names.append(payload), said.set()))
    channel.join()
    assert subscribed.wait(5)
    place.do(lambda: place.server.send("woken", "other", 1))
    place.do(lambda: place.server.send("woken", "say", 2))
    assert said.wait(5)
    subscribed.clear()
    place.do(place.server.reset)
    assert subscribed.wait(10)
    channel.off(ref)
    place.do(lambda: place.server.send("woken", "say", 3))
    channel.leave()

    assert names == [2]


def test_a_callback_that_raises_is_logged(realtime, caplog):
    channel, called = realtime.channel("raising"), threading.Event()

    def fail():
        called.set()
        raise ValueError("not today")

    channel.on_subscribed(fail)
    channel.join()
    assert called.wait(5)
    for _ in range(100):
        if "not today" in caplog.text:
            break
        realtime.diagnosis()  # the loop gets a turn

    assert "not today" in caplog.text


def test_a_function_for_the_token_may_block(place):
    threads = []

    def sign_in():
        threads.append(threading.current_thread())
        return place.do(place.server.token)

    with Realtime(place.url, place.server.api_key, access_token=sign_in) as realtime:
        channel = realtime.channel("private", private=True)
        channel.join()
        realtime.set_access_token(sign_in)
        assert channel.status == "subscribed"

    assert threading.main_thread() not in threads


def test_a_refusal_raises(realtime):
    with pytest.raises(JoinRefused, match="permissions"):
        realtime.channel("secret", private=True).join()


def test_presence_is_tracked(realtime):
    channel = realtime.channel("lobby", presence_key="jo")
    assert channel.presence.state == {}
    channel.subscribed()
    channel.presence.track({"n": 1})
    realtime.diagnosis()
    there = {*channel.presence.state}
    channel.presence.untrack()

    assert there == {"jo"}


def test_a_name_keeps_its_channel(realtime):
    assert realtime.channel("room x") is realtime.channel("room x")
    assert realtime.channel("room x").name == "room x"


def test_a_wrong_key_is_final(place):
    with pytest.raises(ConnectError), Realtime(place.url, "wrong"):
        pass


def test_it_is_shown_with_its_state(realtime):
    assert "open" in repr(realtime)
    assert repr(realtime.channel("shown")) == (
        "<blocking <RealtimeChannel 'shown': closed>>"
    )


def test_a_closed_one_refuses_calls(place):
    with Realtime(place.url, place.server.api_key) as realtime:
        pass

    assert realtime.state == "closed"
    with pytest.raises(UsageError, match="was closed"):
        realtime.channel("room")


def test_a_payload_can_be_typed(place, realtime):
    channel = realtime.channel("typed")
    numbers = channel.broadcasts("say", as_type=int, timeout=5)
    channel.subscribed()
    for payload in "one", 2:
        place.do(lambda payload=payload: place.server.send("typed", "say", payload))

    assert next(numbers) == 2
