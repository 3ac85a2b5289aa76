import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rx_phoenix._streams.deadline import Deadline, DeadlinePool, SerialDeadlines
from rx_phoenix.testing._time.scheduler import VirtualScheduler


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def deadline_of(time, log):
    """A deadline of some seconds, which says its name when it expires."""

    def make(name, allowance=10.0):
        return Deadline(time, allowance, lambda: log.append((name, time.clock)))

    return make


class BoundedQueue:
    """Says its name when it expires."""

    def __init__(self, name, within, time, log):
        self.name = name
        self.within = within
        self.time = time
        self.log = log

    def expire(self):
        self.log.append((self.name, self.time.clock))

    def cancel(self):
        self.dues.pop(self, None)


@pytest.fixture
def deadlines(time):
    return DeadlinePool(lambda: time)


@pytest.fixture
def wait(time, log, deadlines):
    """Wait for some seconds."""

    def wait(name, within=10.0):
        waiting = BoundedQueue(name, within, time, log)
        waiting.dues = deadlines.add(waiting)
        return waiting

    return wait


# The deadlines of many.


def test_each_of_many_expires_in_its_own_time(time, log, wait):
    wait("a")
    wait("short", 2.0)
    time.advance_by(1)
    wait("b")
    wait("c")
    time.advance_by(60)

    assert log == [("short", 2.0), ("a", 10.0), ("b", 11.0), ("c", 11.0)]


def test_one_that_was_removed_does_not_expire_and_the_others_do(time, log, wait):
    first = wait("first")
    time.advance_by(1)
    wait("second")
    first.cancel()
    time.advance_by(60)

    assert log == [("second", 11.0)]


def test_those_that_wait_equally_long_share_a_timer(time, wait):
    waiting = [wait("equal") for _ in range(100)]
    armed = len(time.pending)
    for one in waiting:
        one.cancel()
    time.advance_by(60)

    assert armed == 1


def test_the_timer_stays_for_whoever_comes_next(time, log, wait):
    wait("first").cancel()
    timers = time.pending
    time.advance_by(4)
    wait("second")
    armed = time.pending
    time.advance_by(60)

    assert armed == timers
    assert log == [("second", 14.0)]


def test_a_timer_that_nobody_needs_ends_when_it_is_due(time, log, wait):
    wait("first").cancel()
    time.advance_by(10)
    left = time.pending
    wait("second")
    time.advance_by(60)

    assert left == ()
    assert log == [("second", 20.0)]


def test_lengths_that_nobody_waits_for_keep_few_timers(time, deadlines, wait):
    most = 0
    for number in range(1000):
        wait("once", 100.0 + number).cancel()
        most = max(most, len(time.pending))
    deadlines.drop_idle_timers()

    assert most <= 16


def test_any_number_of_lengths_is_waited_for(time, log, wait):
    for number in range(100):
        wait(number, 100.0 - number)
    time.advance_by(100)

    assert [name for name, _ in log] == [*reversed(range(100))]


def test_where_no_timer_can_be_started_nothing_waits(time, log, deadlines, wait):
    def refuse(*_):
        raise RuntimeError("closed")

    call_later, time.call_later = time.call_later, refuse
    with pytest.raises(RuntimeError, match="closed"):
        wait("never")
    time.call_later = call_later
    deadlines.drop_idle_timers()
    wait("a")
    time.advance_by(60)

    assert log == [("a", 10.0)]


def test_idle_timers_can_be_dropped_and_the_others_go_on(time, log, deadlines, wait):
    wait("gone").cancel()
    wait("here", 5.0)
    deadlines.drop_idle_timers()
    armed = len(time.pending)
    wait("new")
    time.advance_by(60)

    assert armed == 1
    assert log == [("here", 5.0), ("new", 10.0)]


@pytest.mark.parametrize("within", [0.1, 0.2, 0.3, 0.7, 1.1])
def test_sums_of_seconds_that_are_no_round_numbers_expire(time, log, wait, within):
    for number in range(40):
        wait(number, within)
        time.advance_by(0.1)
    time.advance_by(60)

    assert [name for name, _ in log] == list(range(40))


def test_removing_twice_is_the_same_as_once(time, log, wait):
    waiting = wait("a")
    waiting.cancel()
    waiting.cancel()
    time.advance_by(60)

    assert log == []


def test_one_that_expires_may_remove_others_and_wait_anew(time, log, deadlines, wait):
    class Eager(BoundedQueue):
        def expire(self):
            super().expire()
            second.cancel()
            wait("again")

    deadlines.add(Eager("first", 10.0, time, log))
    second = wait("second")
    time.advance_by(60)

    assert log == [("first", 10.0), ("again", 20.0)]


# A deadline.


def test_it_expires_when_its_seconds_are_used_up(time, log, deadline_of):
    deadline_of("a").run()
    time.advance_before(10)
    before = list(log)
    time.advance_to(10)

    assert before == []
    assert log == [("a", 10.0)]


def test_it_does_not_count_before_it_runs(time, log, deadline_of):
    deadline = deadline_of("a")
    time.advance_by(60)
    deadline.run()
    time.advance_by(10)

    assert log == [("a", 70.0)]


def test_a_pause_costs_nothing(time, log, deadline_of):
    deadline = deadline_of("a")
    deadline.run()
    time.advance_by(4)
    deadline.pause()
    time.advance_by(60)
    deadline.run()
    time.advance_by(6)

    assert log == [("a", 70.0)]


def test_running_twice_and_pausing_twice_are_the_same_as_once(time, log, deadline_of):
    deadline = deadline_of("a")
    deadline.run()
    time.advance_by(4)
    deadline.run()
    deadline.pause()
    time.advance_by(1)
    deadline.pause()
    deadline.run()
    time.advance_by(6)

    assert log == [("a", 11.0)]


def test_a_disposed_one_is_silent(time, log, deadline_of):
    deadline = deadline_of("a")
    deadline.run()
    deadline.dispose()
    deadline.run()
    time.advance_by(60)

    assert log == []


def test_one_that_expired_and_runs_again_expires_at_once(time, log, deadline_of):
    deadline = deadline_of("a", 3.0)
    deadline.run()
    time.advance_by(3)
    deadline.run()
    time.advance_by(0)

    assert log == [("a", 3.0), ("a", 3.0)]


# The line in which requests are answered.


def test_only_the_first_in_line_counts(time, log, deadline_of):
    queue, first, second = (
        SerialDeadlines(),
        deadline_of("first"),
        deadline_of("second"),
    )
    queue.add(first)
    queue.add(second)
    time.advance_by(9)
    queue.remove(first)
    time.advance_by(10)

    assert log == [("second", 19.0)]


def test_one_that_ran_before_it_was_added_keeps_what_it_has_left(
    time, log, deadline_of
):
    queue, first, second = (
        SerialDeadlines(),
        deadline_of("first"),
        deadline_of("second"),
    )
    queue.add(first)
    second.run()
    time.advance_by(4)
    queue.add(second)
    time.advance_by(5)
    queue.remove(first)
    time.advance_by(6)

    assert log == [("second", 15.0)]


def test_a_removal_from_the_middle_leaves_the_first_running(time, log, deadline_of):
    queue = SerialDeadlines()
    a, b, c = deadline_of("a"), deadline_of("b"), deadline_of("c")
    for deadline in (a, b, c):
        queue.add(deadline)
    time.advance_by(4)
    queue.remove(b)
    time.advance_by(6)
    queue.remove(a)
    time.advance_by(10)

    assert log == [("a", 10.0), ("c", 20.0)]


def test_removing_what_is_not_in_line_changes_nothing(time, log, deadline_of):
    queue, first, stranger = (
        SerialDeadlines(),
        deadline_of("first"),
        deadline_of("stranger"),
    )
    queue.add(first)
    stranger.run()
    queue.remove(stranger)
    time.advance_by(10)

    assert sorted(log) == [("first", 10.0), ("stranger", 10.0)]


def test_a_removed_one_is_silent(time, log, deadline_of):
    queue, deadline = SerialDeadlines(), deadline_of("a")
    queue.add(deadline)
    queue.remove(deadline)
    time.advance_by(60)

    assert log == []


def test_clearing_silences_everyone(time, log, deadline_of):
    queue, first, second = (
        SerialDeadlines(),
        deadline_of("first"),
        deadline_of("second"),
    )
    queue.add(first)
    queue.add(second)
    queue.clear()
    queue.remove(first)
    time.advance_by(60)

    assert log == []


# Who waits for what is in line now.


def test_with_nobody_in_line_it_is_answered_at_once(log):
    SerialDeadlines().when_answered(lambda: log.append("answered"))

    assert log == ["answered"]


def test_it_waits_for_all_that_are_in_line_now_and_for_none_behind(log, deadline_of):
    queue = SerialDeadlines()
    first, second, later = deadline_of("1"), deadline_of("2"), deadline_of("3")
    queue.add(first)
    queue.add(second)
    queue.when_answered(lambda: log.append("answered"))
    queue.add(later)
    queue.remove(first)
    before = list(log)
    queue.remove(second)
    after = list(log)
    queue.clear()

    assert before == []
    assert after == ["answered"]


def test_answers_out_of_turn_are_all_waited_for(log, deadline_of):
    queue = SerialDeadlines()
    first, second = deadline_of("first"), deadline_of("second")
    queue.add(first)
    queue.add(second)
    queue.when_answered(lambda: log.append("answered"))
    queue.remove(second)
    before = list(log)
    queue.remove(first)

    assert before == []
    assert log == ["answered"]


def test_two_that_wait_for_the_same_are_both_told(log, deadline_of):
    queue, first, second = (
        SerialDeadlines(),
        deadline_of("first"),
        deadline_of("second"),
    )
    queue.add(first)
    queue.when_answered(lambda: log.append("one"))
    queue.add(second)
    queue.when_answered(lambda: log.append("two"))
    queue.remove(second)
    queue.remove(first)

    assert log == ["one", "two"]


def test_clearing_tells_nobody_that_it_was_answered(log, deadline_of):
    queue = SerialDeadlines()
    queue.add(deadline_of("a"))
    queue.when_answered(lambda: log.append("answered"))
    queue.clear()

    assert log == []


class QueueMachine(RuleBasedStateMachine):
    """Serial deadlines expire as if each second belonged to the first in line."""

    ALLOWANCE = 5

    def __init__(self):
        super().__init__()
        self.time = VirtualScheduler()
        self.queue = SerialDeadlines()
        self.line = []
        self.expired = []
        self.expected = []

    @rule()
    def add(self):
        name = len(self.expired) + len(self.line)

        def expire():
            self.expired.append(deadline)
            self.queue.remove(deadline)

        deadline = Deadline(self.time, self.ALLOWANCE, expire)
        self.queue.add(deadline)
        self.line.append([deadline, self.ALLOWANCE, name])

    @rule(seconds=st.integers(1, 7))
    def wait(self, seconds):
        self.time.advance_by(seconds)
        while self.line and seconds:
            spent = min(seconds, self.line[0][1])
            self.line[0][1] -= spent
            seconds -= spent
            if not self.line[0][1]:
                self.expected.append(self.line.pop(0)[0])

    @rule(data=st.data())
    def answer(self, data):
        if self.line:
            place = data.draw(st.integers(0, len(self.line) - 1))
            self.queue.remove(self.line.pop(place)[0])

    @rule()
    def lose(self):
        self.queue.clear()
        self.line.clear()

    @invariant()
    def they_expired_in_their_turn(self):
        assert self.expired == self.expected

    @invariant()
    def one_timer_is_armed_while_somebody_is_in_line(self):
        assert len(self.time.pending) == bool(self.line)


TestQueueMachine = QueueMachine.TestCase
