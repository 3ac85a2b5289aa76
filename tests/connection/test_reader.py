"""Batches of frames, and the turns that the loop gets between them."""

import pytest

from rx_phoenix._connection.reader import FrameReader
from rx_phoenix._streams.delivery import TURNS, await_ended, delivery
from rx_phoenix._streams.hub import noop
from rx_phoenix.testing._time.scheduler import VirtualScheduler


class Backpressure:
    """Counts how often it was asked whether to pause."""

    is_needed = is_paused = False
    checks = 0

    def check(self):
        self.checks += 1

    def cut(self):
        self.is_paused = False


class Trial:
    """A reader whose frames are letters; small ones are replies."""

    def __init__(self, time):
        self.time = time
        self.log = ""
        self.actions = {}
        self.backpressure = Backpressure()
        self.reader = FrameReader(
            self.route, self.route_replies, self.backpressure, lambda: time
        )

    def route(self, frames):
        for frame in frames:
            self.take(frame)

    def route_replies(self, frames):
        for frame in frames:
            if frame.isupper():
                return frame
            self.take(frame)
        return None

    def take(self, frame):
        self.log += frame
        self.actions.get(frame, noop)()

    def count_turns(self):
        """Log a dot in each turn of the loop, and in two more than a reader gives."""

        def turn(left):
            self.log += "."
            if left > 1:
                self.time.loop.call_soon(turn, left - 1)

        self.time.loop.call_soon(turn, TURNS + 2)


@pytest.fixture
def time():
    time = VirtualScheduler()
    yield time
    assert time.pending == ()


@pytest.fixture
def trial(time):
    return Trial(time)


def test_frames_are_delivered_at_once_if_no_await_ended(trial):
    trial.reader.receive("aBcD")

    assert trial.log == "aBcD"


def test_after_an_ended_await_the_loop_gets_turns_before_a_frame_that_is_no_reply(
    trial, time
):
    trial.actions["a"] = lambda: (trial.count_turns(), await_ended())
    trial.reader.receive("aB")
    time.advance_by(0)

    assert trial.log == "a" + "." * TURNS + "B.."


def test_replies_do_not_wait_for_turns(trial, time):
    trial.actions["a"] = await_ended
    trial.reader.receive("abC")
    trial.reader.receive("d")
    before = trial.log
    time.advance_by(0)

    assert (before, trial.log) == ("ab", "abCd")


def test_replies_of_the_next_read_do_not_wait_either(trial, time):
    trial.actions["a"] = await_ended
    trial.reader.receive("a")
    trial.reader.receive("bC")
    before = trial.log
    time.advance_by(0)

    assert (before, trial.log) == ("ab", "abC")


def test_another_ended_await_starts_the_turns_again(trial, time):
    def receive_another(left=TURNS - 3):
        if left:
            time.loop.call_soon(receive_another, left - 1)
        else:
            trial.reader.receive("bC")

    trial.actions["a"] = lambda: (receive_another(), await_ended())
    trial.actions["b"] = lambda: (trial.count_turns(), await_ended())
    trial.reader.receive("a")
    time.advance_by(0)

    assert trial.log == "ab" + "." * TURNS + "C.."


def test_every_frame_can_end_an_await(trial, time):
    trial.actions = dict.fromkeys("ABcD", await_ended)
    trial.reader.receive("ABcD")
    logs = []
    for _ in range(2):
        logs.append(trial.log)
        time.advance_by(0)

    assert logs == ["A", "ABcD"]


def test_outside_of_a_delivery_nothing_waits(trial):
    await_ended()
    trial.reader.give_turns()
    trial.reader.receive("AB")

    assert trial.log == "AB"
    assert delivery.reader is None


def test_a_delivery_inside_of_another_one_is_for_its_own_reader(trial, time):
    inner = Trial(time)
    inner.actions["x"] = await_ended
    trial.actions["a"] = lambda: inner.reader.receive("xY")
    trial.reader.receive("aB")
    before = inner.log
    time.advance_by(0)

    assert trial.log == "aB"
    assert (before, inner.log) == ("x", "xY")


def test_an_end_waits_for_the_frames_before_it(trial, time):
    trial.actions["a"] = await_ended
    trial.reader.receive("aB")
    trial.reader.when_delivered(lambda: trial.take("!"))
    before = trial.log
    time.advance_by(0)

    assert (before, trial.log) == ("a", "aB!")


def test_an_end_waits_for_all_turns(trial, time):
    trial.actions = dict.fromkeys("aB", await_ended)
    trial.reader.receive("aBC")
    trial.reader.when_delivered(lambda: trial.take("!"))
    time.advance_by(0)

    assert trial.log == "aBC!"


def test_an_end_behind_nothing_comes_at_once(trial, time):
    trial.actions["a"] = await_ended
    trial.reader.receive("a")
    trial.reader.when_delivered(lambda: trial.take("!"))
    assert trial.log == "a!"

    time.advance_by(0)


def test_a_cut_drops_what_waits_and_the_end_that_waits_for_it(trial, time):
    trial.actions["a"] = await_ended
    trial.reader.receive("aB")
    trial.reader.when_delivered(lambda: trial.take("!"))
    trial.reader.cut()
    time.advance_by(0)
    trial.reader.receive("C")

    assert trial.log == "aC"


def test_a_cut_during_a_delivery_drops_the_rest_of_the_batch(trial):
    trial.actions["A"] = lambda: (trial.reader.cut(), await_ended())
    trial.reader.receive("AB")
    trial.reader.receive("C")

    assert trial.log == "AC"


def test_a_reader_that_raises_goes_on_with_the_next_batch(trial):
    def fail():
        raise KeyboardInterrupt

    trial.actions["A"] = fail
    with pytest.raises(KeyboardInterrupt):
        trial.reader.receive("AB")
    trial.reader.receive("C")

    assert trial.log == "AC"
    assert delivery.reader is None


def test_after_each_read_a_full_consumer_is_looked_at_again(trial):
    trial.reader.receive("A")
    trial.backpressure.is_needed = True
    trial.reader.receive("BC")
    trial.reader.receive("D")

    assert trial.backpressure.checks == 2


def pause(trial):
    trial.backpressure.is_paused = True


def test_reads_that_waited_for_turns_are_delivered_until_a_consumer_is_full(
    trial, time
):
    trial.actions = {"a": await_ended, "D": lambda: pause(trial)}
    for read in "aB", "C", "DE", "F":
        trial.reader.receive(read)
    time.advance_by(0)
    before = trial.log
    trial.backpressure.is_paused = False
    trial.reader.go_on()

    assert (before, trial.log) == ("aBCDE", "aBCDEF")


def test_a_read_that_comes_in_a_pause_waits(trial):
    pause(trial)
    trial.reader.receive("A")
    trial.reader.receive("B")
    assert trial.log == ""

    trial.backpressure.is_paused = False
    trial.reader.go_on()
    assert trial.log == "AB"


def test_a_pause_that_ends_inside_of_a_read_leaves_the_order(trial):
    trial.actions["A"] = trial.reader.go_on
    pause(trial)
    trial.reader.receive("AB")
    trial.reader.receive("C")
    trial.backpressure.is_paused = False
    trial.reader.go_on()

    assert trial.log == "ABC"


def test_an_end_inside_of_a_read_does_not_wait_for_the_rest(trial):
    trial.actions["A"] = lambda: trial.reader.when_delivered(lambda: trial.take("!"))
    pause(trial)
    trial.reader.receive("AB")
    trial.reader.receive("C")
    trial.backpressure.is_paused = False
    trial.reader.go_on()

    assert trial.log == "A!BC"


def test_an_end_is_behind_what_a_pause_held_back(trial):
    pause(trial)
    trial.reader.receive("AB")
    trial.reader.when_delivered(lambda: trial.take("!"))

    assert trial.log == "AB!"


def test_an_end_behind_a_pause_waits_for_turns_as_well(trial, time):
    trial.actions["a"] = await_ended
    pause(trial)
    trial.reader.receive("aB")
    trial.reader.when_delivered(lambda: trial.take("!"))
    before = trial.log
    time.advance_by(0)

    assert (before, trial.log) == ("a", "aB!")
