import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from reactivex import operators as ops
from reactivex.observer import Observer

from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import ConnectionLost, UsageError


class Boom(Exception):
    pass


@pytest.fixture
def calls():
    return []


@pytest.fixture
def lease(calls, reported):
    return Lease(
        lambda: calls.append("acquire"),
        lambda: calls.append("release"),
        reported.append,
    )


@pytest.fixture
def stream(lease):
    return lease.observable


def lease_that(acquire, reported, release=lambda: None):
    return Lease(acquire, release, reported.append)


# First in, last out.


def test_the_first_acquires_and_the_last_releases(lease, stream, calls):
    first, second = stream.subscribe(), stream.subscribe()
    first.dispose()
    before = list(calls)
    second.dispose()

    assert before == ["acquire"]
    assert calls == ["acquire", "release"]


def test_disposing_twice_releases_once(stream, calls):
    subscription = stream.subscribe()
    subscription.dispose()
    subscription.dispose()

    assert calls == ["acquire", "release"]


def test_it_is_acquired_anew_after_its_release(stream, calls):
    stream.subscribe().dispose()
    stream.subscribe()

    assert calls == ["acquire", "release", "acquire"]


def test_it_knows_whether_it_is_held(lease, stream):
    before = lease.is_held
    subscription = stream.subscribe()
    during = lease.is_held
    subscription.dispose()

    assert (before, during, lease.is_held) == (False, True, False)


def test_its_outside_is_always_the_same(lease):
    assert lease.observable is lease.observable


def test_the_first_misses_nothing_of_what_acquiring_brings(reported, log):
    lease = lease_that(lambda: lease.emit("joined"), reported)
    log.subscribe_to(lease.observable)

    assert log == ["joined"]


def test_a_first_observer_that_takes_one_acquires_before_it_releases(calls, reported):
    def acquire():
        calls.append("acquire")
        lease.emit("joined")

    lease = lease_that(acquire, reported, lambda: calls.append("release"))
    lease.observable.pipe(ops.take(1)).subscribe()

    assert calls == ["acquire", "release"]


# Replay.


def test_a_later_observer_gets_the_current_value_first(lease, stream, log, other):
    log.subscribe_to(stream)
    lease.emit(1)
    other.subscribe_to(stream)
    lease.emit(2)

    assert log == [1, 2]
    assert other == [1, 2]


def test_a_forgotten_value_is_told_to_nobody(lease, stream, log):
    stream.subscribe()
    lease.emit(1)
    lease.forget()
    log.subscribe_to(stream)

    assert log == []


def test_what_was_emitted_before_the_first_observer_is_kept(lease, stream, log):
    lease.emit("open")
    log.subscribe_to(stream)

    assert log == ["open"]


def test_a_release_forgets(lease, stream, log):
    subscription = stream.subscribe()
    lease.emit("of the last time")
    subscription.dispose()
    log.subscribe_to(stream)

    assert log == []


# The end, and the start after it.


def test_an_error_ends_it_for_all_and_the_next_acquires_anew(
    lease, stream, log, other, calls
):
    log.subscribe_to(stream)
    other.subscribe_to(stream)
    lease.emit(1)
    lease.fail(Boom("over"))
    heard = list(log)
    log.subscribe_to(stream)
    lease.emit(2)

    assert heard == other == [1, ("error", "over")]
    assert log == [*heard, 2]
    assert calls == ["acquire", "acquire"]


def test_a_completion_ends_it_for_all_and_the_next_acquires_anew(
    lease, stream, log, calls
):
    log.subscribe_to(stream)
    lease.emit(1)
    lease.complete()
    log.subscribe_to(stream)
    lease.emit(2)

    assert log == [1, "completed", 2]
    assert calls == ["acquire", "acquire"]


def test_disposing_after_the_end_releases_nothing(lease, stream, calls):
    subscription = stream.subscribe()
    lease.complete()
    subscription.dispose()

    assert calls == ["acquire"]
    assert not lease.is_held


def test_an_end_that_nobody_hears_is_no_end_for_the_next(lease, stream, log, calls):
    lease.fail(Boom())
    lease.complete()
    log.subscribe_to(stream)

    assert log == []
    assert calls == ["acquire"]


def test_each_observer_gets_an_error_of_its_own(lease, stream):
    got = []
    stream.subscribe(on_error=got.append)
    stream.subscribe(on_error=got.append)
    lease.fail(ConnectionLost(1008))

    assert [error.code for error in got] == [1008, 1008]
    assert got[0] is not got[1]


@pytest.mark.parametrize("end", ["fail", "complete"])
def test_who_subscribes_inside_the_end_starts_a_new_generation(
    lease, stream, log, calls, end
):
    def again(*_):
        log.subscribe_to(stream)

    stream.subscribe(on_error=again, on_completed=again)
    stream.subscribe(on_error=again, on_completed=again)
    if end == "fail":
        lease.fail(Boom())
    else:
        lease.complete()
    lease.emit(1)

    assert calls == ["acquire", "acquire"]
    assert log == [1, 1]


def test_a_retry_acquires_anew(lease, stream, log, calls):
    log.subscribe_to(stream.pipe(ops.retry()))
    lease.fail(Boom())
    lease.emit(1)

    assert calls == ["acquire", "acquire"]
    assert log == [1]


def test_a_retry_without_end_is_no_recursion(reported, log):
    attempts = []

    def acquire():
        attempts.append(1)
        if len(attempts) < 5000:
            lease.fail(Boom())
        else:
            lease.emit("at last")

    lease = lease_that(acquire, reported)
    log.subscribe_to(lease.observable.pipe(ops.retry()))

    assert log == ["at last"]


# Acquiring that fails.


@pytest.mark.parametrize("error", [UsageError("no loop"), Boom("no loop")])
def test_what_acquiring_raises_is_the_observers_error(reported, log, error):
    def acquire():
        raise error

    lease = lease_that(acquire, reported)
    log.subscribe_to(lease.observable)

    assert log == [("error", "no loop")]
    assert reported == []
    assert not lease.is_held


def test_what_acquiring_raises_is_an_observer_objects_error(reported, log):
    def acquire():
        raise UsageError("no loop")

    lease = lease_that(acquire, reported)
    lease.observable.subscribe(Observer(on_error=log.append))

    assert [str(error) for error in log] == ["no loop"]


def test_what_acquiring_raises_is_raised_if_nobody_hears_it(reported):
    def acquire():
        raise UsageError("no loop")

    lease = lease_that(acquire, reported)
    with pytest.raises(UsageError, match="no loop"):
        lease.observable.subscribe(print)

    assert reported == []
    assert not lease.is_held


def test_who_came_while_acquiring_failed_hears_of_it(reported, log):
    def acquire():
        log.subscribe_to(lease.observable)
        raise UsageError("no loop")

    lease = lease_that(acquire, reported)
    with pytest.raises(UsageError):
        lease.observable.subscribe(print)

    assert log == [("error", "no loop")]


def test_acquiring_that_fails_and_raises_ends_one_generation_only(reported, log, other):
    attempts = []

    def acquire():
        attempts.append(1)
        if len(attempts) == 1:
            lease.fail(Boom("first"))
            other.subscribe_to(lease.observable)
            raise UsageError("second")

    lease = lease_that(acquire, reported)
    log.subscribe_to(lease.observable)
    lease.emit(1)

    assert log == [("error", "first")]
    assert other == [1]


def test_it_can_be_acquired_after_a_failure(reported, log):
    attempts = []

    def acquire():
        attempts.append(1)
        if len(attempts) == 1:
            raise UsageError("no loop")
        lease.emit("joined")

    lease = lease_that(acquire, reported)
    log.subscribe_to(lease.observable)
    log.subscribe_to(lease.observable)

    assert log == [("error", "no loop"), "joined"]


# Inside an emission.


def test_who_is_let_in_inside_an_emission_gets_each_value_once(lease, stream, log):
    def let_in(value):
        if value == 1:
            lease.emit(2)
            log.subscribe_to(stream)

    stream.subscribe(let_in)
    lease.emit(1)

    assert log == [1, 2]


def test_the_last_to_go_inside_an_emission_releases(lease, stream, calls):
    subscription = stream.subscribe(lambda _: subscription.dispose())
    lease.emit(1)

    assert calls == ["acquire", "release"]


def test_a_value_of_the_last_generation_does_not_reach_the_next(
    lease, stream, log, calls
):
    def hand_over(_):
        lease.emit("queued behind this one")
        subscription.dispose()
        log.subscribe_to(stream)

    subscription = stream.subscribe(hand_over)
    lease.emit("first")
    lease.emit("of the next")

    assert calls == ["acquire", "release", "acquire"]
    assert log == ["of the next"]


def test_who_subscribes_inside_the_release_acquires(reported, log):
    calls = []

    def release():
        calls.append("release")
        if len(calls) == 2:
            log.subscribe_to(lease.observable)

    lease = lease_that(lambda: calls.append("acquire"), reported, release)
    lease.observable.subscribe().dispose()
    lease.emit(1)

    assert calls == ["acquire", "release", "acquire"]
    assert log == [1]


def test_a_greeting_that_ends_it_acquires_nothing(lease, stream, calls):
    lease.emit("open")
    stream.subscribe(lambda _: lease.complete())

    assert calls == []


@pytest.mark.parametrize("with_scheduler", [True, False])
async def test_it_loses_no_value_behind_operators(reported, log, with_scheduler):
    scheduler = LoopScheduler.current() if with_scheduler else None
    lease = lease_that(lambda: lease.emit(1), reported)

    stream = lease.observable.pipe(ops.start_with(0), ops.retry(), ops.share())
    log.subscribe_to(stream, scheduler=scheduler)
    lease.emit(2)

    assert log == [0, 1, 2]


class LeaseMachine(RuleBasedStateMachine):
    """Held and acquired are the same, and every observer hears its own generation."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.lease = Lease(
            lambda: self.calls.append("acquire"),
            lambda: self.calls.append("release"),
            lambda error: None,
        )
        self.present = []
        self.latest = []
        self.expected_calls = []
        self.gone = []

    def observe(self, expected):
        heard = []
        subscription = self.lease.observable.subscribe(
            heard.append, lambda _: heard.append("error"), lambda: heard.append("end")
        )
        self.present.append((heard, expected, subscription))

    @rule()
    def subscribe(self):
        if not self.present:
            self.expected_calls.append("acquire")
        self.observe(list(self.latest))

    @rule(data=st.data())
    def dispose(self, data):
        if self.present:
            index = data.draw(st.integers(0, len(self.present) - 1))
            *heard, subscription = self.present.pop(index)
            subscription.dispose()
            self.gone.append((*heard, subscription))
            if not self.present:
                self.expected_calls.append("release")
                self.latest = []

    @rule()
    def dispose_again(self):
        for _, _, subscription in self.gone:
            subscription.dispose()

    @rule(value=st.integers())
    def emit(self, value):
        self.latest = [value]
        for _, expected, _ in self.present:
            expected.append(value)
        self.lease.emit(value)

    @rule()
    def forget(self):
        self.latest = []
        self.lease.forget()

    @rule(how=st.sampled_from(["error", "end"]))
    def end(self, how):
        for _, expected, _ in self.present:
            expected.append(how)
        self.gone += self.present
        self.present, self.latest = [], []
        if how == "error":
            self.lease.fail(Boom())
        else:
            self.lease.complete()

    @rule()
    def come_again_inside_the_end(self):
        if not self.present:
            self.expected_calls.append("acquire")
        first = self.lease.observable.subscribe(
            on_error=lambda _: self.observe([]), on_completed=lambda: self.observe([])
        )
        self.end("end")
        first.dispose()
        self.expected_calls.append("acquire")

    @rule()
    def hand_over_inside_an_emission(self):
        """The last one goes, and another comes, while a value is delivered."""
        self.end("end")
        self.expected_calls += ["acquire", "release", "acquire"]

        def hand_over(_):
            self.lease.emit("queued for the old ones")
            old.dispose()
            self.lease.emit("to the next")
            self.observe(["to the next"])

        old = self.lease.observable.subscribe(hand_over)
        self.lease.emit("first")
        self.latest = ["to the next"]

    @invariant()
    def it_is_acquired_while_it_is_held(self):
        assert self.calls == self.expected_calls
        assert self.lease.is_held is bool(self.present)

    @invariant()
    def everybody_heard_what_was_theirs(self):
        assert all(heard == expected for heard, expected, _ in self.present)
        assert all(heard == expected for heard, expected, _ in self.gone)


TestLeaseMachine = LeaseMachine.TestCase
