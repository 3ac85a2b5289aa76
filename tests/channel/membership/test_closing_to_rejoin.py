"""A `phx_close` of the server's that is a loss: `Rejoin(on_close="rejoin")`."""

import pytest

from rx_phoenix import Backoff, PushCancelled, Rejoin
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


@pytest.fixture
def stage(make_stage):
    return make_stage(rejoin=Rejoin(Backoff.steps(1, 2, 5, 10), on_close="rejoin"))


@pytest.mark.parametrize("kind", ["joined", "stream"])
def test_a_lease_lives_on_and_the_channel_is_joined_again(stage, notes, kind):
    stage.connect()
    channel = stage.channel()
    source = channel.joined if kind == "joined" else channel.stream("x")
    lease = source.subscribe(notes)
    stage.answer("phx_join", "ok", {"n": 1})
    stage.say(channel, "phx_close")
    before = channel.state
    stage.wait(1)
    stage.answer("phx_join", "ok", {"n": 2})

    assert (before, channel.state) == ("errored", "joined")
    assert notes.is_open
    assert notes.values == ([{"n": 1}, {"n": 2}] if kind == "joined" else [])
    lease.dispose()
    stage.answer("phx_leave")


def test_closes_report_it_and_errors_do_not(stage):
    channel, told = stage.joined(), []
    channel.closes.subscribe(lambda payload: told.append(("closes", payload)))
    channel.on_close(lambda *close: told.append(("on_close", *close)))
    channel.errors.subscribe(lambda reason: told.append(("errors", reason)))
    ref = channel.join_ref
    stage.say(channel, "phx_close", {"reason": "expired"})

    assert told == [
        ("closes", {"reason": "expired"}),
        ("on_close", {"reason": "expired"}, ref, ref),
    ]


def test_a_session_still_completes(stage, notes):
    channel = stage.joined()
    channel.session.subscribe(notes)
    stage.say(channel, "phx_close")

    assert (channel.state, notes.completions) == ("errored", 1)


def test_a_session_alone_lets_the_channel_close(stage, notes):
    stage.connect()
    channel = stage.channel()
    channel.session.subscribe(notes)
    stage.answer("phx_join")
    stage.say(channel, "phx_close")
    stage.wait(30)

    assert (channel.state, notes.completions) == ("closed", 1)
    assert len(stage.server.sent("phx_join")) == 1


def test_sent_pushes_are_cancelled_and_buffered_ones_wait(stage):
    channel = stage.joined()
    sent = channel.push("a")
    stage.say(channel, "phx_close")
    waiting = channel.push("b")
    stage.wait(1)
    stage.answer("phx_join")

    assert sent.status == "cancelled"
    assert stage.story[-2:] == ["phx_join", "b"]
    stage.answer("b")
    assert waiting.status == "ok"


def test_a_join_in_flight_is_cancelled_and_tried_again(stage, notes):
    stage.connect()
    channel = stage.channel()
    channel.join().subscribe(notes)
    stage.say(channel, "phx_close")
    stage.wait(1)
    stage.answer("phx_join")

    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert channel.state == "joined"


def test_the_answer_to_our_own_leave_is_the_end(stage):
    channel = stage.joined()
    ref = channel.join_ref
    channel.leave()
    stage.receive("phx_close", {}, join_ref=ref, ref=ref)
    stage.wait(30)

    assert channel.state == "closed"
    assert len(stage.server.sent("phx_join")) == 1


def test_a_removed_channel_is_not_joined_again(stage):
    channel = stage.joined()
    ref = channel.join_ref
    stage.socket.remove(channel)
    stage.receive("phx_close", {}, join_ref=ref, ref=ref)
    stage.wait(30)

    assert channel.state == "closed"
    assert len(stage.server.sent("phx_join")) == 1


def close_after_each_join(stage, channel, times):
    for _ in range(times):
        stage.answer("phx_join")
        stage.say(channel, "phx_close")
        stage.wait(10)


def test_a_server_that_closes_after_each_join_gets_fewer_and_fewer(stage):
    stage.connect()
    channel = stage.channel()
    channel.join()
    close_after_each_join(stage, channel, 4)

    assert stage.times("J") == [0, 1, 12, 25, 40]


def test_the_delay_is_at_least_a_second(make_stage):
    stage = make_stage(rejoin=Rejoin(lambda _: 0.0, on_close="rejoin"))
    stage.connect()
    channel = stage.channel()
    channel.join()
    for _ in range(3):
        stage.answer("phx_join")
        stage.say(channel, "phx_close")
        stage.wait(1)

    assert stage.times("J") == [0, 1, 2, 3]


def test_a_crash_is_retried_by_the_usual_delay(make_stage):
    stage = make_stage(rejoin=Rejoin(lambda _: 0.25, on_close="rejoin"))
    channel = stage.joined()
    stage.say(channel, "phx_error")
    stage.wait(0.25)

    assert stage.times("J") == [0, 0.25]


def test_a_lost_connection_does_not_cut_the_wait_short(stage):
    channel = stage.joined()
    stage.say(channel, "phx_close")
    stage.lose()
    stage.wait(0.1)
    stage.open()
    stage.wait(2)

    assert stage.times("J") == [0, 1]


@pytest.mark.parametrize(("seconds", "delay"), [(29, 2), (30, 1)])
def test_delays_start_over_once_it_was_joined_for_half_a_minute(stage, seconds, delay):
    stage.connect()
    channel = stage.channel()
    channel.join()
    stage.answer("phx_join")
    stage.say(channel, "phx_close")
    stage.wait(1)
    stage.answer("phx_join")
    stage.wait(seconds)
    stage.say(channel, "phx_close")
    stage.wait(10)

    assert stage.times("J") == [0, 1, 1 + seconds + delay]


def test_the_diagnosis_names_no_reason_for_a_close(stage):
    channel = stage.joined()
    stage.say(channel, "phx_close")

    assert "'room:1' is not joined: it waits to join again." in stage.socket.diagnosis()
