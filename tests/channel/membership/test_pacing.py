"""The pace of joins on a new connection, and the waits that a server asks for."""

from asyncio import CancelledError, sleep
from datetime import timedelta

import pytest

from rx_phoenix import Backoff, PushTimeout, Rejoin
from tests.operators.recording_observer import RecordingObserver

PACED = Rejoin(at_once=5, every=0.1)


@pytest.fixture
def notes():
    return RecordingObserver()


def want(stage, count):
    channels = [stage.channel(f"room:{n}") for n in range(count)]
    for channel in channels:
        channel.join().mark_seen()
    return channels


def answer_all(stage):
    for message in stage.server.sent("phx_join"):
        stage.answer(message)


# Pace.


def test_so_many_joins_go_out_together_and_the_others_one_by_one(make_stage):
    stage = make_stage(rejoin=PACED)
    channels = want(stage, 8)
    stage.connect()
    stage.wait(5)
    answer_all(stage)

    assert stage.times("J") == pytest.approx([0] * 5 + [0.1, 0.2, 0.3])
    assert {channel.state for channel in channels} == {"joined"}


def test_the_pace_holds_at_each_open(make_stage):
    stage = make_stage(rejoin=PACED)
    want(stage, 7)
    stage.connect()
    stage.wait(5)
    answer_all(stage)
    stage.lose()
    stage.wait(1)
    stage.open()
    began = stage.scheduler.clock
    stage.wait(5)

    times = [time - began for time in stage.times("J")[7:]]
    assert times == pytest.approx([0] * 5 + [0.1, 0.2])
    assert len(stage.server.connections) == 2


def test_a_connection_that_is_lost_takes_those_along_that_wait(make_stage):
    stage = make_stage(rejoin=PACED)
    want(stage, 8)
    stage.connect()
    stage.lose()
    stage.wait(0.01)
    stage.open()
    stage.wait(5)

    assert len(stage.server.sent("phx_join")) == 5 + 8


def test_all_go_out_together_by_default(make_stage):
    stage = make_stage()
    want(stage, 60)
    stage.connect()

    assert stage.times("J") == [0] * 60


def test_a_join_on_an_open_connection_does_not_wait(make_stage):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=10))
    want(stage, 2)
    stage.connect()
    stage.channel("room:now").join()

    assert [message.topic for message in stage.server.sent("phx_join")] == [
        "room:0",
        "room:now",
    ]


def test_one_that_waits_for_its_turn_may_be_joined_by_hand_after_a_loss(make_stage):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=10))
    first, second = want(stage, 2)
    stage.connect()
    stage.wait(10)
    answer_all(stage)
    stage.lose()
    stage.wait(1)
    stage.open()
    before = second.state
    second.join()

    assert (before, second.state) == ("errored", "joining")
    assert stage.times("J") == [0, 10, 11, 11]
    first.leave()
    second.leave()


def test_one_that_is_left_gives_its_turn_to_the_next(make_stage):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=10))
    _, second, _ = want(stage, 3)
    stage.connect()
    second.leave()
    stage.wait(10)

    assert [message.topic for message in stage.server.sent("phx_join")] == [
        "room:0",
        "room:2",
    ]


def test_only_the_time_of_the_caller_runs_while_a_join_waits_for_its_turn(
    make_stage, notes
):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=30), timeout=10)
    _, second = want(stage, 2)
    second.join().subscribe(notes)
    stage.connect()
    answer_all(stage)
    stage.wait(29)
    before = second.state
    stage.wait(10)
    stage.answer("phx_join")

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert (before, second.state) == ("joining", "joined")
    assert stage.times("J") == [0, 30]


def test_a_second_caller_has_its_own_time_while_the_join_waits_for_its_turn(make_stage):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=30))
    _, channel = want(stage, 2)
    stage.connect()
    stage.wait(10)
    second = channel.join(timeout=4)
    stage.scheduler.advance_before(14)
    before = second.status
    stage.wait(0)

    assert (before, second.status) == (None, "timeout")
    stage.wait(16)
    assert stage.times("J") == [0, 30]


def test_a_successor_waits_for_its_turn_in_its_callers_time(make_stage):
    stage = make_stage(rejoin=Rejoin(at_once=1, every=30), timeout=10)
    want(stage, 1)
    stage.connect()
    answer_all(stage)
    stage.socket.remove(stage.joined())
    join = stage.channel().join()
    stage.wait(5)
    stage.answer("phx_leave")
    stage.scheduler.advance_before(15)
    before = join.status
    stage.wait(0)

    assert (before, join.status) == (None, "timeout")
    assert stage.times("J") == [0, 0]


def test_a_join_whose_turn_came_fails_in_its_time(make_stage):
    asked = []

    async def params():
        asked.append(stage.scheduler.clock)
        await sleep(100)

    stage = make_stage(rejoin=Rejoin(at_once=1, every=1))
    want(stage, 1)
    channel = stage.channel("room:slow", params)
    channel.join(timeout=2).mark_seen()
    stage.connect()
    answer_all(stage)
    stage.wait(2.9)
    before = channel.state
    stage.wait(0.1)
    after = channel.state
    stage.wait(1)

    assert (before, after) == ("joining", "errored")
    assert asked == [1, 4]
    channel.leave()


def test_a_join_that_fails_as_its_turn_comes_is_tried_again(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1, jitter=0), at_once=1, every=1))
    want(stage, 1)
    answers = iter([ValueError("no params today"), {}])

    def params():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    channel = stage.channel("room:1", params)
    channel.join().mark_seen()
    stage.connect()
    stage.wait(3)

    assert channel.state == "joining"
    assert stage.times("J") == [0, 2]
    assert [str(error) for error in stage.unhandled] == ["no params today"]
    stage.unhandled.clear()


def test_refused_joins_keep_to_the_pace_when_they_are_tried_again(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(10), at_once=2, every=1))
    want(stage, 4)
    stage.connect()
    stage.wait(5)
    for message in stage.server.sent("phx_join"):
        stage.answer(message, "error", {"reason": "too many"})
    stage.wait(15)

    assert stage.times("J") == [0, 0, 1, 2, 15, 15, 16, 17]


# Hints.


def hinting(error):
    return error.response["retry_after_ms"] / 1000


def test_a_hint_is_the_least_time_to_wait(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), hint=hinting))
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error", {"retry_after_ms": 4000})
    stage.wait(4)
    stage.answer("phx_join", "error", {"retry_after_ms": 10})
    stage.wait(1)

    assert stage.times("J") == [0, 4, 5]


@pytest.mark.parametrize(
    ("hint", "wait"), [(None, 1), (0, 1), (timedelta(seconds=3), 3), (4000, 120)]
)
def test_it_may_be_any_duration_up_to_two_minutes(make_stage, hint, wait):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), hint=lambda _: hint))
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error")
    stage.wait(150)

    assert stage.times("J")[:2] == [0, wait]


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (hinting, "KeyError"),
        (lambda _: -1, "UsageError"),
        (lambda _: "soon", "UsageError"),
        (lambda _: float("nan"), "UsageError"),
        (lambda _: (_ for _ in ()).throw(CancelledError()), "RuntimeError"),
    ],
    ids=["raises", "negative", "text", "not a number", "cancelled"],
)
def test_a_hint_that_fails_is_reported_and_the_usual_delay_counts(
    make_stage, hint, kind
):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), hint=hint))
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error", {"reason": "rate_limited"})
    stage.wait(1)

    assert stage.times("J") == [0, 1]
    assert [type(error).__name__ for error in stage.unhandled] == [kind]
    stage.unhandled.clear()


def test_the_wait_of_a_hint_outlives_a_reconnect(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(1), hint=hinting))
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error", {"retry_after_ms": 4000})
    stage.wait(1)
    stage.lose()
    stage.wait(1)
    stage.open()
    stage.wait(4)

    assert stage.times("J") == [0, 4]


def test_the_delay_does_not_outlive_it_without_a_hint(make_stage):
    stage = make_stage(rejoin=Rejoin(Backoff.steps(30), hint=lambda _: None))
    stage.connect()
    stage.channel().join().mark_seen()
    stage.answer("phx_join", "error")
    stage.lose()
    stage.wait(1)
    stage.open()

    assert stage.times("J") == [0, 1]
