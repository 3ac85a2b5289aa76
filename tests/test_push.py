"""A push by itself: what it tells, to whom, and how often."""

import gc
from asyncio import CancelledError, Event, create_task, sleep

import pytest

from rx_phoenix._protocol.message import Reply
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.deadline import DeadlinePool
from rx_phoenix.errors import (
    ChannelCrashed,
    ConnectionLost,
    JoinRefused,
    PushCancelled,
    PushRefused,
    PushTimeout,
)
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from tests.operators.recording_observer import RecordingObserver

OK = Reply("ok", {"id": 7})
REFUSAL = Reply("error", {"reason": "full"})


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def reported():
    return []


@pytest.fixture
def cancelled():
    """The pushes that were taken from wherever they waited."""
    return []


@pytest.fixture
def push(time, reported, cancelled):
    return ChannelPush(
        "room:1",
        "shout",
        {"body": "hi"},
        10.0,
        report=reported.append,
        spawn=time.spawn,
        on_cancel=cancelled.append,
    )


@pytest.fixture
def notes():
    return RecordingObserver()


def calls_of(push, *statuses):
    """Statuses and responses of the `receive` callbacks, as they come."""
    calls = []

    def note(status):
        push.receive(status, lambda response: calls.append((status, response)))

    for status in statuses or ("ok", "error", "timeout"):
        note(status)
    return calls


ENDS = {
    "ok": lambda push: push.answer(OK),
    "error": lambda push: push.answer(REFUSAL),
    "odd": lambda push: push.answer(Reply("odd", None)),
    "timeout": lambda push: push.expire(),
    "cancelled": lambda push: push.cancel(),
    "crashed": lambda push: push.cancel_as(ChannelCrashed("it crashed")),
    "lost": lambda push: push.cancel_as(ConnectionLost(1006)),
}

# What each end is: as a status, a value, an error and a callback.

TABLE = [
    # end, status, outcome, error, receive
    ("ok", "ok", OK, None, "ok"),
    ("error", "error", REFUSAL, PushRefused, "error"),
    ("odd", "odd", Reply("odd", None), PushRefused, "odd"),
    ("timeout", "timeout", Reply("timeout", {}), PushTimeout, "timeout"),
    ("cancelled", "cancelled", Reply("cancelled", {}), PushCancelled, "timeout"),
    ("crashed", "cancelled", Reply("cancelled", {}), ChannelCrashed, "timeout"),
    ("lost", "lost", Reply("lost", {}), ConnectionLost, "timeout"),
]
ends = pytest.mark.parametrize("end", ENDS)


@pytest.mark.parametrize(("end", "status"), [row[:2] for row in TABLE])
def test_its_status_says_how_it_ended(push, end, status):
    before = push.status
    ENDS[end](push)

    assert (before, push.status) == (None, status)


@pytest.mark.parametrize(("end", "outcome"), [(row[0], row[2]) for row in TABLE])
@pytest.mark.parametrize("is_late", [False, True])
def test_its_outcome_is_one_reply_and_never_an_error(
    push, notes, end, outcome, is_late
):
    if is_late:
        ENDS[end](push)
        push.outcome.subscribe(notes)
    else:
        push.outcome.subscribe(notes)
        ENDS[end](push)

    assert notes == RecordingObserver([outcome], [], 1)


@pytest.mark.parametrize(("end", "outcome"), [(row[0], row[2]) for row in TABLE])
def test_its_outcome_can_be_awaited(push, time, end, outcome):
    ENDS[end](push)

    assert time.loop.run_until_complete(push.outcome) == outcome


@pytest.mark.defect(33)
@pytest.mark.parametrize(("end", "error"), [(row[0], row[3]) for row in TABLE])
@pytest.mark.parametrize("is_late", [False, True])
def test_it_emits_an_ok_and_errors_for_the_rest(push, notes, end, error, is_late):
    if is_late:
        ENDS[end](push)
        push.subscribe(notes)
    else:
        push.subscribe(notes)
        ENDS[end](push)

    if error is None:
        assert notes == RecordingObserver([{"id": 7}], [], 1)
    else:
        assert (notes.values, notes.completions) == ([], 0)
        assert [type(one) for one in notes.errors] == [error]


@pytest.mark.case(159)
@pytest.mark.parametrize(("end", "outcome", "hook"), [row[::2] for row in TABLE])
@pytest.mark.parametrize("is_late", [False, True])
def test_the_callback_of_its_status_gets_the_response(
    push, end, outcome, hook, is_late
):
    statuses = ("ok", "error", "odd", "timeout", "cancelled", "lost")
    if is_late:
        ENDS[end](push)
        calls = calls_of(push, *statuses)
    else:
        calls = calls_of(push, *statuses)
        ENDS[end](push)

    assert calls == [(hook, outcome.response)]


@ends
@pytest.mark.parametrize("other", ENDS)
def test_it_ends_once(push, notes, end, other):
    calls = calls_of(push, "ok", "error", "odd", "timeout")
    outcomes = RecordingObserver()
    push.subscribe(notes)
    push.outcome.subscribe(outcomes)
    ENDS[end](push)
    status = push.status
    ENDS[other](push)

    assert push.status == status
    assert len(calls) == 1
    assert len(notes.values + notes.errors) == 1
    assert len(outcomes.values) == 1


def test_what_it_says_of_a_refusal(push, notes):
    push.subscribe(notes)
    push.answer(REFUSAL)

    (error,) = notes.errors
    assert (error.status, error.response) == ("error", {"reason": "full"})
    assert str(error) == (
        "push 'shout' to 'room:1' was answered 'error': {'reason': 'full'}"
    )


def test_what_it_says_of_a_deadline(push, notes):
    push.subscribe(notes)
    push.expire()

    (error,) = notes.errors
    assert isinstance(error, TimeoutError)
    assert str(error) == "push 'shout' to 'room:1' timed out after 10 s"


def test_what_it_says_of_itself(push):
    before = repr(push)
    push.answer(OK)

    assert before == "<Push 'shout' to 'room:1': open>"
    assert repr(push) == "<Push 'shout' to 'room:1': ok>"


# Receive.


def test_receive_chains(push):
    assert push.receive("ok", print).receive("error", print) is push


@pytest.mark.case(159)
def test_callbacks_of_one_status_run_in_order_of_registration(push):
    calls = []
    for name in "abc":
        push.receive("ok", lambda _, name=name: calls.append(name))
    push.answer(OK)

    assert calls == ["a", "b", "c"]


@pytest.mark.defect(22)
def test_a_callback_that_raises_is_reported_and_its_siblings_run(push, reported):
    calls = []
    boom = RuntimeError("boom")

    def fail(_):
        raise boom

    push.receive("ok", fail)
    push.receive("ok", calls.append)
    push.answer(OK)
    push.receive("ok", fail)

    assert calls == [{"id": 7}]
    assert reported == [boom, boom]


def test_an_async_callback_runs_in_a_task(push, time):
    calls = []

    async def receive(response):
        await sleep(1)
        calls.append(response)

    push.receive("ok", receive)
    push.answer(OK)
    time.advance_by(1)

    assert calls == [{"id": 7}]


def test_an_async_callback_that_raises_is_reported(push, time, reported):
    boom = RuntimeError("boom")

    async def receive(_):
        raise boom

    push.receive("ok", receive)
    push.answer(OK)
    time.advance_by(0)

    assert reported == [boom]


def test_a_callback_registered_inside_another_runs_too(push):
    calls = []
    push.receive("ok", lambda _: push.receive("ok", calls.append))
    push.answer(OK)

    assert calls == [{"id": 7}]


def test_a_join_asked_again_waits_for_its_next_answer(push):
    calls = calls_of(push)
    push.answer(Reply("ok", {"n": 1}))
    push.begin_again()
    late = calls_of(push)

    assert late == []
    assert calls == [("ok", {"n": 1})]


def test_the_callbacks_run_for_each_answer_but_its_outcome_is_the_first(push, notes):
    calls = calls_of(push)
    push.subscribe(notes)
    push.settle(Reply("ok", {"n": 1}))
    push.run_hooks(Reply("ok", {"n": 1}))
    push.begin_again()
    push.settle(Reply("error", {"n": 2}))
    push.run_hooks(Reply("error", {"n": 2}))
    late = calls_of(push)

    assert calls == [("ok", {"n": 1}), ("error", {"n": 2})]
    assert late == [("error", {"n": 2})]
    assert notes == RecordingObserver([{"n": 1}], [], 1)
    assert push.status == "ok"


def test_one_attempt_has_one_answer(push):
    calls = calls_of(push)
    push.run_hooks(Reply("timeout", {}))
    push.run_hooks(Reply("ok", {}))

    assert calls == [("timeout", {})]


# Observers and awaits.


def test_disposing_ends_that_wait_only(push, notes, cancelled):
    gone = RecordingObserver()
    push.subscribe(gone).dispose()
    push.subscribe(notes)
    push.answer(OK)

    assert gone == RecordingObserver()
    assert notes.values == [{"id": 7}]
    assert cancelled == []


def test_each_observer_gets_an_error_of_its_own(push):
    first, second, late = RecordingObserver(), RecordingObserver(), RecordingObserver()
    push.subscribe(first)
    push.subscribe(second)
    push.answer(REFUSAL)
    push.subscribe(late)

    errors = first.errors + second.errors + late.errors
    assert len({id(error) for error in errors}) == 3
    assert {error.status for error in errors} == {"error"}


def test_many_can_await_it(push, time):
    async def main():
        tasks = [create_task(wait()) for _ in range(2)]
        await sleep(1)
        push.answer(OK)
        return [await task for task in tasks]

    async def wait():
        return await push

    assert time.loop.run_until_complete(main()) == [{"id": 7}, {"id": 7}]


@pytest.mark.defect(33)
def test_awaiting_raises_each_its_own_error(push, time):
    raised = []

    async def main():
        for _ in range(2):
            try:
                await push
            except PushRefused as error:
                raised.append(error)

    push.answer(REFUSAL)
    time.loop.run_until_complete(main())

    assert [error.response for error in raised] == [{"reason": "full"}] * 2
    assert raised[0] is not raised[1]


def test_cancelling_a_wait_ends_that_wait_only(push, time, cancelled):
    async def main():
        started = Event()

        async def wait():
            started.set()
            return await push

        impatient, patient = create_task(wait()), create_task(wait())
        await started.wait()
        impatient.cancel()
        with pytest.raises(CancelledError):
            await impatient
        push.answer(OK)
        return await patient

    assert time.loop.run_until_complete(main()) == {"id": 7}
    assert cancelled == []


# Cancelling.


def test_cancelling_takes_it_from_where_it_waits(push, notes, cancelled):
    push.subscribe(notes)
    push.cancel()

    assert cancelled == [push]
    assert "by its owner" in str(notes.errors[0])


@ends
def test_cancelling_after_the_end_changes_nothing(push, cancelled, end):
    ENDS[end](push)
    cancelled.clear()
    push.cancel()

    assert cancelled == []


def test_it_can_be_cancelled_where_nobody_keeps_it(reported):
    push = ChannelPush("room:1", "shout", {}, 10.0, report=reported.append, spawn=None)
    push.cancel()

    assert push.status == "cancelled"


@ends
def test_the_end_calls_off_its_deadline(push, time, end):
    deadlines = DeadlinePool(lambda: time)
    push.dues = deadlines.add(push)
    ENDS[end](push)
    deadlines.drop_idle_timers()

    assert time.pending == ()


# A refusal that nobody looked at.


def refused(reported, look=lambda push: None, reply=REFUSAL):
    """A push that was answered, looked at in some way, and forgotten."""
    push = ChannelPush("room:1", "shout", {}, 10.0, report=reported.append, spawn=None)
    look(push)
    push.answer(reply)
    del push
    gc.collect()
    return [(type(error), str(error)) for error in reported]


def test_a_refusal_that_nobody_looked_at_is_reported_when_it_is_collected(reported):
    text = "push 'shout' to 'room:1' was answered 'error': {'reason': 'full'}"

    assert refused(reported) == [(PushRefused, text)]


def test_a_refused_join_is_not_reported_because_refusals_and_the_log_have_it(reported):
    push = ChannelPush(
        "room:1", "phx_join", {}, 10.0, report=reported.append, spawn=None
    )
    push.settle_with(JoinRefused("error", {"reason": "full"}, "the join of 'room:1'"))
    del push
    gc.collect()

    assert reported == []


@pytest.mark.parametrize(
    "look",
    [
        lambda push: push.subscribe(on_error=lambda _: None),
        lambda push: push.outcome,
        lambda push: push.receive("error", lambda _: None),
        lambda push: push.mark_seen(),
    ],
    ids=["subscribe", "outcome", "receive", "mark_seen"],
)
def test_a_refusal_that_somebody_looked_at_is_silent(reported, look):
    assert refused(reported, look) == []


@pytest.mark.parametrize(("end", "status"), [row[:2] for row in TABLE])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_witness_is_told_how_it_ended(push, end, status, is_late):
    told = []
    if is_late:
        ENDS[end](push)
    push.on_settled(told.append)
    ENDS[end](push)

    assert told == [status]


def test_a_witness_may_go(push):
    told = []
    push.on_settled(told.append).dispose()
    push.answer(OK)

    assert told == []


def test_a_witness_is_nobody_who_looked_at_a_refusal(reported):
    told = []
    calls = refused(reported, lambda push: push.on_settled(told.append))

    assert (told, len(calls)) == (["error"], 1)


def test_a_refusal_that_was_awaited_is_silent(time, reported):
    async def wait():
        push = ChannelPush(
            "room:1", "shout", {}, 10.0, report=reported.append, spawn=None
        )
        push.answer(REFUSAL)
        with pytest.raises(PushRefused):
            await push

    time.loop.run_until_complete(wait())
    gc.collect()

    assert reported == []


def test_looking_at_the_status_is_looking(reported):
    push = ChannelPush("room:1", "shout", {}, 10.0, report=reported.append, spawn=None)
    push.answer(REFUSAL)
    status = push.status
    del push
    gc.collect()

    assert (status, reported) == ("error", [])


def test_looking_at_the_status_before_the_end_is_not_looking(reported):
    calls = refused(reported, lambda push: push.status)

    assert len(calls) == 1


def test_a_callback_for_another_status_is_not_looking(reported):
    calls = refused(reported, lambda push: push.receive("ok", print))

    assert len(calls) == 1


@pytest.mark.parametrize("end", sorted(ENDS.keys() - {"error", "odd"}))
def test_any_other_end_that_nobody_looked_at_is_silent(reported, end):
    push = ChannelPush("room:1", "shout", {}, 10.0, report=reported.append, spawn=None)
    ENDS[end](push)
    del push
    gc.collect()

    assert reported == []


def test_one_that_never_ended_is_silent_when_it_is_collected(reported):
    push = ChannelPush("room:1", "shout", {}, 10.0, report=reported.append, spawn=None)
    del push
    gc.collect()

    assert reported == []
