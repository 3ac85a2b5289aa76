"""Many observers, one subscription, and nothing left of an earlier one."""

import gc
import weakref

import pytest
import reactivex
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from reactivex import Observable
from reactivex import operators as ops
from reactivex.disposable import Disposable

from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import UsageError
from rx_phoenix.operators._retry_with_backoff import retry_with_backoff
from rx_phoenix.operators._share_latest import share_latest
from rx_phoenix.testing import VirtualScheduler
from tests.operators.recording_observer import Failure, RecordingObserver

FAILURE = Failure("gone")


class Server:
    """A cold source that counts: each subscription is a hub of its own."""

    def __init__(self):
        self.reported = []
        self.hubs = []
        self.left = 0

    @property
    def stream(self):
        return Observable(self._subscribe)

    def _subscribe(self, observer, scheduler=None):
        hub = Hub(self.reported.append)
        self.hubs.append(hub)
        subscription = hub.subscribe(observer)

        def leave():
            self.left += 1
            subscription.dispose()

        return Disposable(leave)

    @property
    def opened(self):
        return len(self.hubs)

    @property
    def is_held(self):
        return self.left < self.opened

    @property
    def current(self):
        return self.hubs[-1]


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def shared(server):
    return server.stream.pipe(share_latest())


@pytest.fixture
def other_notes():
    return RecordingObserver()


def test_observers_share_one_subscription(server, shared, notes, other_notes):
    shared.subscribe(notes)
    shared.subscribe(other_notes)

    server.current.on_next("a")

    assert server.opened == 1
    assert notes.values == other_notes.values == ["a"]


def test_who_comes_late_gets_the_latest_value_and_only_that(server, shared, notes):
    shared.subscribe()
    server.current.on_next("a")
    server.current.on_next("b")

    shared.subscribe(notes)

    assert notes.values == ["b"]


def test_none_is_a_value_too(server, shared, notes):
    shared.subscribe()
    server.current.on_next(None)

    shared.subscribe(notes)

    assert notes.values == [None]


def test_the_last_to_leave_unsubscribes(server, shared):
    first, second = shared.subscribe(), shared.subscribe()

    first.dispose()
    assert server.is_held
    second.dispose()

    assert not server.is_held


def test_disposing_twice_counts_once(server, shared):
    first = shared.subscribe()
    shared.subscribe()

    first.dispose()
    first.dispose()

    assert server.is_held


def test_after_the_last_left_everything_starts_afresh(server, shared, notes):
    shared.subscribe().dispose()
    subscription = shared.subscribe()
    server.current.on_next("old")
    subscription.dispose()

    shared.subscribe(notes)

    assert server.opened == 3
    assert notes.values == []


def test_after_an_error_everything_starts_afresh(server, shared, notes, other_notes):
    shared.subscribe(notes)
    server.current.on_next("old")
    server.current.on_error(FAILURE)

    shared.subscribe(other_notes)

    assert notes.errors == [FAILURE]
    assert server.opened == 2
    assert other_notes == RecordingObserver()


def test_after_a_completion_everything_starts_afresh(
    server, shared, notes, other_notes
):
    shared.subscribe(notes)
    server.current.on_next("old")
    server.current.on_completed()

    shared.subscribe(other_notes)

    assert notes.completions == 1
    assert server.opened == 2
    assert other_notes == RecordingObserver()


def test_everybody_hears_of_the_end(server, shared, notes, other_notes):
    shared.subscribe(notes)
    shared.subscribe(other_notes)

    server.current.on_error(FAILURE)

    assert notes.errors == other_notes.errors == [FAILURE]
    assert not server.is_held


def test_who_subscribes_on_hearing_the_end_starts_afresh(server, shared, notes):
    shared.subscribe(on_error=lambda _: shared.subscribe(notes))
    server.current.on_next("old")

    server.current.on_error(FAILURE)
    server.current.on_next("new")

    assert server.opened == 2
    assert notes.values == ["new"]


def test_values_emitted_within_subscribe_reach_the_first_observer(notes):
    shared = reactivex.of(1, 2, 3).pipe(share_latest())

    shared.subscribe(notes)

    assert notes.values == [1, 2, 3]
    assert notes.completions == 1


def test_one_value_may_be_all_that_is_wanted(server, notes):
    source = server.stream.pipe(ops.start_with("a"))

    source.pipe(share_latest(), ops.take(1)).subscribe(notes)

    assert notes.values == ["a"]
    assert not server.is_held


def test_leaving_within_an_emission_is_heeded(server, shared, notes, other_notes):
    first = shared.subscribe(lambda _: second.dispose())
    second = shared.subscribe(notes)

    server.current.on_next("a")

    assert notes.values == []
    first.dispose()
    assert not server.is_held


def test_coming_within_an_emission_gets_its_value_once(server, shared, notes):
    shared.pipe(ops.take(1)).subscribe(lambda _: shared.subscribe(notes))
    shared.subscribe()

    server.current.on_next("a")
    server.current.on_next("b")

    assert notes.values == ["a", "b"]


def test_the_last_may_leave_and_come_again_within_an_emission(server, shared, notes):
    def come_again(_):
        subscription.dispose()
        shared.subscribe(notes)

    subscription = shared.subscribe(come_again)
    server.current.on_next("old")
    server.current.on_next("new")

    assert server.opened == 2
    assert notes.values == ["new"]


def test_a_value_emitted_within_an_emission_comes_after_it_for_all(
    server, shared, notes
):
    shared.subscribe(
        lambda value: server.current.on_next("echo") if value == "call" else None
    )
    shared.subscribe(notes)

    server.current.on_next("call")

    assert notes.values == ["call", "echo"]


# Observers that raise


def broken(_):
    raise LookupError("a bug")


def test_an_observer_that_raises_harms_nobody(server, shared, notes):
    shared.subscribe(broken)
    shared.subscribe(notes)

    server.current.on_next("a")
    server.current.on_next("b")

    assert notes.values == ["a", "b"]
    assert [str(error) for error in server.reported] == ["a bug", "a bug"]


def test_what_several_observers_raise_reaches_the_source_as_a_group(server, shared):
    shared.subscribe(broken)
    shared.subscribe(broken)

    server.current.on_next("a")

    (group,) = server.reported
    assert [str(error) for error in group.exceptions] == ["a bug", "a bug"]


def test_an_observer_that_raises_at_the_end_harms_nobody(server, shared, notes):
    shared.subscribe(on_completed=lambda: broken(None))
    shared.subscribe(notes)

    server.current.on_completed()

    assert notes.completions == 1
    assert [str(error) for error in server.reported] == ["a bug"]


def test_an_observer_without_on_error_lets_the_source_know(server, shared, notes):
    shared.subscribe()
    shared.subscribe(notes)

    server.current.on_error(FAILURE)

    assert notes.errors == [FAILURE]
    assert server.reported == [FAILURE]


def test_an_observer_that_raises_at_its_first_value_is_not_admitted(server, shared):
    errors = []
    first = shared.subscribe()
    server.current.on_next("a")

    shared.subscribe(broken, errors.append)
    first.dispose()

    assert [str(error) for error in errors] == ["a bug"]
    assert not server.is_held


def test_an_exception_is_not_taken_for_that_of_a_nested_emission(server, shared, notes):
    def emit_another(value):
        if value == "a":
            server.current.on_next("b")
            notes.on_next("emitted")

    shared.subscribe(broken)
    shared.subscribe(emit_another)

    server.current.on_next("a")

    assert notes.values == ["emitted"]


# Lingering


@pytest.fixture
def lingering(server, time):
    return server.stream.pipe(share_latest(linger=2.0, scheduler=time))


def test_lingering_keeps_the_subscription_for_a_while(server, lingering, time):
    lingering.subscribe().dispose()

    time.advance_by(1.9)
    assert server.is_held
    time.advance_by(0.1)

    assert not server.is_held


def test_who_comes_in_that_while_gets_the_latest_value(server, lingering, time, notes):
    lingering.subscribe().dispose()
    server.current.on_next("meanwhile")
    time.advance_by(1)

    subscription = lingering.subscribe(notes)
    time.advance_by(5)

    assert server.opened == 1
    assert notes.values == ["meanwhile"]
    subscription.dispose()
    time.advance_by(2)
    assert not server.is_held


def test_who_comes_after_that_while_starts_afresh(server, lingering, time, notes):
    lingering.subscribe().dispose()
    server.current.on_next("old")
    time.advance_by(2)

    subscription = lingering.subscribe(notes)

    assert server.opened == 2
    assert notes.values == []
    subscription.dispose()
    time.advance_by(2)


def test_an_end_in_that_while_is_an_end(server, lingering, time, notes):
    lingering.subscribe().dispose()

    server.current.on_error(FAILURE)
    subscription = lingering.subscribe(notes)

    assert time.pending == ()
    assert server.opened == 2
    assert notes == RecordingObserver()
    subscription.dispose()
    time.advance_by(2)


def test_the_scheduler_of_the_subscription_times_the_lingering(server, time):
    shared = server.stream.pipe(share_latest(linger=2.0))

    shared.subscribe(scheduler=time).dispose()
    time.advance_by(2)

    assert not server.is_held


def test_lingering_without_a_loop_is_refused_when_subscribing(server, notes):
    server.stream.pipe(share_latest(linger=2.0)).subscribe(notes)

    assert isinstance(notes.errors[0], UsageError)
    assert server.opened == 0


def test_a_linger_that_is_no_duration_is_refused():
    with pytest.raises(UsageError, match="duration must be"):
        share_latest(-1)


# One operator, many sources


def test_one_operator_shares_each_source_apart(notes, other_notes):
    operator = share_latest()
    one, another = Server(), Server()
    one_shared, another_shared = (
        one.stream.pipe(operator),
        another.stream.pipe(operator),
    )
    one_shared.subscribe(notes)
    another_shared.subscribe(other_notes)

    one.current.on_next("a")
    another.current.on_next("b")

    assert notes.values == ["a"]
    assert other_notes.values == ["b"]


def test_nothing_is_left_of_a_subscription(server, shared):
    value = RecordingObserver()
    subscription = shared.subscribe()
    server.current.on_next(value)
    subscription.dispose()
    server.hubs.clear()
    remains = weakref.ref(value)

    del value, subscription
    gc.collect()

    assert remains() is None


# Together with retry_with_backoff


class Flaky:
    """A cold source whose attempts each emit their number and then may fail."""

    def __init__(self):
        self.attempts = []

    @property
    def stream(self):
        def subscribe(observer, scheduler=None):
            self.attempts.append(observer)
            observer.on_next(len(self.attempts))
            return Disposable()

        return Observable(subscribe)

    def fail(self):
        self.attempts[-1].on_error(FAILURE)


@pytest.fixture
def flaky():
    return Flaky()


def retrying(time):
    return retry_with_backoff(lambda attempt: 1.0, scheduler=time)


def test_a_share_below_a_retry_forgets_what_failed(flaky, time, notes, other_notes):
    shared = flaky.stream.pipe(retrying(time), share_latest())
    first = shared.subscribe(notes)

    flaky.fail()
    second = shared.subscribe(other_notes)
    assert other_notes.values == []
    time.advance_by(1)

    assert notes.values == [1, 2]
    assert other_notes.values == [2]
    first.dispose()
    second.dispose()


def test_operators_between_the_two_change_nothing(flaky, time, notes):
    shared = flaky.stream.pipe(retrying(time), ops.map(str), share_latest())
    first = shared.subscribe()

    flaky.fail()
    second = shared.subscribe(notes)

    assert notes.values == []
    first.dispose()
    second.dispose()


def test_a_retry_below_a_share_never_gets_an_old_value_or_an_old_end(
    flaky, time, notes, other_notes
):
    persistent = flaky.stream.pipe(share_latest(), retrying(time))
    first = persistent.subscribe(notes)
    second = persistent.subscribe(other_notes)

    flaky.fail()
    assert len(flaky.attempts) == 1
    time.advance_by(1)

    assert len(flaky.attempts) == 2
    assert notes.values == other_notes.values == [1, 2]
    first.dispose()
    second.dispose()


@pytest.mark.parametrize("is_shared_first", [True, False])
def test_in_either_order_a_failing_source_is_tried_once_a_delay(
    is_shared_first, time, notes
):
    attempts = []

    def fail(observer, scheduler=None):
        attempts.append(time.clock)
        observer.on_error(FAILURE)
        return Disposable()

    operators = [share_latest(), retrying(time)]
    source = Observable(fail).pipe(*(operators if is_shared_first else operators[::-1]))
    subscription = source.subscribe(notes)
    time.advance_by(5)
    subscription.dispose()

    assert attempts == [0, 1, 2, 3, 4, 5]


class Comings(RuleBasedStateMachine):
    """Two observers come and go while the source emits, fails, completes and waits."""

    linger = 0.0

    def __init__(self):
        super().__init__()
        self.time = VirtualScheduler()
        self.server = Server()
        self.shared = self.server.stream.pipe(
            share_latest(self.linger, scheduler=self.time)
        )
        self.subscriptions = {}
        self.notes = {}
        self.expected = {}
        self.latest = []
        self.is_connected = False
        self.opened = 0
        self.leaves_at = None
        self.values = 0

    observers = st.sampled_from("xy")

    @rule(name=observers)
    def come(self, name):
        if name not in self.subscriptions:
            self.notes[name], self.expected[name] = (
                RecordingObserver(),
                RecordingObserver(),
            )
            if not self.is_connected:
                self.opened += 1
                self.is_connected = True
            self.expected[name].values += self.latest
            self.leaves_at = None
            self.subscriptions[name] = self.shared.subscribe(self.notes[name])

    @rule(name=observers)
    def go(self, name):
        if name in self.subscriptions:
            self.subscriptions.pop(name).dispose()
            if not self.subscriptions:
                self.leaves_at = self.time.clock + self.linger
                self.leave_when_due()

    @precondition(lambda self: self.is_connected)
    @rule()
    def emit(self):
        self.values += 1
        self.server.current.on_next(self.values)
        self.latest = [self.values]
        for name in self.subscriptions:
            self.expected[name].values.append(self.values)

    @precondition(lambda self: self.is_connected)
    @rule(is_failure=st.booleans())
    def end(self, is_failure):
        if is_failure:
            self.server.current.on_error(FAILURE)
        else:
            self.server.current.on_completed()
        for name in self.subscriptions:
            self.expected[name].errors += [FAILURE] * is_failure
            self.expected[name].completions += not is_failure
        self.subscriptions.clear()
        self.disconnect()

    @rule(duration=st.sampled_from([0.0, 0.5, 1.0]))
    def wait(self, duration):
        self.time.advance_by(duration)
        self.leave_when_due()

    def leave_when_due(self):
        if self.leaves_at is not None and self.leaves_at <= self.time.clock:
            self.disconnect()

    def disconnect(self):
        self.is_connected = False
        self.latest = []
        self.leaves_at = None

    @invariant()
    def everybody_got_what_was_due(self):
        assert self.notes == self.expected

    @invariant()
    def the_source_is_held_as_long_as_it_should_be(self):
        assert self.server.is_held is self.is_connected
        assert self.server.opened == self.opened

    @invariant()
    def no_timer_is_armed_but_the_lingering(self):
        assert len(self.time.pending) == (self.leaves_at is not None)

    @invariant()
    def nobody_raised(self):
        assert self.server.reported == []


class LingeringComings(Comings):
    linger = 1.0


TestComings = Comings.TestCase
TestLingeringComings = LingeringComings.TestCase
