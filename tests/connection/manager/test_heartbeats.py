"""Heartbeats, and pings."""

import pytest

from rx_phoenix import (
    Closed,
    ConnectionLost,
    Heartbeat,
    HeartbeatMissed,
    Message,
    Opened,
    PushTimeout,
    Reconnect,
    Retrying,
    Socket,
    UsageError,
)
from rx_phoenix._connection.heartbeat import TURNS
from rx_phoenix.testing import FakeTransport
from tests.connection.sleepy_time import SleepyTime
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def stage(make_stage):
    """A stage with the default heartbeat, whose connection is open at 0 s."""
    stage = make_stage(heartbeat=Heartbeat(), reconnect=Reconnect(float))
    stage.events = []
    stage.socket.lifecycle.subscribe(stage.events.append)
    stage.connect()
    return stage


@pytest.fixture
def notes():
    return RecordingObserver()


def beats(stage):
    return stage.times("h")


def answer(stage, number=-1):
    stage.answer(stage.server.sent("heartbeat")[number])


def is_missed(stage):
    return HeartbeatMissed() in stage.events


# The rhythm.


@pytest.mark.case(1)
@pytest.mark.defect(9)
def test_the_first_comes_25_seconds_after_the_opening(stage):
    stage.scheduler.advance_before(25)
    before = beats(stage)
    stage.wait(0)
    answer(stage)

    assert before == []
    assert beats(stage) == [25]


@pytest.mark.case(73)
def test_other_traffic_changes_nothing(stage):
    channel = stage.joined()
    for _ in range(24):
        stage.wait(1)
        channel.push("shout")
        stage.answer("shout")
        stage.say(channel, "shout")
    stage.wait(1)
    answer(stage)

    assert beats(stage) == [25]


@pytest.mark.case(74)
@pytest.mark.defect(9)
def test_interval_and_timeout_are_those_of_the_policy(make_stage):
    stage = make_stage(heartbeat=Heartbeat(interval=3, timeout=2))
    events = []
    stage.socket.lifecycle.subscribe(events.append)
    stage.connect()
    stage.wait(4.9)
    before = list(events)
    stage.wait(0.1)

    assert before == [Opened()]
    assert HeartbeatMissed() in events


def test_none_sends_none(make_stage):
    stage = make_stage(heartbeat=None)
    stage.connect()
    stage.wait(3600)

    assert stage.wire == []
    assert stage.scheduler.pending == ()


def test_none_is_sent_while_there_is_no_connection(stage):
    stage.wait(24)
    stage.lose()
    stage.wait(60)

    assert beats(stage) == []


# A missed one.


@pytest.mark.case(1)
@pytest.mark.defect(9)
def test_one_that_is_not_answered_within_10_seconds_is_missed(stage):
    stage.wait_until(25)
    stage.scheduler.advance_before(35)
    before = is_missed(stage)
    stage.wait(0)

    assert not before
    assert stage.events == [
        Opened(),
        HeartbeatMissed(),
        Closed(1006, "heartbeat timeout", clean=False),
        Retrying(1, 1.0),
    ]


def test_an_answer_at_the_last_moment_is_an_answer(stage):
    stage.wait_until(25)
    stage.scheduler.advance_before(35)
    answer(stage)
    stage.wait(1)

    assert not is_missed(stage)


@pytest.mark.case(75)
def test_the_connection_is_abandoned_at_once(make_stage):
    stage = make_stage(
        heartbeat=Heartbeat(), reconnect=Reconnect(float), answers_close=False
    )
    stage.connect()
    old = stage.transport.attempt
    stage.wait(35)
    state = stage.socket.state
    stage.wait(1)
    stage.open()

    assert old.connection.closed_by_us == (1000, "heartbeat timeout")
    assert old.is_disposed
    assert state == "closed"
    assert stage.socket.state == "open"


@pytest.mark.case(82)
def test_a_heartbeat_of_an_old_connection_does_not_end_the_new_one(stage):
    stage.wait_until(25)
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.wait(25)
    answer(stage)

    assert not is_missed(stage)
    assert stage.socket.state == "open"
    assert beats(stage) == [25, 51]


@pytest.mark.parametrize("turns", [2, TURNS - 1])
def test_an_answer_that_is_read_a_few_turns_after_the_last_moment_counts(stage, turns):
    def read(turns):
        if turns:
            stage.scheduler.loop.call_soon(read, turns - 1)
        else:
            stage.answer(question)

    stage.wait_until(25)
    question = stage.server.last("heartbeat")
    stage.at(35, lambda: read(turns))
    stage.wait_until(36)

    assert not is_missed(stage)


def test_whoever_hears_of_it_may_disconnect(stage):
    stage.socket.lifecycle.subscribe(
        lambda event: (
            stage.socket.disconnect() if isinstance(event, HeartbeatMissed) else None
        )
    )
    stage.wait(36)

    assert stage.socket.state == "closed"
    assert stage.attempts == 1
    assert stage.events[-1] == Closed(1000, "", clean=True)


# Signs of life.


def test_half_a_frame_is_a_sign_of_life(stage):
    stage.transport.connection.bytes_received = 0
    stage.wait_until(34)
    stage.transport.connection.bytes_received += 1
    stage.wait_until(35)
    before = is_missed(stage)
    stage.wait_until(45)

    assert not before
    assert is_missed(stage)


def test_a_connection_that_counts_no_bytes_shows_life_by_whole_frames(stage):
    stage.wait_until(34)
    stage.receive("shout", {}, topic="room:1")
    stage.wait_until(35)
    before = is_missed(stage)
    stage.wait_until(45)

    assert not before
    assert is_missed(stage)


# Probes.


def test_to_reconnect_now_probes_an_open_connection(stage):
    stage.wait(2)
    stage.socket.reconnect_now()
    stage.scheduler.advance_before(5)
    before = is_missed(stage)
    stage.wait(1)
    stage.open()

    assert beats(stage) == [2]
    assert not before
    assert is_missed(stage)
    assert stage.attempts == 2
    assert stage.socket.state == "open"


def test_on_a_healthy_connection_a_probe_costs_one_heartbeat(stage):
    stage.socket.reconnect_now(probe=1)
    answer(stage)
    stage.wait_until(24)

    assert beats(stage) == [0]
    assert stage.attempts == 1


@pytest.mark.parametrize("probe", [0, -1, "3", None])
def test_a_probe_has_a_duration(stage, probe):
    with pytest.raises(UsageError):
        stage.socket.reconnect_now(probe=probe)


def test_a_ping_without_an_answer_probes(stage):
    stage.socket.ping()
    stage.wait(13)

    assert beats(stage) == [0, 10]
    assert is_missed(stage)


def test_a_probe_sends_its_heartbeat_without_a_policy_too(make_stage):
    stage = make_stage(heartbeat=None)
    stage.connect()
    stage.socket.reconnect_now()
    answer(stage)
    stage.wait(3600)

    assert beats(stage) == [0]
    assert stage.scheduler.pending == ()


# Joins that hold the server up.


def test_the_deadline_waits_for_joins_sent_before(stage):
    stage.wait(24)
    stage.channel().join(timeout=60)
    stage.wait_until(25)
    stage.wait(40)
    before = is_missed(stage)
    stage.answer("phx_join")
    stage.scheduler.advance_before(75)
    still = is_missed(stage)
    stage.wait(2.5)

    assert (before, still) == (False, False)
    assert is_missed(stage)


def test_the_deadline_does_not_wait_for_joins_sent_after(stage):
    stage.wait_until(26)
    stage.channel().join(timeout=60)
    stage.wait_until(35)

    assert is_missed(stage)


def test_joins_that_are_not_answered_count_up_to_the_timeout_of_one(stage):
    stage.wait(24)
    stage.channel("room:1").join(timeout=5).mark_seen()
    stage.channel("room:2").join(timeout=7).mark_seen()
    stage.scheduler.advance_before(25 + 7 + 10)
    before = is_missed(stage)
    stage.wait(0)

    assert not before
    assert is_missed(stage)


def test_a_channel_that_is_left_meanwhile_is_waited_for_no_longer(stage):
    stage.wait(24)
    stage.channel().join(timeout=60)
    stage.wait_until(26)
    stage.channel().leave()
    stage.wait_until(36)

    assert is_missed(stage)


# Pings.


@pytest.mark.defect(9)
def test_a_ping_can_be_awaited(stage):
    async def main():
        return await stage.socket.ping()

    stage.scheduler.call_later(0.3, lambda: answer(stage))

    assert stage.scheduler.loop.run_until_complete(main()) == pytest.approx(0.3)


def test_a_ping_does_not_change_the_rhythm(stage):
    stage.wait(24)
    stage.socket.ping()
    answer(stage)
    stage.wait_until(25)
    stage.socket.ping()
    answer(stage, 1)
    answer(stage, 2)
    stage.wait_until(50)
    answer(stage)

    assert beats(stage) == [24, 25, 25, 50]


@pytest.mark.defect(37)
def test_a_ping_that_is_not_answered_times_out_and_ends_nothing(stage, notes):
    stage.socket.ping().subscribe(notes)
    stage.wait(10)
    answer(stage)

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert "no answer to a ping within 10 s" in str(notes.errors[0])
    assert stage.socket.state == "open"


@pytest.mark.parametrize("state", ["new", "connecting", "lost"])
def test_a_ping_without_a_connection_is_lost(make_stage, notes, state):
    stage = make_stage()
    if state == "connecting":
        stage.socket.connect()
    elif state == "lost":
        stage.connect()
        stage.lose()
    stage.socket.ping().subscribe(notes)

    assert [type(error) for error in notes.errors] == [ConnectionLost]


@pytest.mark.case(109)
@pytest.mark.defect(37)
@pytest.mark.parametrize("end", ["lose", "disconnect", "aclose"])
def test_a_ping_in_flight_ends_with_the_connection(stage, notes, end):
    stage.socket.ping().subscribe(notes)
    if end == "lose":
        stage.lose()
    else:
        getattr(stage.socket, end)()

    assert [type(error) for error in notes.errors] == [ConnectionLost]


# A machine that slept.


@pytest.fixture
def asleep():
    """A socket on a machine that has just slept for a minute, and its transport."""
    time, transport = SleepyTime(), FakeTransport()
    socket = Socket(
        "ws://example.org/socket",
        transport=transport,
        scheduler=time,
        reconnect=Reconnect(float),
    )
    socket.connect()
    transport.attempt.open()
    time.advance_by(1)
    time.slept = 60.0
    yield socket, transport, time
    socket.aclose()
    time.advance_by(2)
    assert time.pending == ()


def test_a_connection_that_died_while_the_machine_slept_is_replaced_soon(asleep):
    socket, transport, time = asleep
    events = []
    socket.lifecycle.subscribe(events.append)
    time.advance_by(5)

    assert len(transport.attempts) == 2
    assert [type(event) for event in events] == [HeartbeatMissed, Closed, Retrying]


def test_a_connection_that_outlived_the_sleep_is_kept_for_one_heartbeat(asleep):
    _, transport, time = asleep
    time.advance_by(1)
    [beat] = transport.connection.messages
    reply = {"status": "ok", "response": {}}
    transport.connection.receive(Message(None, beat.ref, "phoenix", "phx_reply", reply))
    time.advance_by(20)

    assert [message.event for message in transport.connection.messages] == ["heartbeat"]
    assert len(transport.attempts) == 1
