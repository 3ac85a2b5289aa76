"""Each payload of a stream is pushed once, in batches, or sent again."""

import pytest
import reactivex

from rx_phoenix import (
    ConnectionLost,
    Heartbeat,
    NotJoinedError,
    PushCancelled,
    PushRefused,
    PushTimeout,
    UsageError,
)
from rx_phoenix._protocol.lifecycle import HeartbeatAnswered
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.operators import QueueOverflow, push_each
from tests.operators.recording_observer import Failure


class Server:
    """A channel of which only what push_each() needs is there.

    Attributes:
        pushed: The payloads, in the order in which they were pushed.
        open: The pushes that are not answered.
    """

    def __init__(self):
        self.pushed = []
        self.cast_ones = []
        self.open = []
        self.reported = []
        self.timeouts = []
        self.is_joined = True
        self.answer_within = None
        self.crashes = Hub(self.reported.append)
        self.events = Hub(self.reported.append)
        self.errors = self.crashes.observable
        self._lifecycle = self.events.observable

    def push(self, event, payload=None, timeout=None):
        assert event == "row"
        if not self.is_joined:
            raise NotJoinedError("join first")
        self.timeouts.append(timeout)
        push = SingleResult(self.reported.append)
        self.pushed.append(payload)
        self.open.append(push)
        if self.answer_within is not None:
            self.answer_within(push)
        return push

    def _cast(self, event, payload, ended):
        assert event == "row"
        self.cast_ones.append(payload)
        ended(True)

    def _report(self, error):
        self.reported.append(error)

    def answer(self, response="ok"):
        self.open.pop(0).succeed(response)

    def fail(self, *errors):
        failing, self.open = self.open[: len(errors)], self.open[len(errors) :]
        for push, error in zip(failing, errors, strict=True):
            push.fail(error)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def source():
    return Hub(report=pytest.fail)


@pytest.fixture
def send(server, source, time, notes):
    def subscribe(**options):
        sink = push_each(server, "row", scheduler=time, **options)
        subscription = source.observable.pipe(sink).subscribe(notes)
        subscriptions.append(subscription)
        return subscription

    subscriptions = []
    yield subscribe
    for subscription in subscriptions:
        subscription.dispose()


def emit(source, *payloads):
    for payload in payloads:
        source.on_next(payload)


def test_a_payload_is_pushed_as_itself_and_its_answer_emitted(
    server, source, send, notes
):
    send()
    emit(source, "a")
    server.answer({"n": 1})

    assert server.pushed == ["a"]
    assert notes.values == [{"n": 1}]


@pytest.mark.parametrize("in_flight", [1, None])
def test_a_falsy_payload_is_pushed_as_itself(phx, in_flight):
    phx.answers("*JP")
    channel = phx.socket.channel("room:1")
    phx.wait_for(channel.join())
    payloads = reactivex.of(0, False, "", 0.0, None)

    phx.record(payloads.pipe(push_each(channel, "row", in_flight=in_flight)))
    phx.run(server="-")

    assert repr([push.payload for push in phx.sent()]) == "[0, False, '', 0.0, {}]"


def test_the_next_one_waits_for_the_answer(server, source, send):
    send()
    emit(source, "a", "b")
    before = [*server.pushed]
    server.answer()

    assert (before, server.pushed) == (["a"], ["a", "b"])


def test_several_may_be_unanswered(server, source, send):
    send(in_flight=2)
    emit(source, *"abc")

    assert server.pushed == ["a", "b"]


def test_a_full_batch_is_pushed_as_a_list(server, source, send):
    send(size=2)
    emit(source, *"abc")

    assert server.pushed == [["a", "b"]]


def test_a_batch_goes_out_after_its_time(server, source, send, time):
    send(size=10, every=1)
    time.advance_by(5)
    emit(source, "a")
    time.advance_by(0.5)
    emit(source, "b")
    before = [*server.pushed]
    time.advance_by(0.5)

    assert (before, server.pushed) == ([], [["a", "b"]])


def test_a_batch_that_is_due_waits_for_an_answer_and_grows(server, source, send, time):
    send(size=3, every=1)
    emit(source, "a")
    time.advance_by(1)
    emit(source, "b")
    time.advance_by(1)
    emit(source, "c")
    server.answer()

    assert server.pushed == [["a"], ["b", "c"]]


def test_a_function_is_asked_for_the_window_of_each_batch(server, source, send, time):
    window = {"size": 1, "every": 1}
    send(size=lambda: window["size"], every=lambda: window["every"], in_flight=9)
    emit(source, "a")
    window |= {"size": 2, "every": 5}
    emit(source, *"bcd")
    time.advance_by(4.9)
    before = [*server.pushed]
    time.advance_by(0.1)

    assert before == [["a"], ["b", "c"]]
    assert server.pushed == [["a"], ["b", "c"], ["d"]]


@pytest.mark.parametrize("nonsense", [0, -1, "two", None, 1.5])
def test_a_window_that_is_nonsense_is_reported_and_the_last_good_one_stays(
    server, source, send, nonsense
):
    sizes = iter([2, nonsense, 2])
    send(size=lambda: next(sizes), in_flight=9)
    emit(source, *"abcd")

    assert server.pushed == [["a", "b"], ["c", "d"]]
    assert [type(error) for error in server.reported] == [UsageError]


def test_a_window_function_that_raises_is_reported(server, source, send):
    def fail():
        raise Failure("no size")

    send(size=fail, in_flight=9)
    emit(source, *"ab")

    assert server.pushed == [["a"], ["b"]]
    assert [type(error) for error in server.reported] == [Failure, Failure]


@pytest.mark.parametrize("end", ["on_completed", "on_error"])
def test_the_end_of_the_source_sends_what_waits_and_awaits_the_answers(
    server, source, send, notes, end
):
    send(size=10)
    emit(source, *"ab")
    getattr(source, end)(*([Failure("gone")] if end == "on_error" else []))
    assert server.pushed == [["a", "b"]]
    assert notes.is_open
    server.answer()

    assert notes.values == ["ok"]
    assert not notes.is_open


def test_an_empty_stream_ends_at_once(source, send, notes):
    send()
    source.on_completed()

    assert notes.completions == 1


def test_the_timeout_is_that_of_the_pushes(server, source, send):
    send(timeout=3)
    emit(source, "a")

    assert server.timeouts[0].total_seconds() == 3


# Losses

LOSSES = [ConnectionLost(1006), PushCancelled("crashed"), PushTimeout("no answer")]


@pytest.mark.parametrize("error", LOSSES, ids=lambda error: type(error).__name__)
def test_a_loss_is_the_streams_error(server, source, send, notes, error):
    send()
    emit(source, *"ab")
    server.fail(error)

    assert [str(each) for each in notes.errors] == [str(error)]
    assert server.pushed == ["a"]


@pytest.mark.parametrize("error", LOSSES, ids=lambda error: type(error).__name__)
def test_what_was_lost_goes_out_again_before_newer_ones(
    server, source, send, time, notes, error
):
    send(again=True, in_flight=2)
    emit(source, *"abcd")
    server.fail(error, error)
    time.advance_by(0)
    for _ in range(4):
        server.answer()

    assert server.pushed == ["a", "b", "a", "b", "c", "d"]
    assert notes.values == ["ok"] * 4


def test_only_what_was_lost_goes_out_again(server, source, send, time):
    send(again=True, in_flight=3)
    emit(source, *"abc")
    server.fail(PushTimeout("late"))
    time.advance_by(0)

    assert server.pushed == ["a", "b", "c", "a"]


def test_a_loss_within_the_push_is_not_repeated_without_a_pause(
    server, source, send, time
):
    server.answer_within = lambda push: push.fail(PushCancelled("the buffer is full"))
    send(again=True)
    emit(source, "a")
    time.advance_by(10)

    assert len(server.pushed) == 11


def test_a_refusal_is_never_sent_again(server, source, send, notes):
    refusal = PushRefused("error", {"reason": "nope"}, "a push")
    send(again=True)
    emit(source, *"ab")
    server.fail(refusal)

    assert [type(error) for error in notes.errors] == [PushRefused]
    assert server.pushed == ["a"]


def test_it_does_not_join(server, source, send, notes):
    server.is_joined = False
    send(again=True)
    emit(source, "a")

    assert [type(error) for error in notes.errors] == [NotJoinedError]
    assert not source.is_watched


def test_a_channel_that_was_left_meanwhile_is_its_error(
    server, source, send, time, notes
):
    send(again=True)
    emit(source, "a")
    server.is_joined = False
    server.fail(PushCancelled("left"))
    time.advance_by(0)

    assert [type(error) for error in notes.errors] == [NotJoinedError]


def test_a_full_queue_does_what_overflow_says(server, source, send, notes):
    send(maxsize=2)
    emit(source, *"abcd")
    for _ in range(3):
        server.answer()

    assert server.pushed == ["a", "b", "c"]
    assert [type(error) for error in notes.errors] == [QueueOverflow]


def test_a_batch_is_never_larger_than_its_queue(server, source, send):
    send(size=10, maxsize=2)
    emit(source, *"ab")

    assert server.pushed == [["a", "b"]]


def test_disposing_stops_it(server, source, send, time, notes):
    subscription = send(size=2, every=1, again=True)
    emit(source, *"abc")
    subscription.dispose()
    server.fail(ConnectionLost(1006))
    time.advance_by(10)

    assert server.pushed == [["a", "b"]]
    assert notes.is_open
    assert time.pending == ()


# Without answers


def test_without_answers_batches_are_cast_and_nothing_is_emitted(
    server, source, send, notes
):
    send(in_flight=None, size=2)
    emit(source, *"abc")
    source.on_completed()

    assert server.cast_ones == [["a", "b"], ["c"]]
    assert notes.values == []
    assert notes.completions == 1


def test_after_a_loss_what_no_heartbeat_confirmed_is_reported(
    server, source, send, time
):
    lost = []
    send(in_flight=None, on_loss=lost.append)
    emit(source, *"abc")
    time.advance_by(2)
    server.events.on_next(HeartbeatAnswered(1.0))
    emit(source, *"de")
    server.crashes.on_next("closed")
    server.crashes.on_next("closed")

    assert lost == [2]


@pytest.fixture
def casting(phx):
    """Cast the values of a source; return it, and the counts of what was lost."""
    phx.use(heartbeat=Heartbeat(5.0, 5.0))
    room, source, lost = phx.socket.channel("a"), Hub(pytest.fail), []
    room.join()
    cast = push_each(room, "row", in_flight=None, on_loss=lost.append)
    phx.keep(source.observable.pipe(cast).subscribe())
    return source, lost


def test_a_value_that_waited_is_confirmed_by_no_heartbeat_before_it(phx, casting):
    source, lost = casting
    phx.run(server="-o")
    emit(source, "a")  # the join is unanswered
    phx.run(server=" 5s -")
    phx.run(server="(jh)#")  # sent after that heartbeat, and lost

    assert lost == [1]


def test_a_value_that_waits_through_a_loss_is_not_reported(phx, casting):
    source, lost = casting
    phx.answers("h")
    phx.run(server="-oj#")
    emit(source, "a")
    phx.run(server=" 1s o#")
    phx.run(server=" 1s oj 6s #")

    assert phx.server.last("row").payload == "a"
    assert lost == []


def test_a_value_that_is_dropped_before_it_is_sent_is_reported(phx, casting):
    source, lost = casting
    unhandled = phx.record(phx.socket.unhandled)
    phx.run(server="-oj#")
    emit(source, "a")
    phx.run(server=" 10s -")

    assert lost == [1]
    assert [type(error) for error in unhandled.values] == [PushCancelled]


def test_a_loss_after_the_end_of_the_source_is_reported(phx, casting):
    source, lost = casting
    phx.run(server="-oj")
    emit(source, "a", "b")
    source.on_completed()
    phx.run(server="-#")

    assert lost == [2]


def test_a_loss_without_a_function_is_logged(server, source, send, caplog):
    send(in_flight=None)
    emit(source, "a")
    server.crashes.on_next("closed")

    assert "cast as 'row' may be lost" in caplog.text


def test_what_on_loss_raises_is_reported(server, source, send, notes):
    def object_to(count):
        raise Failure(count)

    send(in_flight=None, on_loss=object_to)
    emit(source, "a")
    server.crashes.on_next("closed")

    assert [str(error) for error in server.reported] == ["1"]
    assert notes.is_open


def test_after_the_end_of_the_source_a_heartbeat_confirms_all(phx, casting):
    source, lost = casting
    phx.run(server="-oj")
    emit(source, "a", "b")
    source.on_completed()
    phx.answers("h")
    phx.run(server=" 6s #")

    assert lost == []


@pytest.mark.parametrize(
    "options",
    [
        {"event": "phx_leave"},
        {"size": 0},
        {"size": 1.5},
        {"every": -1},
        {"every": "1"},
        {"in_flight": 0},
        {"in_flight": True},
        {"maxsize": 0},
        {"overflow": "drop"},
        {"timeout": -1},
        {"again": 1},
        {"again": True, "in_flight": None},
    ],
)
def test_a_wrong_argument_is_refused_at_the_call(server, options):
    with pytest.raises(UsageError):
        push_each(server, **{"event": "row", **options})


def test_without_a_loop_it_fails(server, notes):
    reactivex.of(1).pipe(push_each(server, "row")).subscribe(notes)

    assert [type(error) for error in notes.errors] == [UsageError]
