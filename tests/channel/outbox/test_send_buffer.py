"""How many pushes of a socket may wait, for a join or for the wire."""

import pytest

from rx_phoenix import PushCancelled
from rx_phoenix.policy import SendBuffer
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def small(make_stage):
    """A stage whose buffer holds two, with a channel whose join is under way."""

    def make(overflow="drop_newest"):
        stage = make_stage(send_buffer=SendBuffer(2, overflow))
        stage.connect()
        stage.channel().join()
        return stage

    return make


def statuses(*pushes):
    return [push.status for push in pushes]


def test_a_thousand_may_wait_by_default(stage):
    stage.channel().join()
    pushes = [stage.channel().push("shout") for _ in range(1001)]

    assert set(statuses(*pushes[:1000])) == {None}
    assert pushes[1000].status == "cancelled"


@pytest.mark.defect(14)
def test_a_number_is_a_buffer_that_drops_the_newest(make_stage):
    stage = make_stage(send_buffer=2)
    stage.channel().join()
    pushes = [stage.channel().push(event) for event in "abc"]
    stage.connect()
    stage.answer("phx_join")

    assert statuses(*pushes) == [None, None, "cancelled"]
    assert stage.story == ["phx_join", "a", "b"]


def test_the_newest_is_told_at_once(small):
    stage, notes = small(), RecordingObserver()
    for _ in range(2):
        stage.channel().push("shout")
    push = stage.channel().push("shout")
    push.subscribe(notes)

    assert push.status == "cancelled"
    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert "the send buffer is full" in str(notes.errors[0])


@pytest.mark.defect(14)
def test_the_oldest_can_be_dropped_instead(small):
    stage = small("drop_oldest")
    pushes = [stage.channel().push(event) for event in "abc"]
    stage.answer("phx_join")

    assert statuses(*pushes) == ["cancelled", None, None]
    assert stage.story == ["phx_join", "b", "c"]


def test_the_buffer_is_the_sockets(small):
    stage = small("drop_oldest")
    other = stage.channel("room:2")
    other.join()
    first = stage.channel().push("shout")
    second, third = other.push("shout"), other.push("shout")

    assert statuses(first, second, third) == ["cancelled", None, None]


def test_what_is_sent_cancelled_or_over_makes_room(small):
    stage = small()
    channel = stage.channel()
    channel.push("first", timeout=1)
    channel.push("second").cancel()
    stage.wait(1)
    third, fourth = channel.push("third"), channel.push("fourth")
    stage.answer("phx_join")
    stage.say(channel, "phx_error")
    fifth, sixth = channel.push("fifth"), channel.push("sixth")

    assert statuses(third, fourth) == ["cancelled", "cancelled"]
    assert statuses(fifth, sixth) == [None, None]


def test_what_was_sent_does_not_count(small):
    stage = small()
    stage.answer("phx_join")
    pushes = [stage.channel().push("shout") for _ in range(10)]

    assert set(statuses(*pushes)) == {None}
    assert stage.stats.buffered == 0


def test_joins_leaves_and_heartbeats_never_count(small):
    stage = small()
    stage.transport.connection.buffered = 100
    for n in range(5):
        stage.channel(f"room:{n}").join()
    for n in range(5):
        stage.channel(f"room:{n}").leave()
    stage.socket.ping().subscribe(on_error=lambda _: None)

    assert stage.stats.buffered == 0
    assert len(stage.transport.connection.sent) == 11


# Frames that wait for the wire.


@pytest.mark.defect(39)
@pytest.mark.parametrize("overflow", ["drop_newest", "drop_oldest"])
def test_pushes_that_wait_for_the_wire_count(small, overflow):
    stage = small(overflow)
    stage.answer("phx_join")
    channel = stage.channel()
    stage.transport.connection.buffered = 1
    first = channel.push("first")
    stage.transport.connection.buffered = 2
    second = channel.push("second")
    third = channel.push("third")

    assert statuses(first, second, third) == [None, None, "cancelled"]
    assert stage.stats.buffered == 2
    assert stage.server.sent("third") == []


def test_casts_that_wait_for_the_wire_count_as_well(small):
    stage = small()
    stage.answer("phx_join")
    channel = stage.channel()
    for depth in (1, 2):
        stage.transport.connection.buffered = depth
        channel.cast("shout")

    assert stage.stats.buffered == 2
    assert channel.push("third").status == "cancelled"


def test_a_wire_that_catches_up_makes_room(small):
    stage = small()
    stage.answer("phx_join")
    channel = stage.channel()
    for depth in (1, 2):
        stage.transport.connection.buffered = depth
        channel.push("shout")
    stage.transport.connection.buffered = 1
    before = stage.stats.buffered
    third = channel.push("third")
    stage.transport.connection.buffered = 0

    assert before == 1
    assert third.status is None
    assert stage.stats.buffered == 0


def test_the_queue_of_a_lost_connection_counts_no_more(small):
    stage = small()
    stage.answer("phx_join")
    channel = stage.channel()
    for depth in (1, 2):
        stage.transport.connection.buffered = depth
        channel.push("shout")
    stage.lose()

    assert stage.stats.buffered == 0
    assert statuses(channel.push("next")) == [None]


def test_what_waits_for_a_join_may_be_dropped_for_what_waits_for_the_wire(small):
    stage = small("drop_oldest")
    stage.answer("phx_join")
    waiting = stage.channel("room:2")
    waiting.join()
    old = waiting.push("old")
    stage.transport.connection.buffered = 1
    first, second = stage.channel().push("first"), stage.channel().push("second")

    assert statuses(old, first, second) == ["cancelled", None, None]
    assert [m.event for m in stage.wire[-2:]] == ["first", "second"]


# Who is dropped may do anything.

CALLS = {
    "push": lambda stage: stage.channel().push("again"),
    "leave": lambda stage: stage.channel().leave(),
    "leave and join": lambda stage: (stage.channel().leave(), stage.channel().join()),
    "disconnect": lambda stage: stage.socket.disconnect(),
    "aclose": lambda stage: stage.socket.aclose(),
    "remove": lambda stage: stage.socket.remove(stage.channel()),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("is_joined", [False, True])
def test_who_is_dropped_may_do_anything(small, call, is_joined):
    stage = small("drop_oldest")
    channel = stage.channel()
    if is_joined:
        stage.answer("phx_join")
        stage.transport.connection.buffered = 1
        channel.push("on its way")
        other = stage.channel("room:2")
        other.join()
        stage.transport.connection.buffered = 2
        oldest = other.push("oldest")
    else:
        oldest = channel.push("oldest")
        channel.push("second")
    oldest.receive("timeout", lambda _: CALLS[call](stage))
    newest = channel.push("newest")
    state = channel.state

    assert oldest.status == "cancelled"
    assert stage.stats.buffered <= 2 if call != "aclose" else True
    if call in {"leave", "leave and join", "aclose", "remove"}:
        assert newest.status == "cancelled"
    if call == "disconnect":
        assert newest.status in {None, "lost"}
    assert state in {"joining", "joined", "leaving", "closed", "errored"}
