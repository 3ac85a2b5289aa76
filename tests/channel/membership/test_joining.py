"""Joins: what they say, and how long they wait."""

from asyncio import sleep

import pytest

from rx_phoenix import (
    EncodeError,
    PushCancelled,
    PushTimeout,
)
from tests.conformance.harness import hook_calls
from tests.operators.recording_observer import RecordingObserver


@pytest.fixture
def notes():
    return RecordingObserver()


def answer_all(stage, status="ok"):
    """Answer the joins that were not, in their order."""
    for message in stage.server.sent("phx_join"):
        stage.answer(message, status)


# What is sent.


def test_each_attempt_has_a_ref_of_its_own(stage):
    channel = stage.joined()
    join = channel.join()
    stage.say(channel, "phx_error")
    stage.wait(1)

    assert (join.ref, channel.join_ref) == ("2", "2")


def test_there_is_no_join_ref_while_none_is_in_force(stage):
    channel = stage.channel()
    before = channel.join_ref
    stage.joined()
    stage.lose()
    lost = channel.join_ref
    stage.wait(1)
    stage.open()
    stage.answer("phx_join", "error")

    assert (before, lost, channel.join_ref) == (None, None, None)
    channel.join().mark_seen()


@pytest.mark.defect(23)
@pytest.mark.case(113)
@pytest.mark.parametrize("seconds", [None, 1])
def test_params_are_asked_for_at_every_attempt(stage, seconds):
    asked = []

    def now():
        asked.append(1)
        return {"n": len(asked)}

    async def later():
        await sleep(seconds)
        return now()

    stage.connect()
    channel = stage.channel(params=later if seconds else now)
    channel.join()
    stage.wait(1)
    stage.answer("phx_join", "error")
    stage.wait(2)
    stage.answer("phx_join")
    stage.say(channel, "phx_error")
    stage.wait(2)
    stage.lose()
    stage.wait(0.01)
    stage.open()
    stage.wait(1)

    assert [m.payload for m in stage.server.sent("phx_join")] == [
        {"n": 1},
        {"n": 2},
        {"n": 3},
        {"n": 4},
    ]
    channel.join().mark_seen()


def test_params_are_asked_for_no_earlier_than_the_join_can_be_sent(stage):
    asked = []

    def params():
        asked.append(stage.socket.state)
        return {}

    stage.channel(params=params).join()
    before = list(asked)
    stage.open()

    assert (before, asked) == ([], ["open"])


def test_params_that_cannot_be_said_are_refused_at_the_call(stage):
    stage.connect()
    channel = stage.channel(params={"a": object()})
    with pytest.raises(EncodeError):
        channel.join()

    assert channel.state == "closed"
    assert not channel.is_wanted
    assert stage.wire == []


def test_params_that_cannot_be_said_are_an_error_of_a_lease(stage, notes):
    stage.connect()
    stage.channel(params={"a": object()}).joined.subscribe(notes)

    assert [type(error) for error in notes.errors] == [EncodeError]
    assert stage.channel().state == "closed"


def raise_now():
    raise RuntimeError("no token")


async def raise_later():
    raise_now()


class Broken:
    def tolist(self):
        raise LookupError("there is none")


@pytest.mark.defect(23)
@pytest.mark.parametrize(
    "params",
    [
        pytest.param(raise_now, id="raises"),
        pytest.param(raise_later, id="raises later"),
        pytest.param(lambda: 7, id="not a mapping"),
        pytest.param(lambda: {"a": object()}, id="cannot be encoded"),
        pytest.param(lambda: {"a": Broken()}, id="cannot be converted"),
        pytest.param(lambda: ["a"], id="a list"),
    ],
)
def test_params_that_fail_are_a_failed_attempt_and_asked_for_again(
    stage, notes, params
):
    answers = [params]

    def provide():
        return answers.pop()() if answers else {"a": 1}

    stage.connect()
    channel = stage.channel(params=provide)
    join = channel.join()
    join.subscribe(notes)
    calls = hook_calls(join)
    stage.wait(0)
    before = channel.state
    stage.wait(1)
    stage.answer("phx_join")

    assert before == "errored"
    assert [type(error) for error in notes.errors] == [PushCancelled]
    assert "was not sent: its params raised" in str(notes.errors[0])
    assert notes.errors[0].__cause__ is stage.unhandled[0]
    assert calls == [("timeout", {}), ("ok", {})]
    assert stage.wire[-1].payload == {"a": 1}
    assert len(stage.unhandled) == 1
    stage.unhandled.clear()


def test_params_that_never_come_are_a_timeout(stage, notes):
    async def params():
        await stage.scheduler.loop.create_future()

    stage.connect()
    channel = stage.channel(params=params)
    channel.join().subscribe(notes)
    stage.wait(10)
    before = channel.state
    stage.wait(1)

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert (before, channel.state) == ("errored", "joining")
    assert stage.wire == []


def test_params_of_a_join_that_is_over_are_not_sent(stage):
    ends = []

    async def params():
        try:
            await sleep(5)
        finally:
            ends.append(stage.scheduler.clock)

    stage.connect()
    channel = stage.channel(params=params)
    channel.join()
    stage.wait(1)
    channel.leave()
    stage.wait(60)

    assert stage.wire == []
    assert ends == [1]


CALLS = {
    "leave": lambda stage, channel: channel.leave(),
    "leave and join": lambda stage, channel: (channel.leave(), channel.join()),
    "disconnect": lambda stage, channel: stage.socket.disconnect(),
    "aclose": lambda stage, channel: stage.socket.aclose(),
    "remove": lambda stage, channel: stage.socket.remove(channel),
    "join": lambda stage, channel: channel.join(),
    "push": lambda stage, channel: channel.push("inside"),
}


@pytest.mark.parametrize("call", CALLS)
def test_who_is_asked_for_params_may_do_anything(stage, call):
    calls = [call]

    def params():
        if calls:
            CALLS[calls.pop()](stage, channel)
        return {"n": 1}

    stage.connect()
    channel = stage.channel(params=params)
    channel.join()
    joins = len(stage.server.sent("phx_join"))
    answer_all(stage)

    is_wanted = call in {"leave and join", "join", "push"}
    assert joins == is_wanted
    assert channel.state == (
        "joined" if is_wanted else "errored" if call == "disconnect" else "closed"
    )


# Its deadline.


@pytest.mark.parametrize("timeout", [None, 3])
def test_a_join_without_an_answer_times_out(stage, notes, timeout):
    stage.connect()
    channel = stage.channel()
    join = channel.join(timeout)
    join.subscribe(notes)
    calls = hook_calls(join)
    stage.scheduler.advance_before(timeout or 10)
    before = channel.state
    stage.wait(0)

    assert (before, channel.state) == ("joining", "errored")
    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert calls == [("timeout", {})]


def test_a_join_that_the_timeout_brings_about_is_sent_after_that(stage):
    stage.connect()
    channel = stage.channel()
    channel.states.subscribe(
        lambda state: channel.join() if state == "errored" else None
    )
    channel.join()
    stage.wait(10)

    assert stage.story == ["phx_join", "phx_leave", "phx_join"]
    assert channel.state == "joining"


def test_it_is_tried_again(stage):
    stage.connect()
    channel = stage.channel()
    calls = hook_calls(channel.join())
    stage.wait(11)
    stage.answer("phx_join")

    assert channel.state == "joined"
    assert calls == [("timeout", {}), ("ok", {})]


def test_each_attempt_has_its_time_anew(stage):
    stage.connect()
    channel = stage.channel()
    channel.join(timeout=3)
    stage.wait(3 + 1)
    stage.scheduler.advance_before(stage.scheduler.clock + 3)
    before = channel.state
    stage.wait(0)

    assert (before, channel.state) == ("joining", "errored")


@pytest.mark.case(135)
def test_without_a_connection_its_time_runs_all_the_same(stage, notes):
    channel = stage.channel()
    channel.join().subscribe(notes)
    stage.wait(10)
    before = channel.state
    stage.open()
    stage.answer("phx_join")

    assert [type(error) for error in notes.errors] == [PushTimeout]
    assert before == "errored"
    assert channel.state == "joined"
    assert stage.story == ["phx_join"]


@pytest.mark.defect(12)
def test_what_is_left_of_it_is_for_the_server(stage, notes):
    channel = stage.channel()
    channel.join().subscribe(notes)
    stage.wait(7)
    stage.open()
    stage.scheduler.advance_before(10)
    before = notes.is_open
    stage.wait(0)

    assert before
    assert [type(error) for error in notes.errors] == [PushTimeout]


def test_behind_another_join_its_time_does_not_run(stage):
    stage.connect()
    first, second = stage.channel("room:1"), stage.channel("room:2")
    first.join()
    second.join()
    stage.wait(9)
    stage.answer(stage.server.sent("phx_join")[0])
    stage.scheduler.advance_before(19)
    before = second.state
    stage.wait(0)

    assert (first.state, before) == ("joined", "joining")
    assert second.state == "errored"


def test_behind_a_join_that_times_out_it_has_all_its_time(stage):
    stage.connect()
    first, second = stage.channel("room:1"), stage.channel("room:2")
    first.join(timeout=5)
    second.join(timeout=3)
    stage.wait(5)
    before = second.state
    stage.scheduler.advance_before(8)
    still = second.state
    stage.wait(0)

    assert (before, still, second.state) == ("joining", "joining", "errored")


def test_behind_a_join_that_is_left_it_has_all_its_time(stage):
    stage.connect()
    first, second = stage.channel("room:1"), stage.channel("room:2")
    first.join()
    second.join(timeout=3)
    stage.wait(2)
    first.leave()
    stage.scheduler.advance_before(5)
    before = second.state
    stage.wait(0)

    assert (before, second.state) == ("joining", "errored")


def test_many_joins_of_a_slow_server_all_succeed(stage):
    stage.connect()
    channels = [stage.channel(f"room:{n}") for n in range(20)]
    calls = [hook_calls(channel.join()) for channel in channels]
    for message in stage.server.sent("phx_join"):
        stage.wait(9)
        stage.answer(message)

    assert calls == [[("ok", {})]] * 20


def test_a_push_is_not_put_off_by_a_join(stage):
    stage.connect()
    joined = stage.joined("room:1")
    stage.channel("room:2").join(timeout=60)
    push = joined.push("shout")
    stage.wait(10)

    assert push.status == "timeout"


# The push of a join.


def test_its_callbacks_run_at_each_rejoin_too(stage):
    channel = stage.joined()
    calls = hook_calls(channel.join())
    stage.lose()
    stage.wait(0.01)
    stage.open()
    stage.answer("phx_join", "error", {"n": 2})
    stage.wait(1)
    stage.answer("phx_join", "ok", {"n": 3})

    assert calls == [("ok", {}), ("error", {"n": 2}), ("ok", {"n": 3})]


def test_as_a_stream_it_is_the_first_attempt(stage, notes):
    channel = stage.joined()
    join = channel.join()
    join.subscribe(notes)
    stage.say(channel, "phx_error")
    stage.wait(1)
    stage.answer("phx_join", "error")

    assert notes == RecordingObserver([{}], [], 1)
    assert join.status == "ok"


def test_cancelling_it_ends_that_wait_only(stage):
    stage.connect()
    channel = stage.channel()
    join = channel.join()
    join.cancel()
    stage.answer("phx_join")

    assert join.status == "cancelled"
    assert channel.state == "joined"


def test_it_is_answered_by_its_ref_whatever_join_the_answer_names(stage):
    channel, join = stage.channel_in("joining"), stage.server.last("phx_join")
    answer = {"status": "ok", "response": {}}
    stage.receive("phx_reply", answer, join_ref="77", ref=join.ref)

    assert channel.state == "joined"


def test_a_late_reply_meanwhile_is_not_its_answer(stage):
    channel, join = stage.channel_in("joining"), stage.server.last("phx_join")
    answer = {"status": "ok", "response": {}}
    stage.receive("phx_reply", answer, join_ref=join.ref, ref="99")
    before = channel.state
    stage.answer(join)

    assert (before, channel.state) == ("joining", "joined")


def test_a_join_that_is_answered_as_it_is_sent_holds_up_no_later_one(stage):
    stage.connect()
    ok = {"status": "ok", "response": {}}
    answering = stage.socket.sent.subscribe(
        lambda sent: stage.receive("phx_reply", ok, join_ref=sent.ref, ref=sent.ref)
    )
    channel, other = stage.channel(), stage.channel("room:2")
    join = channel.join()
    answering.dispose()
    later = other.join()
    stage.wait(10)

    assert (join.status, later.status) == ("ok", "timeout")
