"""Recordings of streams, and their comparison with marbles."""

import pytest
import reactivex
from reactivex import operators as ops
from reactivex.subject import Subject

from rx_phoenix.testing._marbles.notification import Completed, Failed, Next, Recorded
from rx_phoenix.testing._marbles.parser import MarbleError
from rx_phoenix.testing._marbles.recording import Recording, explain, read
from rx_phoenix.testing._time.scheduler import VirtualScheduler


@pytest.fixture
def scheduler():
    return VirtualScheduler()


@pytest.fixture
def source():
    return Subject()


@pytest.fixture
def recording(source, scheduler):
    return Recording(source, scheduler)


def marbles(lane, values=None, error=Exception, **options):
    return read(lane, values, error, **options)


def test_a_recording_keeps_notifications_and_times(source, recording, scheduler):
    source.on_next(1)
    scheduler.advance_by(2)
    source.on_next(2)
    source.on_completed()

    assert list(recording) == [
        Recorded(0, Next(1)),
        Recorded(2, Next(2)),
        Recorded(2, Completed()),
    ]
    assert (recording.values, recording.is_completed) == ([1, 2], True)
    assert recording.error is None


def test_a_recording_keeps_an_error(source, recording):
    error = ValueError("mine")
    source.on_error(error)

    assert list(recording) == [Recorded(0, Failed(error))]
    assert (recording.error, recording.is_completed) == (error, False)


def test_a_disposed_recording_keeps_no_more(source, recording):
    recording.dispose()
    source.on_next(1)

    assert len(recording) == 0


def test_operators_of_a_recorded_stream_take_their_time_from_the_clock(scheduler):
    stream = reactivex.of(1, 2).pipe(ops.delay(3))
    recording = Recording(stream, scheduler)
    scheduler.advance_by(10)

    assert [time for time, _ in recording] == [3, 3, 3]


def test_a_recording_is_a_sequence(source, recording):
    source.on_next(1)
    source.on_next(2)

    assert recording[0] == Recorded(0, Next(1))
    assert recording[1:] == [Recorded(0, Next(2))]


def play(source, scheduler, *values):
    for value in values:
        scheduler.advance_by(0.1)
        source.on_next(value)


@pytest.mark.parametrize(
    ("lane", "values"),
    [
        ("-ab", None),
        ("-ab", {"a": "a", "b": "b"}),
        ("-xy", {"x": "a", "y": "b"}),
        ("- a b --", None),
    ],
)
def test_a_recording_equals_marbles_of_the_same_notifications(
    source, recording, scheduler, lane, values
):
    play(source, scheduler, "a", "b")

    assert recording == marbles(lane, values)
    assert marbles(lane, values) == recording
    assert explain(recording, marbles(lane, values)) == []


@pytest.mark.parametrize("lane", ["-a", "-abc", "-a-b", "-ba", "-(ab)", "-ab|", "-ab#"])
def test_a_recording_equals_no_other_marbles(source, recording, scheduler, lane):
    play(source, scheduler, "a", "b")

    assert recording != marbles(lane)
    assert explain(recording, marbles(lane)) != []


def test_two_recordings_of_the_same_are_equal(source, scheduler):
    one, other = Recording(source, scheduler), Recording(source, scheduler)
    source.on_next(1)

    assert one == other
    assert one != [1]


@pytest.mark.parametrize("error", [ValueError("a"), ValueError, Exception])
def test_an_error_equals_itself_or_its_class(source, recording, error):
    source.on_error(ValueError("a"))

    assert recording == marbles("#", error=error)


@pytest.mark.parametrize("error", [ValueError("b"), Exception("a"), TypeError])
def test_an_error_equals_no_other(source, recording, error):
    source.on_error(ValueError("a"))

    assert recording != marbles("#", error=error)


def test_a_difference_in_time_is_explained(source, recording, scheduler):
    play(source, scheduler, "a", "b")

    assert explain(recording, marbles("-a 1s b|")) == [
        "    expected  -a- 0.9s b|",
        "    actual    -ab 0.9s --",
        "                ^",
        "at 0.2s",
        "    expected  nothing",
        "    actual    b  'b'",
    ]


def test_a_value_without_a_letter_is_explained(source, recording):
    source.on_next({"n": 7})

    assert explain(recording, marbles("a", {"a": {"n": 8}})) == [
        "    expected  a",
        "    actual    ?",
        "              ^",
        "at 0s",
        "    expected  a  {'n': 8}",
        "    actual    ?  {'n': 7}",
    ]


def test_ends_are_explained(source, recording):
    source.on_error(ValueError("mine"))

    assert explain(recording, marbles("|"))[-2:] == [
        "    expected  |  completed",
        "    actual    #  ValueError('mine')",
    ]


def test_of_letters_with_one_value_the_expected_one_is_drawn(source, recording):
    source.on_next(1)
    source.on_next(1)

    lines = explain(recording, marbles("(bab)", {"a": 1, "b": 1}))

    assert lines[:2] == ["    expected  (bab)", "    actual    (ba)"]


def test_recordings_and_marbles_are_shown_as_marbles(source, recording, scheduler):
    play(source, scheduler, "a")
    source.on_completed()

    assert repr(recording) == "<Recording '-(?|)'>"
    assert repr(marbles("-(a|)")) == "<Marbles '-(a|)'>"


def test_a_zero_point_may_lie_within_a_lane():
    lane = marbles("a-^-b", zero=True)

    assert [time for time, _ in lane] == [-0.2, 0.2]
    assert lane.end == 0.3


def test_no_letter_may_follow_the_end():
    with pytest.raises(MarbleError, match="a stream emits nothing after its end"):
        marbles("-|-a")


def test_a_letter_without_a_value_is_an_error():
    with pytest.raises(MarbleError, match=r"'b' is not a(?s:.)*a  1\n    |  comp"):
        marbles("ab", {"a": 1})
