"""A machine that slept, noticed by its two clocks."""

import pytest

from rx_phoenix._connection.sleep_detector import SleepDetector
from tests.connection.sleepy_time import SleepyTime


@pytest.fixture
def time():
    return SleepyTime()


@pytest.fixture
def woke():
    return []


@pytest.fixture
def detector(time, woke):
    detector = SleepDetector(10.0, lambda: time, lambda: woke.append(time.clock))
    detector.start()
    yield detector
    detector.stop()


def test_time_that_passes_awake_is_no_sleep(detector, time, woke):
    time.advance_by(3600)

    assert woke == []


@pytest.mark.parametrize(("slept", "times"), [(10, []), (10.1, [5.0])])
def test_a_sleep_counts_above_the_threshold(detector, time, woke, slept, times):
    time.advance_by(5)
    time.slept += slept
    time.advance_by(1)

    assert woke == times


def test_several_short_sleeps_are_a_long_one(detector, time, woke):
    for _ in range(3):
        time.slept += 4
        time.advance_by(1)

    assert woke == [2.0]


def test_each_sleep_counts_once(detector, time, woke):
    for _ in range(2):
        time.slept += 60
        time.advance_by(1)
        time.advance_by(1)

    assert woke == [0.0, 2.0]


def test_a_clock_that_is_set_back_hides_no_sleep(detector, time, woke):
    time.slept -= 3600
    time.advance_by(1)
    time.slept += 11
    time.advance_by(1)

    assert woke == [1.0]


def test_a_sleep_after_the_end_is_not_noticed(detector, time, woke):
    detector.stop()
    time.slept += 60
    time.advance_by(1)

    assert woke == []


def test_a_sleep_before_the_next_start_is_not_noticed(detector, time, woke):
    detector.stop()
    time.slept += 60
    detector.start()
    time.advance_by(1)

    assert woke == []
