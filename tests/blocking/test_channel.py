"""A channel whose calls wait."""

import contextvars
import logging
import threading
from typing import TypedDict

import pytest

from rx_phoenix import (
    ChannelState,
    JoinRefused,
    NotJoinedError,
    PushRefused,
    PushTimeout,
    QueueOverflow,
)


def test_a_join_returns_its_response(socket):
    assert socket.channel("room:a", {"n": 1}).join()["params"] == {"n": 1}


def test_a_refused_join_raises_in_the_callers_thread(socket):
    with pytest.raises(JoinRefused, match="unauthorized"):
        socket.channel("room:forbidden").join()


def test_a_join_that_takes_too_long_goes_on(socket):
    slow = socket.channel("room:slow", {"ms": 100})
    with pytest.raises(PushTimeout):
        slow.join(timeout=0.05)

    assert slow.state in {ChannelState.ERRORED, ChannelState.JOINING}
    slow.leave()


def test_a_push_returns_its_response(room):
    assert room.push("echo", {"n": 1}) == {"n": 1}


def test_a_refused_push_raises(room):
    with pytest.raises(PushRefused, match="nope"):
        room.push("fail")


def test_a_push_always_ends(room):
    with pytest.raises(PushTimeout):
        room.push("noreply", timeout=0.05)


def test_a_cast_waits_for_no_answer(room):
    ticks = room.events("tick", timeout=5)

    assert room.cast("burst", {"n": 1}) is None
    assert next(ticks) == {"i": 0}


def test_a_push_before_the_join_is_refused(socket):
    with pytest.raises(NotJoinedError):
        socket.channel("room:a").push("echo")


def test_a_left_channel_is_closed(room):
    assert room.leave() == {}
    assert room.state is ChannelState.CLOSED


def test_a_loop_gets_every_event(room):
    ticks = room.events("tick", timeout=5)
    room.push("burst_reply", {"n": 5})

    assert [next(ticks)["i"] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_loop_waits_as_long_as_it_was_told(room):
    with (
        room.events("tick", timeout=0.05) as ticks,
        pytest.raises(TimeoutError, match=r"no value within 0\.05 s"),
    ):
        next(ticks)


def test_a_loop_goes_on_after_a_timeout(room):
    ticks = room.events("tick", timeout=0.05)
    with pytest.raises(TimeoutError):
        next(ticks)
    room.push("burst_reply", {"n": 1})

    assert next(ticks) == {"i": 0}


def test_a_full_queue_ends_the_loop_unless_told_otherwise(room):
    ticks = room.events("tick", timeout=5, maxsize=2)
    room.push("burst_reply", {"n": 5})

    assert [next(ticks)["i"], next(ticks)["i"]] == [0, 1]
    with pytest.raises(QueueOverflow):
        next(ticks)


@pytest.mark.parametrize(
    ("overflow", "kept"), [("drop_oldest", [3, 4]), ("drop_newest", [0, 1])]
)
def test_a_full_queue_drops_what_it_is_told_to(room, overflow, kept):
    lost = []
    ticks = room.events(
        "tick", timeout=5, maxsize=2, overflow=overflow, on_loss=lost.append
    )
    room.push("burst_reply", {"n": 5})

    assert [next(ticks)["i"], next(ticks)["i"]] == kept
    assert sum(lost) == 3


def test_a_full_queue_can_have_the_connection_wait(room):
    ticks = room.events("tick", timeout=5, maxsize=10, overflow="wait")
    room.cast("burst", {"n": 1000})

    assert [next(ticks)["i"] for _ in range(1000)] == [*range(1000)]


class Tick(TypedDict):
    i: int


def test_payloads_can_be_typed(room):
    ticks = room.events("tick", as_type=Tick, timeout=5)
    room.push("burst_reply", {"n": 1})

    assert next(ticks)["i"] == 0


def test_a_stream_joins_and_leaves(socket):
    room = socket.channel("room:leased")
    with room.stream("tick", timeout=5) as ticks:
        room.push("burst_reply", {"n": 1})
        assert next(ticks) == {"i": 0}

    assert "closed" in iter(room.states(timeout=5))


def test_a_stream_ends_when_the_channel_is_left(room):
    messages = room.stream(timeout=5)
    room.leave()

    assert [message.event for message in messages] == []


def test_a_callback_runs_on_the_worker_and_may_block(room):
    got, done = [], threading.Event()

    def count(tick):
        got.append((threading.current_thread().name, room.push("echo", tick)))
        if len(got) == 3:
            done.set()

    room.on("tick", count)
    room.push("burst_reply", {"n": 3})

    assert done.wait(5)
    assert [tick["i"] for _, tick in got] == [0, 1, 2]
    assert {name for name, _ in got} == {got[0][0]}
    assert "callbacks" in got[0][0]


def test_callbacks_run_one_at_a_time(room):
    running, most, done = [], [], threading.Event()

    def enter(tick):
        running.append(tick)
        most.append(len(running))
        threading.Event().wait(0.005)
        running.pop()
        if len(most) == 6:
            done.set()

    room.on("tick", enter)
    room.on("tick", enter)
    room.push("burst_reply", {"n": 3})

    assert done.wait(5)
    assert most == [1] * 6


def test_a_callback_runs_in_the_context_of_its_registration(room):
    who = contextvars.ContextVar("who", default="nobody")
    got, done = [], threading.Event()
    who.set("jo")

    def note(_):
        got.append(who.get())
        done.set()

    room.on("tick", note)
    who.set("kim")
    room.push("burst_reply", {"n": 1})

    assert done.wait(5)
    assert got == ["jo"]


def test_a_callback_that_raises_is_reported_and_called_again(room, caplog):
    done = threading.Event()

    def fail(tick):
        if tick["i"] == 0:
            raise ValueError("not today")
        done.set()

    with caplog.at_level(logging.ERROR, "rx_phoenix"):
        room.on("tick", fail)
        room.push("burst_reply", {"n": 2})
        assert done.wait(5)
    assert "not today" in caplog.text


def test_a_removed_callback_is_not_called(room):
    got = []
    ref = room.on("tick", got.append)
    room.off("tick", ref)
    room.push("burst_reply", {"n": 1})

    assert got == []


def test_a_close_is_reported(room):
    closed = threading.Event()
    got = []
    room.on_close(lambda *args: (got.append(args), closed.set()))
    room.leave()

    assert closed.wait(5)
    assert got[0][0] == "leave"


def test_a_hook_replaces_payloads(room):
    room.on_message = lambda event, payload, ref: (
        {"hooked": payload} if event == "tick" else payload
    )
    ticks = room.events("tick", timeout=5)
    room.push("burst_reply", {"n": 1})

    assert next(ticks) == {"hooked": {"i": 0}}

    del room.on_message
    room.push("burst_reply", {"n": 1})
    assert next(ticks) == {"i": 0}


def test_it_is_shown_with_its_state(room):
    assert "joined" in repr(room)
    assert room.topic == "room:lobby"
