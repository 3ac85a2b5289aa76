"""Heartbeats and pings of one connection, in virtual time."""

from itertools import count

import pytest

from rx_phoenix._connection.heartbeat import HeartbeatMonitor
from rx_phoenix._protocol.message import Message
from rx_phoenix._streams.deadline import Deadline, SerialDeadlines
from rx_phoenix.errors import PushTimeout
from rx_phoenix.policy import Heartbeat
from tests.connection.sleepy_time import SleepyTime
from tests.operators.recording_observer import RecordingObserver

DEFAULT = Heartbeat(20, 5)


class Line:
    """A wire that writes down what is sent, and when; the test may act on it.

    Attributes:
        received: The bytes that arrived, which the test counts.
        is_paused: Whether a consumer that is full has the reading stop.
        waiting: The frames that the network has not taken.
        taken: Those that it has taken.
        bytes_taken: The bytes that it has taken.
    """

    def __init__(self, time):
        self.time = time
        self.sent = []
        self.received = 0
        self.waiting = self.taken = self.bytes_taken = 0
        self.is_paused = False
        self.refs = count(1)
        self.on_send = None

    def next_ref(self):
        return str(next(self.refs))

    def send(self, message):
        self.sent.append((self.time.clock, message))
        if self.on_send is not None:
            self.on_send()


class BusyTime:
    """The time of a loop that is busy again and again, from 0 s on.

    What is due in a busy time runs at its end.
    """

    def __init__(self, time, busy, period):
        self.time = time
        self.busy = busy
        self.period = period

    def end_of_busy(self, clock):
        """The first idle moment from a time on."""
        begin = clock // self.period * self.period
        return max(clock, begin + self.busy)

    def monotonic(self):
        return self.time.monotonic()

    def wall_clock(self):
        return self.time.wall_clock()

    def watch(self, function):
        return self.time.watch(function)

    def call_later(self, delay, function):
        due = self.end_of_busy(self.time.clock + delay)
        return self.time.call_later(due - self.time.clock, function)


class Trial:
    """Heartbeats, every 20 s and to be answered within 5 s unless others are given.

    Attributes:
        answered: The round trips of heartbeats.
        missed: When a heartbeat was missed.
        reported: The exceptions of observers.
    """

    def __init__(self, time, policy, scheduler):
        self.time = time
        self.router = Line(time)
        self.joins = SerialDeadlines()
        self.answered = []
        self.missed = []
        self.reported = []
        self.liveness = HeartbeatMonitor(
            policy,
            self.router,
            self.joins,
            scheduler=lambda: scheduler,
            answered=self.answered.append,
            missed=lambda: self.missed.append(time.clock),
            report=self.reported.append,
        )

    @property
    def times(self):
        """When heartbeats and pings were sent."""
        return [time for time, _ in self.router.sent]

    def answer(self, ref=None):
        """Answer the newest heartbeat or ping, or the one of a ref."""
        newest = self.router.sent[-1][1].ref
        reply = {"status": "ok", "response": {}}
        message = Message(None, ref or newest, "phoenix", "phx_reply", reply)
        return self.liveness.receive(message)

    def join(self, within=60.0):
        """Send a join; it stays unanswered until its end or `answer_join`."""
        deadline = Deadline(self.time, within, lambda: self.joins.remove(deadline))
        self.joins.add(deadline)
        return deadline

    def answer_join(self, join):
        """Answer a join."""
        self.router.received += 100
        self.joins.remove(join)

    def receive_until(self, clock, every=1.0):
        """Receive a byte again and again, the last one at a time."""
        while self.time.clock + every <= clock:
            self.time.advance_by(every)
            self.router.received += 1


@pytest.fixture
def time():
    time = SleepyTime()
    yield time
    assert time.pending == ()


@pytest.fixture
def sleeper(time):
    """The time of a machine that can sleep."""
    return time


@pytest.fixture
def make_trial(time):
    """Makes trials of a policy on a loop; they end with the test."""
    trials = []

    def make(policy=DEFAULT, loop=None):
        trials.append(Trial(time, policy, loop or time))
        return trials[-1]

    yield make
    for trial in trials:
        trial.joins.clear()
        for ping in trial.liveness.stop():
            ping.fail(ConnectionError("the test is over"))
    # Answers on their way.
    time.advance_by(10)


@pytest.fixture
def trial(make_trial):
    return make_trial()


@pytest.fixture
def notes():
    return RecordingObserver()


# Heartbeats.


def test_without_a_connection_no_heartbeat_is_sent(trial, time):
    time.advance_by(1000)

    assert trial.times == []


def test_the_first_heartbeat_is_an_interval_after_the_opening(trial, time):
    time.advance_by(3)
    trial.liveness.start()
    time.advance_by(20)

    assert trial.times == [23.0]


@pytest.mark.case(70)
def test_a_heartbeat_is_what_phoenix_js_sends(trial, time):
    trial.liveness.start()
    time.advance_by(20)

    ((_, message),) = trial.router.sent
    assert message == Message(None, "1", "phoenix", "heartbeat", {})


@pytest.mark.case(70)
def test_the_next_heartbeat_counts_from_the_answer(trial, time):
    trial.liveness.start()
    time.advance_by(23)
    trial.answer()
    time.advance_by(20)

    assert trial.times == [20.0, 43.0]
    assert trial.missed == []


def test_heartbeats_go_on_as_long_as_they_are_answered(trial, time):
    trial.liveness.start()
    for _ in range(4):
        time.advance_by(20)
        trial.answer()

    assert trial.times == [20.0, 40.0, 60.0, 80.0]


def test_each_heartbeat_has_a_ref_of_its_own(trial, time):
    trial.liveness.start()
    for _ in range(3):
        time.advance_by(20)
        trial.answer()

    assert [message.ref for _, message in trial.router.sent] == ["1", "2", "3"]


@pytest.mark.parametrize(("clock", "missed"), [(24.9, []), (25, [25.0])])
def test_a_heartbeat_without_an_answer_in_time_is_missed(trial, time, clock, missed):
    trial.liveness.start()
    time.advance_to(clock)

    assert trial.missed == missed


def test_one_that_cannot_be_encoded_is_reported_and_missed(trial, time):
    error = KeyError("of a serializer")

    def refuse():
        raise error

    trial.router.on_send = refuse
    trial.liveness.start()
    time.advance_to(100)

    assert (trial.reported, trial.missed) == ([error], [25])


def test_a_heartbeat_is_missed_once(trial, time):
    trial.liveness.start()
    time.advance_by(1000)

    assert (trial.times, trial.missed) == ([20.0], [25.0])


@pytest.mark.parametrize("ref", ["2", "0", "none"])
def test_an_answer_to_something_else_is_none(trial, time, ref):
    trial.liveness.start()
    time.advance_by(20)

    assert trial.answer(ref) is False
    time.advance_by(5)
    assert trial.missed == [25.0]


def test_a_message_without_a_ref_is_no_answer(trial):
    message = Message(None, None, "phoenix", "phx_error", {})

    assert trial.liveness.receive(message) is False


def test_an_answer_counts_once(trial, time):
    trial.liveness.start()
    time.advance_by(20)

    assert (trial.answer(), trial.answer()) == (True, False)


@pytest.mark.case(82)
def test_a_new_connection_starts_the_interval_anew(trial, time):
    trial.liveness.start()
    time.advance_by(15)
    trial.liveness.start()
    time.advance_by(20)

    assert trial.times == [35.0]


# Signs of life.


def test_what_arrives_extends_the_deadline_of_a_heartbeat(trial, time):
    trial.liveness.start()
    trial.receive_until(39)

    assert trial.missed == []


@pytest.mark.parametrize("last", [21, 24, 30, 37])
def test_silence_after_it_is_noticed_within_interval_and_timeout(trial, time, last):
    trial.liveness.start()
    trial.receive_until(last)
    time.advance_by(25)

    [missed] = trial.missed
    assert last + 5 <= missed <= last + 20 + 5


def test_what_arrived_before_a_heartbeat_is_no_sign(trial, time):
    trial.liveness.start()
    trial.receive_until(19)
    time.advance_by(6)

    assert trial.missed == [25.0]


def test_an_extended_heartbeat_is_followed_an_interval_later(trial, time):
    trial.liveness.start()
    trial.receive_until(65)

    assert trial.times == [20.0, 40.0, 60.0]
    assert trial.missed == []


def test_the_answer_to_the_last_of_several_puts_the_next_off(trial, time):
    trial.liveness.start()
    trial.receive_until(45)
    trial.answer()
    time.advance_by(20)

    assert trial.times == [20.0, 40.0, 65.0]


def test_one_heartbeat_at_a_time_waits_for_its_answer(trial, time):
    trial.liveness.start()
    trial.receive_until(1000)

    for time_sent, message in trial.router.sent[:-1]:
        assert not trial.answer(message.ref), time_sent
    assert trial.answer()
    assert trial.liveness.stop() == []


def test_each_heartbeat_that_is_answered_is_reported_with_its_round_trip(trial, time):
    trial.liveness.start()
    time.advance_by(20.5)
    trial.answer()
    trial.answer(ref="1")
    time.advance_by(20.25)
    trial.answer()

    assert trial.answered == [0.5, 0.25]


def test_the_answer_to_a_ping_is_its_callers_alone(trial, time):
    trial.liveness.start()
    trial.liveness.ping()
    trial.answer()

    assert trial.answered == []


def test_a_timeout_above_the_interval_is_kept(time, make_trial):
    trial = make_trial(Heartbeat(1, 3))
    trial.liveness.start()
    trial.receive_until(7.4, every=0.2)
    time.advance_by(5)

    [missed] = trial.missed
    assert 7.4 + 3 <= missed <= 7.4 + 1 + 3


# A busy loop.


RHYTHMS = [(1.0, 1.4), (0.5, 0.65), (0.3, 0.31), (0.01, 0.02)]


@pytest.mark.parametrize(("busy", "period"), RHYTHMS)
@pytest.mark.parametrize("last", [0.5, 3.3, 7.7])
def test_a_busy_loop_finds_a_dead_peer_within_three_times_the_bound(
    time, make_trial, busy, period, last
):
    trial = make_trial(Heartbeat(1, 1), BusyTime(time, busy, period))
    trial.router.on_send = lambda: (
        time.clock < last and time.call_later(0.1, trial.answer)
    )
    trial.liveness.start()
    time.advance_to(last + 3 * 2)

    assert trial.missed


@pytest.mark.parametrize(("busy", "period"), [*RHYTHMS, (5.0, 6.0)])
@pytest.mark.parametrize("trip", [0.0, 0.2, 0.9])
def test_a_busy_loop_keeps_a_peer_that_answers(time, make_trial, busy, period, trip):
    loop = BusyTime(time, busy, period)
    trial = make_trial(Heartbeat(1, 1), loop)
    # The answer lies there until the loop reads it.
    trial.router.on_send = lambda: loop.call_later(trip, trial.answer)
    trial.liveness.start()
    time.advance_by(60)

    assert trial.missed == []


def test_a_loop_that_was_held_once_leaves_the_answer_some_time(time, make_trial):
    loop = BusyTime(time, 1.0, 1000.0)
    trial = make_trial(Heartbeat(0.5, 1), loop)
    # The heartbeat could not leave before the loop was idle again.
    trial.router.on_send = lambda: loop.call_later(0.0, leave)

    def leave():
        time.call_later(0.5, trial.answer)

    trial.liveness.start()
    time.advance_by(1.6)

    assert trial.missed == []


# Probes.


def test_a_probe_is_a_heartbeat_at_once(trial, time):
    time.advance_by(2)
    trial.liveness.start()
    trial.liveness.probe(3)

    assert trial.times == [2.0]


def test_a_probe_after_which_nothing_arrives_loses_the_connection(trial, time):
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(100)

    assert trial.missed == [3.0]


def test_a_probe_after_which_something_arrives_is_over(trial, time):
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(2.9)
    trial.router.received += 1
    time.advance_by(1)

    assert trial.missed == []


def test_a_probe_that_is_answered_is_the_last_heartbeat(trial, time):
    trial.liveness.start()
    time.advance_by(10)
    trial.liveness.probe(3)
    time.advance_by(1)
    trial.answer()
    time.advance_by(20)

    assert trial.times == [10.0, 31.0]
    assert trial.missed == []


def test_a_second_probe_keeps_the_deadline_of_the_first(trial, time):
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(2)
    trial.liveness.probe(3)
    trial.liveness.probe(30)
    time.advance_by(2)

    assert trial.times == [0.0]
    assert trial.missed == [3.0]


def test_a_probe_keeps_the_deadline_of_a_heartbeat(trial, time):
    trial.liveness.start()
    time.advance_by(23)
    trial.liveness.probe(3)
    time.advance_by(10)

    [missed] = trial.missed
    assert missed <= 25.0


def test_a_probe_keeps_the_seconds_up_to_the_next_look(trial, time):
    trial.liveness.start()
    time.advance_by(23.8)
    trial.liveness.probe(3)
    time.advance_by(1.1)

    assert trial.missed == []
    time.advance_by(0.2)
    assert trial.missed == [25.0]


def test_what_arrived_before_a_probe_extends_the_deadline_of_a_heartbeat(trial, time):
    trial.liveness.start()
    time.advance_by(24)
    trial.router.received += 1
    time.advance_by(0.5)
    trial.liveness.probe(3)
    time.advance_by(2.9)

    assert trial.missed == []
    time.advance_by(0.2)
    assert trial.missed == [27.5]


def test_after_a_probe_there_can_be_another(trial, time):
    trial.liveness.start()
    trial.liveness.probe(3)
    trial.answer()
    time.advance_by(5)
    trial.liveness.probe(3)
    time.advance_by(5)

    assert trial.missed == [8.0]


def test_after_a_sign_of_life_there_can_be_another_probe(trial, time):
    trial.liveness.start()
    time.advance_by(20)
    trial.router.received += 1
    time.advance_by(2)
    trial.liveness.probe(3)
    time.advance_by(5)

    assert trial.times == [20.0, 22.0]
    assert trial.missed == [25.0]


def test_a_probe_of_the_user_waits_for_no_join(trial, time):
    trial.join()
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(5)

    assert trial.missed == [3.0]


def test_without_a_policy_a_probe_is_the_only_heartbeat(time, make_trial):
    trial = make_trial(None)
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(1)
    trial.router.received += 1
    time.advance_by(1000)

    assert trial.times == [0.0]
    assert trial.missed == []


def test_without_a_policy_each_probe_has_its_own_time(time, make_trial):
    trial = make_trial(None)
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(1)
    trial.router.received += 1
    time.advance_by(99)
    trial.liveness.probe(60)
    time.advance_by(100)

    assert trial.missed == [160.0]


def test_without_a_policy_nothing_is_due_after_an_answered_probe(time, make_trial):
    trial = make_trial(None)
    trial.liveness.probe(3)
    trial.answer()

    assert time.pending == ()


def test_without_a_policy_a_probe_finds_a_dead_peer(time, make_trial):
    trial = make_trial(None)
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(10)

    assert trial.missed == [3.0]


def test_an_observer_of_the_heartbeat_that_ends_the_connection_ends_it(trial, time):
    trial.router.on_send = trial.liveness.stop
    trial.liveness.start()
    trial.liveness.probe(3)
    time.advance_by(60)

    assert trial.times == [0.0]
    assert trial.missed == []


# A machine that slept.


@pytest.mark.parametrize(("slept", "beats"), [(19.9, []), (20.1, [5.0])])
def test_a_sleep_of_more_than_the_interval_starts_a_probe(
    sleeper, make_trial, slept, beats
):
    trial = make_trial(loop=sleeper)
    trial.liveness.start()
    sleeper.advance_by(5)
    sleeper.slept += slept
    sleeper.advance_by(3)

    assert trial.times == beats
    assert trial.missed == ([8.0] if beats else [])


@pytest.mark.parametrize(("slept", "beats"), [(24.9, []), (25.1, [5.0])])
def test_without_a_policy_a_sleep_of_25_s_starts_one(sleeper, make_trial, slept, beats):
    trial = make_trial(policy=None, loop=sleeper)
    trial.liveness.start()
    sleeper.advance_by(5)
    sleeper.slept += slept
    sleeper.advance_by(1)

    assert trial.times == beats


def test_a_probe_after_a_sleep_waits_for_joins(sleeper, make_trial):
    trial = make_trial(loop=sleeper)
    trial.liveness.start()
    trial.join(within=9)
    sleeper.slept += 21
    sleeper.advance_by(11.9)
    before = list(trial.missed)
    sleeper.advance_by(0.1)

    assert before == []
    assert trial.missed == [12.0]


def test_without_a_connection_a_sleep_probes_nothing(sleeper, make_trial):
    trial = make_trial(loop=sleeper)
    trial.liveness.start()
    trial.liveness.stop()
    sleeper.slept += 60
    sleeper.advance_by(60)

    assert trial.times == []


def test_a_probe_ends_with_its_connection(trial, time):
    trial.liveness.start()
    trial.liveness.probe(3)
    trial.liveness.stop()
    trial.liveness.start()
    time.advance_by(10)
    trial.liveness.probe(3)
    time.advance_by(10)

    assert trial.times == [0.0, 10.0]
    assert trial.missed == [13.0]


# Joins that the server handles first.


@pytest.mark.parametrize("count", [1, 20, 10_000])
def test_joins_behind_a_dead_peer_cost_the_timeout_of_one(trial, time, count):
    joins = [trial.join(within=30) for _ in range(count)]
    trial.liveness.start()
    time.advance_by(20 + 5 + 30)

    [missed] = trial.missed
    assert len(joins) == count
    assert missed <= 20 + 5 + 30


def test_each_join_that_is_answered_excuses_for_the_next(trial, time):
    joins = [trial.join(within=30) for _ in range(5)]
    trial.liveness.start()
    for join in joins:
        time.advance_by(29)
        trial.answer_join(join)

    assert trial.missed == []


def test_the_deadline_waits_for_joins_that_were_sent_before(trial, time):
    join = trial.join()
    trial.liveness.start()
    time.advance_by(40)
    trial.answer_join(join)
    time.advance_by(6)

    assert trial.times == [20.0, 41.25]
    assert trial.missed == []


def test_a_join_that_is_given_up_leaves_the_timeout(trial, time):
    join = trial.join()
    trial.liveness.start()
    time.advance_by(40)
    trial.joins.remove(join)
    time.advance_by(5)

    assert trial.times == [20.0]
    assert trial.missed == [45.0]


def test_a_join_that_is_given_up_as_the_heartbeat_leaves_adds_nothing(trial, time):
    join = trial.join()
    trial.router.on_send = lambda: trial.joins.remove(join)
    trial.liveness.start()
    time.advance_by(100)

    assert trial.missed == [25.0]


def test_the_deadline_waits_for_every_one_of_them(trial, time):
    first, second = trial.join(), trial.join()
    trial.liveness.start()
    time.advance_by(30)
    trial.joins.remove(first)
    time.advance_by(10)
    trial.joins.remove(second)
    time.advance_by(5)

    assert trial.missed == [45.0]


def test_the_deadline_does_not_wait_for_joins_that_were_sent_after(trial, time):
    trial.liveness.start()
    time.advance_by(20)
    trial.join()
    time.advance_by(5)

    assert trial.missed == [25.0]


def test_a_heartbeat_that_is_answered_before_a_join_has_no_deadline(trial, time):
    join = trial.join()
    trial.liveness.start()
    time.advance_by(20)
    trial.answer()
    trial.joins.remove(join)
    time.advance_by(20)

    assert trial.missed == []
    assert trial.times == [20.0, 40.0]


# Round trips.


def test_before_the_first_answer_there_is_no_round_trip(trial, time):
    trial.liveness.start()
    time.advance_by(20)

    assert trial.liveness.round_trip is None


def test_the_round_trip_is_that_of_the_last_heartbeat(trial, time):
    trips = []
    trial.liveness.start()
    for trip in (0.5, 0.25):
        time.advance_by(20 + trip)
        trial.answer()
        trips.append(trial.liveness.round_trip)

    assert trips == [0.5, 0.25]


def test_the_round_trip_outlives_its_connection(trial, time):
    trial.liveness.start()
    time.advance_by(20.5)
    trial.answer()
    trial.liveness.stop()

    assert trial.liveness.round_trip == 0.5


# Pings.


def test_a_ping_is_sent_at_once(trial, time):
    time.advance_by(3)
    trial.liveness.ping()

    assert trial.router.sent == [(3.0, Message(None, "1", "phoenix", "heartbeat", {}))]


def test_a_ping_emits_its_round_trip(trial, time, notes):
    trial.liveness.ping().subscribe(notes)
    time.advance_by(0.5)
    was_awaited = trial.answer()

    assert was_awaited
    assert notes == RecordingObserver([0.5], [], 1)
    assert trial.liveness.round_trip == 0.5


@pytest.mark.parametrize(
    ("seconds", "errors"), [(4.9, []), (5, ["no answer to a ping within 5 s"])]
)
def test_a_ping_without_an_answer_in_time_is_an_error(
    trial, time, notes, seconds, errors
):
    trial.liveness.ping().subscribe(notes)
    time.advance_by(seconds)

    assert [str(error) for error in notes.errors] == errors


def test_the_error_of_a_ping_is_a_timeout(trial, time, notes):
    trial.liveness.ping().subscribe(notes)
    time.advance_by(5)

    assert [type(error) for error in notes.errors] == [PushTimeout]


def test_an_answer_to_a_ping_that_comes_too_late_was_not_awaited(trial, time):
    trial.liveness.ping()
    time.advance_by(5)

    assert trial.answer("1") is False
    assert trial.liveness.round_trip is None


def test_an_answer_that_comes_inside_the_sending_counts(trial, notes):
    answers = []
    trial.router.on_send = lambda: answers.append(trial.answer())
    trial.liveness.ping().subscribe(notes)

    assert answers == [True]
    assert notes == RecordingObserver([0.0], [], 1)


def test_several_pings_are_told_apart(trial, time):
    first, second = RecordingObserver(), RecordingObserver()
    trial.liveness.ping().subscribe(first)
    time.advance_by(1)
    trial.liveness.ping().subscribe(second)
    time.advance_by(1)
    trial.answer("2")
    time.advance_by(1)
    trial.answer("1")

    assert (first.values, second.values) == ([3.0], [1.0])


def test_a_ping_that_is_answered_puts_no_heartbeat_off(trial, time):
    trial.liveness.start()
    time.advance_by(10)
    trial.liveness.ping()
    trial.answer()
    time.advance_by(10)

    assert trial.times == [10.0, 20.0]


def test_a_ping_that_is_missed_starts_a_probe(trial, time):
    trial.liveness.ping()
    time.advance_by(100)

    assert trial.times == [0.0, 5.0]
    assert trial.missed == [8.0]


def test_a_ping_that_is_missed_loses_no_connection_that_answers(trial, time):
    trial.liveness.ping()
    time.advance_by(6)
    trial.answer()
    time.advance_by(10)

    assert trial.missed == []


def test_a_ping_that_is_missed_behind_a_join_waits_for_it(trial, time):
    join = trial.join(within=12)
    trial.liveness.ping()
    time.advance_by(11)
    trial.answer_join(join)
    time.advance_by(1)
    trial.answer()

    assert trial.missed == []


def test_an_answer_to_a_ping_is_none_to_a_heartbeat(trial, time):
    trial.liveness.start()
    time.advance_by(20)
    trial.liveness.ping()
    trial.answer()
    time.advance_by(5)

    assert trial.missed == [25.0]


# The end of the connection.


@pytest.mark.parametrize("clock", [10, 22])
def test_after_the_end_nothing_is_sent_or_missed(trial, time, clock):
    trial.liveness.start()
    time.advance_to(clock)
    sent = [*trial.times]
    trial.liveness.stop()
    time.advance_by(1000)

    assert (trial.times, trial.missed) == (sent, [])


def test_to_stop_what_never_started_is_no_matter(trial):
    assert list(trial.liveness.stop()) == []


def test_the_end_hands_over_the_pings_in_flight(trial, notes):
    trial.liveness.ping().subscribe(notes)
    lost = ConnectionError("lost")
    for ping in trial.liveness.stop():
        ping.fail(lost)

    assert [str(error) for error in notes.errors] == ["lost"]


def test_the_end_hands_over_no_ping_that_was_answered(trial):
    trial.liveness.ping()
    trial.answer()

    assert list(trial.liveness.stop()) == []


def test_a_ping_that_was_handed_over_has_no_deadline_here(trial, time, notes):
    trial.liveness.ping().subscribe(notes)
    pings = trial.liveness.stop()
    time.advance_by(100)

    assert len(pings) == 1
    assert notes.is_open


def test_an_answer_after_the_end_was_not_awaited(trial, time):
    trial.liveness.start()
    time.advance_by(20)
    trial.liveness.stop()

    assert trial.answer() is False


def test_the_next_connection_has_heartbeats_again(trial, time):
    trial.liveness.start()
    time.advance_by(22)
    trial.liveness.stop()
    trial.liveness.start()
    time.advance_by(20)

    assert trial.times == [20.0, 42.0]


# While a consumer that is full has the reading stop.


def test_a_pause_of_our_own_is_no_dead_peer_and_heartbeats_go_on(trial, time):
    trial.router.is_paused = True
    trial.liveness.start()
    time.advance_by(100)

    assert trial.times == [20.0, 40.0, 60.0, 80.0, 100.0]
    assert trial.missed == []


def test_the_deadline_after_a_pause_is_a_new_one(trial, time):
    trial.router.is_paused = True
    trial.liveness.start()
    time.advance_by(59)
    trial.router.is_paused = False
    time.advance_by(4)
    before = [*trial.missed]
    time.advance_by(25)

    assert (before, len(trial.missed)) == ([], 1)


# Heartbeats behind a large frame.


def upload_until(trial, clock, every=1.0):
    """Have the network take a byte again and again, the last one at a time."""
    while trial.time.clock + every <= clock:
        trial.time.advance_by(every)
        trial.router.bytes_taken += 1


@pytest.fixture
def uploading(trial, time):
    """A trial whose first heartbeat waits behind a large frame."""
    trial.liveness.start()
    time.advance_by(19.5)
    trial.router.waiting = 1
    time.advance_by(0.5)
    return trial


def test_a_heartbeat_that_waits_is_not_missed_while_the_network_takes_bytes(
    uploading, time
):
    upload_until(uploading, 120)

    assert uploading.missed == []
    assert uploading.times == [20]


def test_a_heartbeat_that_waits_is_missed_once_the_network_takes_nothing(
    uploading, time
):
    upload_until(uploading, 60)
    time.advance_by(20)

    [missed] = uploading.missed
    assert 65 <= missed <= 65 + 5 / 4


def test_a_heartbeat_that_has_left_is_missed_although_the_network_takes_more(
    uploading, time
):
    upload_until(uploading, 60)
    uploading.router.taken, uploading.router.waiting = 2, 9
    upload_until(uploading, 90)

    [missed] = uploading.missed
    assert 65 <= missed <= 66 + 5 / 4


def test_bytes_that_are_taken_count_for_no_heartbeat_that_left_at_once(trial, time):
    trial.liveness.start()
    time.advance_by(20)
    upload_until(trial, 40)

    assert trial.missed == [25]


def test_a_probe_that_waits_keeps_its_own_time(uploading, time):
    uploading.answer()
    uploading.liveness.probe(3.0)
    upload_until(uploading, 40)
    time.advance_by(10)

    [missed] = uploading.missed
    assert 43 <= missed <= 43 + 3 / 4
