"""Retrying takes a pause, knows when to stop, and forgets what was long ago."""

from datetime import timedelta

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex import operators as ops
from reactivex.disposable import Disposable

from rx_phoenix.errors import (
    ConnectError,
    ConnectionLost,
    JoinRefused,
    PushTimeout,
    UsageError,
)
from rx_phoenix.operators._retry_with_backoff import Retry, retry_with_backoff
from rx_phoenix.policy import Backoff, Reconnect, Rejoin
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure

FAILURE = Failure("no route to host")


class Server:
    """A cold source that plays one script per subscription, the last for ever.

    A script is a list of (delay, value), in which an exception fails and None ends.
    """

    def __init__(self, time, *scripts):
        self.time = time
        self.scripts = scripts
        self.begun = []
        self.left = 0

    @property
    def stream(self):
        return Observable(self._subscribe)

    def _subscribe(self, observer, scheduler=None):
        script = self.scripts[min(len(self.begun), len(self.scripts) - 1)]
        self.begun.append(self.time.clock)
        timers = [
            self.time.call_later(delay, lambda value=value: self._emit(observer, value))
            for delay, value in script
        ]

        def leave():
            self.left += 1
            for timer in timers:
                timer.dispose()

        return Disposable(leave)

    def _emit(self, observer, value):
        if value is None:
            observer.on_completed()
        elif isinstance(value, Exception):
            observer.on_error(value)
        else:
            observer.on_next(value)


FAILS = [(0.0, FAILURE)]


def retrying(policy, **options):
    return retry_with_backoff(policy, **options)


def test_an_error_is_followed_by_the_delay_and_another_attempt(time, notes):
    server = Server(time, FAILS, [(0.0, "a"), (0.0, None)])
    server.stream.pipe(retrying(Backoff(2), scheduler=time)).subscribe(notes)

    time.advance_by(1.9)
    assert server.begun == [0.0]
    time.advance_by(0.1)

    assert server.begun == [0.0, 2.0]
    assert notes.values == ["a"]
    assert notes.completions == 1
    assert notes.errors == []


def test_the_delays_grow_by_the_policy(time, notes):
    server = Server(time, FAILS)
    subscription = server.stream.pipe(
        retrying(Backoff(1, 2, 5), scheduler=time)
    ).subscribe(notes)

    time.advance_by(18)
    subscription.dispose()

    assert server.begun == [0, 1, 3, 7, 12, 17]


def test_any_function_of_the_attempt_is_a_policy(time, notes):
    server = Server(time, FAILS)
    subscription = server.stream.pipe(
        retrying(lambda attempt: attempt * 10, scheduler=time)
    ).subscribe(notes)

    time.advance_by(35)
    subscription.dispose()

    assert server.begun == [0, 10, 30]


def test_chance_is_what_it_was_given(time, notes):
    chances = iter([0.5, 0.25])
    server = Server(time, FAILS)
    subscription = server.stream.pipe(
        retrying(
            Backoff(4, 1, jitter="full"),
            scheduler=time,
            random=lambda: next(chances),
        )
    ).subscribe(notes)

    time.advance_by(3)
    subscription.dispose()
    time.advance_by(9)

    assert server.begun == [0, 2, 3]


def test_disposing_during_the_delay_calls_the_timer_off(time, notes):
    server = Server(time, FAILS)
    subscription = server.stream.pipe(retrying(Backoff(2), scheduler=time)).subscribe(
        notes
    )
    time.advance_by(1)

    subscription.dispose()

    assert time.pending == ()
    assert notes.is_open


def test_disposing_during_an_attempt_leaves_the_source(time, notes):
    server = Server(time, [(5.0, "a")])
    subscription = server.stream.pipe(retrying(Backoff(2), scheduler=time)).subscribe(
        notes
    )

    subscription.dispose()

    assert server.left == 1
    assert time.pending == ()


def test_a_failed_attempt_is_left_before_the_next_one(time, notes):
    server = Server(time, FAILS, [(9.0, None)])
    server.stream.pipe(retrying(Backoff(1), scheduler=time)).subscribe(notes)

    time.advance_by(0)
    assert server.left == 1
    time.advance_by(10)

    assert server.left == 2


@pytest.mark.slow
def test_ten_thousand_failures_within_subscribe_take_no_recursion(time, notes):
    attempts = []

    def fail_at_once(observer, scheduler=None):
        attempts.append(time.clock)
        observer.on_error(FAILURE)
        return Disposable()

    Observable(fail_at_once).pipe(
        retrying(lambda attempt: 0.001, attempts=10_000, scheduler=time)
    ).subscribe(notes)
    time.advance_by(11)

    assert len(attempts) == 10_000
    assert notes.errors == [FAILURE]


def test_without_a_pause_an_attempt_still_waits_for_the_loops_turn(time, notes):
    server = Server(time, FAILS, [(0.0, None)])
    server.stream.pipe(retrying(lambda attempt: 0, scheduler=time)).subscribe(notes)

    assert server.begun == [0]
    time.advance_by(0)

    assert server.begun == [0, 0]


# When to stop


def test_the_budget_counts_attempts_in_all(time, notes):
    server = Server(time, FAILS)
    server.stream.pipe(retrying(Backoff(1, 1), attempts=3, scheduler=time)).subscribe(
        notes
    )

    time.advance_by(60)

    assert server.begun == [0, 1, 2]
    assert notes.errors == [FAILURE]


def test_a_budget_of_one_does_not_retry(notes):
    reactivex.throw(FAILURE).pipe(retrying(Backoff(1), attempts=1)).subscribe(notes)

    assert notes.errors == [FAILURE]


@pytest.mark.parametrize("attempts", [0, -1])
def test_a_budget_without_an_attempt_is_refused(attempts):
    with pytest.raises(UsageError, match="attempts must be 1 or more"):
        retry_with_backoff(Backoff(1), attempts=attempts)


@pytest.mark.parametrize("reset", [-1.0, float("nan"), timedelta(seconds=-1)])
def test_a_reset_that_is_no_duration_is_refused(reset):
    with pytest.raises(UsageError, match="reset must be"):
        retry_with_backoff(Backoff(1), reset=reset)


def test_give_up_makes_an_error_final(time, notes):
    asked = []

    def give_up(error):
        asked.append(error)
        return len(asked) == 2

    server = Server(time, FAILS)
    server.stream.pipe(
        retrying(Backoff(1, 1), give_up=give_up, scheduler=time)
    ).subscribe(notes)

    time.advance_by(60)

    assert asked == [FAILURE, FAILURE]
    assert server.begun == [0, 1]
    assert notes.errors == [FAILURE]


REFUSED = JoinRefused("error", {"reason": "unauthorized"})
FORBIDDEN = ConnectError("no", status=404)


@pytest.mark.parametrize(
    ("policy", "error", "is_final"),
    [
        (Backoff(1), FAILURE, False),
        (Backoff(1), UsageError("a mistake"), True),
        (Backoff(1), FORBIDDEN, False),
        (Reconnect(), FAILURE, False),
        (Reconnect(), FORBIDDEN, True),
        (Reconnect(), ConnectionLost(1008), True),
        (Reconnect(), ConnectionLost(1001), False),
        (Reconnect(), UsageError("a mistake"), True),
        (Reconnect(give_up=lambda error: False), FORBIDDEN, False),
        (Rejoin(), REFUSED, False),
        (Rejoin(give_up=lambda error: True), REFUSED, True),
        (Rejoin(give_up=lambda error: True), PushTimeout("late"), False),
        (Rejoin(), UsageError("a mistake"), True),
    ],
    ids=lambda value: value if isinstance(value, bool) else type(value).__name__,
)
def test_the_policy_says_which_error_is_final(policy, error, is_final, time, notes):
    subscription = (
        reactivex.throw(error).pipe(retrying(policy, scheduler=time)).subscribe(notes)
    )
    subscription.dispose()

    assert notes.errors == ([error] if is_final else [])


@pytest.mark.parametrize(
    ("decision", "is_final"), [(True, True), (False, False), (None, True)]
)
def test_give_up_goes_before_the_policy(decision, is_final, time, notes):
    decided = retrying(Reconnect(), give_up=lambda error: decision, scheduler=time)
    subscription = reactivex.throw(FORBIDDEN).pipe(decided).subscribe(notes)
    subscription.dispose()

    assert notes.errors == ([FORBIDDEN] if is_final else [])


# How long to wait


def test_a_reconnect_waits_as_long_as_the_server_asks(time, notes):
    busy = ConnectError("busy", status=503, headers={"Retry-After": "7"})
    server = Server(time, [(0.0, busy)], [(0.0, None)])
    server.stream.pipe(
        retrying(Reconnect(), scheduler=time, random=lambda: 0.0)
    ).subscribe(notes)

    time.advance_by(60)

    assert server.begun == [0, 7]


def test_a_rejoin_waits_by_its_delays(time, notes):
    server = Server(time, FAILS)
    subscription = server.stream.pipe(
        retrying(Rejoin(), scheduler=time, random=lambda: 0.5)
    ).subscribe(notes)

    time.advance_by(20)
    subscription.dispose()

    assert server.begun == [0, 1, 3, 8, 18]


# When the delays start over


def begun_of(time, script, until, policy=Backoff(1, 2, 100), **options):
    server = Server(time, FAILS, FAILS, script, FAILS)
    subscription = server.stream.pipe(
        retrying(policy, scheduler=time, **options)
    ).subscribe(on_error=print)
    time.advance_by(until)
    subscription.dispose()
    return server.begun


VALUE_THEN_FAILURE = [(0.0, "a"), (4.0, FAILURE)]
LATE_FAILURE = [(4.0, FAILURE)]


@pytest.mark.parametrize(
    ("script", "options", "begun"),
    [
        (VALUE_THEN_FAILURE, {}, [0, 1, 3, 8, 10]),
        (VALUE_THEN_FAILURE, {"reset": "value"}, [0, 1, 3, 8, 10]),
        (VALUE_THEN_FAILURE, {"reset": 4.0}, [0, 1, 3, 8, 10]),
        (VALUE_THEN_FAILURE, {"reset": timedelta(seconds=4)}, [0, 1, 3, 8, 10]),
        (VALUE_THEN_FAILURE, {"reset": 4.1}, [0, 1, 3, 11]),
        (VALUE_THEN_FAILURE, {"reset": "never"}, [0, 1, 3, 11]),
        (LATE_FAILURE, {}, [0, 1, 3, 11]),
        (LATE_FAILURE, {"reset": 0.1}, [0, 1, 3, 11]),
    ],
    ids=repr,
)
def test_the_delays_start_over(script, options, begun, time):
    assert begun_of(time, script, until=11, **options) == begun


@pytest.mark.parametrize(
    ("stable", "begun"), [(4.0, [0, 1, 3, 8, 10]), (5.0, [0, 1, 3, 11])]
)
def test_a_reconnect_says_itself_when_the_delays_start_over(stable, begun, time):
    policy = Reconnect(Backoff(1, 2, 100), stable=stable)

    assert begun_of(time, VALUE_THEN_FAILURE, until=11, policy=policy) == begun


def test_the_budget_starts_over_with_the_delays(time, notes):
    server = Server(time, [(0.0, "a"), (0.5, FAILURE)])
    subscription = server.stream.pipe(
        retrying(Backoff(1), attempts=2, scheduler=time)
    ).subscribe(notes)

    time.advance_by(6)
    subscription.dispose()

    assert len(server.begun) == 5
    assert notes.is_open


def test_stability_of_one_attempt_says_nothing_about_the_next(time):
    server = Server(time, VALUE_THEN_FAILURE, LATE_FAILURE, [(9.0, None)])
    subscription = server.stream.pipe(
        retrying(Backoff(1), reset=3.0, scheduler=time)
    ).subscribe()
    time.advance_by(20)
    subscription.dispose()

    assert server.begun == [0, 5, 11]


# What is told, and what goes wrong


def test_each_retry_is_told_with_its_error_before_its_delay(time, notes):
    told = []
    server = Server(time, FAILS, FAILS, [(0.0, None)])
    server.stream.pipe(
        retrying(
            Backoff(1), on_retry=lambda r: told.append((time.clock, r)), scheduler=time
        )
    ).subscribe(notes)

    time.advance_by(60)

    assert told == [(0, Retry(1, 1.0, FAILURE)), (1, Retry(2, 2.0, FAILURE))]


def test_being_told_may_be_the_moment_to_leave(time, notes):
    server = Server(time, FAILS)
    subscription = server.stream.pipe(
        retrying(Backoff(1), on_retry=lambda _: subscription.dispose(), scheduler=time)
    ).subscribe(notes)

    time.advance_by(60)

    assert server.begun == [0]
    assert notes.is_open


def broken(_):
    raise LookupError("a bug")


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (broken, {}),
        (Backoff(1), {"give_up": broken}),
        (Backoff(1), {"on_retry": broken}),
    ],
    ids=["policy", "give_up", "on_retry"],
)
def test_a_function_that_raises_ends_it_with_its_exception(
    policy, options, time, notes
):
    server = Server(time, FAILS)
    server.stream.pipe(retrying(policy, scheduler=time, **options)).subscribe(notes)

    time.advance_by(60)

    (error,) = notes.errors
    assert str(error) == "a bug"
    assert error.__notes__ == [f"Raised while retrying after {FAILURE!r}"]
    assert server.begun == [0]


def test_a_negative_delay_is_a_mistake(time, notes):
    reactivex.throw(FAILURE).pipe(retrying(lambda _: -1, scheduler=time)).subscribe(
        notes
    )

    assert isinstance(notes.errors[0], UsageError)


def test_without_a_loop_the_first_delay_says_so_and_why_it_was_needed(notes):
    reactivex.throw(FAILURE).pipe(retrying(Backoff(1))).subscribe(notes)

    (error,) = notes.errors
    assert isinstance(error, UsageError)
    assert "no running event loop" in str(error)
    assert repr(FAILURE) in error.__notes__[0]


def test_without_a_loop_stability_cannot_be_measured(notes):
    reactivex.never().pipe(retrying(Backoff(1), reset=1.0)).subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)


def test_without_an_error_no_loop_is_needed(notes):
    reactivex.of(1, 2).pipe(retrying(Backoff(1))).subscribe(notes)

    assert notes.values == [1, 2]
    assert notes.completions == 1


# Time, state and neighbours


def test_the_scheduler_of_the_subscription_gives_the_delays(time, notes):
    server = Server(time, FAILS, [(0.0, None)])
    server.stream.pipe(retrying(Backoff(1))).subscribe(notes, scheduler=time)

    time.advance_by(1)

    assert server.begun == [0, 1]


def test_the_running_loop_gives_the_delays(time, notes):
    server = Server(time, FAILS, [(0.0, None)])
    server.stream.pipe(retrying(Backoff(1))).subscribe(notes)

    time.advance_by(1)

    assert server.begun == [0, 1]


def test_an_operator_below_does_not_put_the_delays_into_threads(time, notes):
    server = Server(time, FAILS, [(0.0, None)])
    server.stream.pipe(retrying(Backoff(1)), ops.throttle_first(0.5)).subscribe(notes)

    time.advance_by(1)

    assert server.begun == [0, 1]


def test_one_operator_serves_many_sources_and_subscriptions(time, notes):
    operator = retrying(Backoff(1), attempts=2, scheduler=time)
    servers = [Server(time, FAILS), Server(time, FAILS)]
    for server in servers:
        server.stream.pipe(operator).subscribe(notes)
        server.stream.pipe(operator).subscribe(notes)

    time.advance_by(60)

    assert [server.begun for server in servers] == [[0, 0, 1, 1], [0, 0, 1, 1]]
    assert notes.errors == [FAILURE] * 4


def test_values_emitted_within_subscribe_are_not_lost(time, notes):
    reactivex.of(1, 2).pipe(
        ops.concat(reactivex.throw(FAILURE)),
        retrying(Backoff(1), attempts=2, reset="never", scheduler=time),
    ).subscribe(notes)

    time.advance_by(1)

    assert notes.values == [1, 2, 1, 2]
    assert notes.errors == [FAILURE]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0.1, 5)).map(
            lambda attempt: [
                *((0.0, n) for n in range(attempt[0])),
                (round(attempt[1], 3), FAILURE),
            ]
        ),
        min_size=1,
        max_size=8,
    ),
    st.floats(0, 60),
)
def test_at_any_moment_there_is_one_attempt_or_one_timer(scripts, moment):
    time = VirtualScheduler()
    server = Server(time, *scripts)
    subscription = server.stream.pipe(retrying(Backoff(1), scheduler=time)).subscribe()

    time.advance_by(round(moment, 3))
    is_between_attempts = server.left == len(server.begun)
    assert is_between_attempts or server.left == len(server.begun) - 1
    assert len(time.pending) == 1
    subscription.dispose()

    assert time.pending == ()
    assert server.left == len(server.begun)
