import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.state import Latest, LazyLatest, State


@pytest.fixture
def latest(reported):
    return Latest(reported.append)


@pytest.fixture
def state(reported):
    return State("closed", reported.append)


# Latest.


def test_a_new_observer_of_nothing_gets_nothing(latest, log):
    log.subscribe_to(latest.observable)

    assert log == []


def test_a_new_observer_gets_the_latest_value_first(latest, log):
    latest.on_next(1)
    latest.on_next(2)
    log.subscribe_to(latest.observable)
    latest.on_next(3)

    assert log == [2, 3]


def test_none_is_a_value_too(latest, log):
    latest.on_next(None)
    log.subscribe_to(latest.observable)

    assert log == [None]


def test_the_same_value_twice_is_two_values(latest, log):
    log.subscribe_to(latest.observable)
    latest.on_next(1)
    latest.on_next(1)

    assert log == [1, 1]


def test_a_forgotten_value_is_told_to_nobody(latest, log):
    latest.on_next(1)
    latest.forget()
    log.subscribe_to(latest.observable)
    latest.on_next(2)

    assert log == [2]


def test_a_value_that_waits_its_turn_is_forgotten_too(latest, log):
    def emit_and_forget(value):
        if value == 1:
            latest.on_next(2)
            latest.forget()

    latest.observable.subscribe(emit_and_forget)
    latest.on_next(1)
    log.subscribe_to(latest.observable)

    assert log == []


def test_a_value_is_forgotten_at_the_call(latest, log):
    def forget(_):
        latest.forget()
        log.subscribe_to(latest.observable)

    latest.observable.subscribe(forget)
    latest.on_next(1)

    assert log == []


def test_a_value_after_the_forgetting_is_kept(latest, log):
    def forget_and_emit(value):
        if value == 1:
            latest.forget()
            latest.on_next(2)

    latest.observable.subscribe(forget_and_emit)
    latest.on_next(1)
    log.subscribe_to(latest.observable)

    assert log == [2]


def test_an_ended_source_tells_its_end_only(latest, log):
    latest.on_next(1)
    latest.on_completed()
    log.subscribe_to(latest.observable)

    assert log == ["completed"]


def test_an_observer_that_raises_at_its_greeting_lives_on(latest, log, reported):
    def picky(value):
        if value == 1:
            raise ValueError
        log.append(value)

    latest.on_next(1)
    latest.observable.subscribe(picky)
    latest.on_next(2)

    assert log == [2]
    assert len(reported) == 1


def test_what_is_emitted_inside_a_greeting_waits_its_turn(latest, log, other):
    def answer(value):
        if value == 1:
            latest.on_next(2)
        log.append(value)

    other.subscribe_to(latest.observable)
    latest.on_next(1)
    latest.observable.subscribe(answer)

    assert log == other == [1, 2]


def test_an_end_inside_a_greeting_waits_its_turn(latest, log, reported):
    def answer(value):
        latest.on_completed()
        log.append(value)

    latest.on_next(1)
    latest.observable.subscribe(answer, on_completed=lambda: log.append("completed"))

    assert log == [1, "completed"]


def test_an_end_inside_a_greeting_is_told_to_the_watcher_in_order(reported):
    changes = []
    latest = Latest(reported.append, changes.append)
    latest.on_next(1)

    latest.observable.subscribe(lambda value: latest.on_completed())

    assert changes == [1, -1]


def test_a_watcher_that_emits_tells_the_first_observer_once(reported, log):
    def emit(change):
        latest.on_next(change)

    latest = Latest(reported.append, emit)
    latest.on_next(0)

    log.subscribe_to(latest.observable)

    assert log == [0, 1]


def test_taking_one_of_a_kept_value_ends_the_subscription(latest, log):
    latest.on_next(1)
    log.subscribe_to(latest.observable.pipe(ops.take(1)))

    assert log == [1, "completed"]
    assert not latest.is_watched


# State.


def test_a_state_tells_a_new_observer_where_it_stands(state, log):
    log.subscribe_to(state.observable)

    assert log == ["closed"]


def test_a_state_tells_changes_only(state, log):
    log.subscribe_to(state.observable)
    for value in ("closed", "open", "open", "closed"):
        state.on_next(value)

    assert log == ["closed", "open", "closed"]


def test_a_state_changes_at_the_call_and_is_told_in_order(state, log, other):
    values = []

    def move_on(value):
        if value == "open":
            state.on_next("closing")
            state.on_next("closed")
            values.append(state.value)

    log.subscribe_to(state.observable)
    state.observable.subscribe(move_on)
    other.subscribe_to(state.observable)
    state.on_next("open")

    assert values == ["closed"]
    assert log == other == ["closed", "open", "closing", "closed"]


def test_who_subscribes_while_a_change_is_told_gets_it_once(state, log):
    def let_in(value):
        if value == "open":
            log.subscribe_to(state.observable)

    state.observable.subscribe(let_in)
    state.on_next("open")

    assert log == ["open"]


def test_who_subscribes_while_another_change_waits_misses_neither(state, log):
    def let_in(value):
        if value == "open":
            state.on_next("closed")
            log.subscribe_to(state.observable)

    state.observable.subscribe(let_in)
    state.on_next("open")

    assert log == ["open", "closed"]


def test_who_subscribes_inside_a_greeting_misses_nothing(state, log, other):
    def let_in(value):
        if value == "closed":
            state.on_next("open")
            log.subscribe_to(state.observable)
        other.append(value)

    state.observable.subscribe(let_in)

    assert log == other == ["closed", "open"]


@pytest.mark.parametrize("with_scheduler", [True, False])
async def test_a_state_behind_operators_loses_no_change(state, log, with_scheduler):
    scheduler = LoopScheduler.current() if with_scheduler else None

    stream = state.observable.pipe(ops.start_with("first"), ops.retry(), ops.share())
    log.subscribe_to(stream, scheduler=scheduler)
    state.on_next("open")

    assert log == ["first", "closed", "open"]


@given(st.lists(st.one_of(st.none(), st.sampled_from("abc"))))
def test_every_observer_sees_the_distinct_states_from_its_own_on(steps):
    state = State("a", report=print)
    told = ["a"]
    logs = []
    for step in steps:
        if step is None:
            heard = []
            logs.append((len(told) - 1, heard))
            state.observable.subscribe(heard.append)
        else:
            if step != told[-1]:
                told.append(step)
            state.on_next(step)

    assert all(heard == told[since:] for since, heard in logs)
    assert state.value == told[-1]


# Lazy.


@pytest.fixture
def made():
    return []


@pytest.fixture
def lazy(reported, made):
    def make():
        made.append(len(made) + 1)
        return made[-1]

    return LazyLatest(make, reported.append)


def test_a_value_is_not_made_without_an_observer(lazy, made):
    lazy.changed()
    lazy.changed()

    assert made == []


def test_a_value_is_made_once_for_all_observers_that_come(lazy, log, other, made):
    lazy.changed()
    log.subscribe_to(lazy.observable)
    other.subscribe_to(lazy.observable)

    assert log == other == made == [1]


def test_observers_get_a_value_for_each_change(lazy, log):
    log.subscribe_to(lazy.observable)
    lazy.changed()
    lazy.changed()

    assert log == [1, 2]


def test_before_the_first_change_there_is_no_value(lazy, log, made):
    log.subscribe_to(lazy.observable)

    assert log == made == []


def test_a_value_is_made_again_after_a_change_that_had_no_observer(lazy, log, other):
    lazy.changed()
    log.subscribe_to(lazy.observable).dispose()
    lazy.changed()
    other.subscribe_to(lazy.observable)

    assert (log, other) == ([1], [2])
