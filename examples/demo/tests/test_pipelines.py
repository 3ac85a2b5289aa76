"""From readings to figures."""

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops

from rx_phoenix_demo.pipelines import (
    Alarm,
    Limits,
    Point,
    Sample,
    alarms,
    averages,
    counters,
    figures,
    last,
    levels,
    past,
    rates,
)

LIMITS = Limits(high=80.0, low=70.0)
LEVELS = st.lists(st.floats(0, 100), min_size=1, max_size=40)


def all_of(stream):
    """Everything that a stream emits by itself."""
    emitted = []
    stream.subscribe(emitted.append)
    return emitted


def samples(*values, name="cpu"):
    return reactivex.of(*(Sample(at, {name: v}) for at, v in enumerate(values)))


def values(operator, *given, name="cpu"):
    """What becomes of the values of one figure; None where it is left out."""
    emitted = all_of(samples(*given, name=name).pipe(operator))
    return [sample.values.get(name) for sample in emitted]


def test_the_levels_are_percentages(reading):
    assert levels(reading(cores=(10.0, 30.0))).values == {
        "cpu": 20.0,
        "core 0": 10.0,
        "core 1": 30.0,
        "memory": 25.0,
    }


def test_the_counters_are_what_was_moved(reading):
    moved = counters(reading(received=1, sent=2, disk_read=3, disk_written=4))

    assert moved.values == {"received": 1, "sent": 2, "read": 3, "written": 4}


def test_the_last_values_are_few_at_the_start():
    assert all_of(reactivex.of(1, 2, 3).pipe(last(2))) == [(1,), (1, 2), (2, 3)]


def test_an_average_moves_on_with_its_window():
    assert values(averages(3), 3, 6, 9, 12) == [3, 4.5, 6, 9]


@given(LEVELS, st.integers(1, 10))
def test_an_average_is_between_the_extremes(given, window):
    smallest, largest = min(given), max(given)

    for average in values(averages(window), *given):
        assert smallest - 1e-9 <= average <= largest + 1e-9


def test_an_average_forgets_a_core_that_was_taken_away():
    both = Sample(0, {"core 0": 10, "core 1": 20})
    stream = reactivex.of(both, Sample(1, {"core 0": 30})).pipe(averages(5))

    assert all_of(stream)[-1].values == {"core 0": 20}


def test_an_average_of_a_core_that_was_added_is_of_its_own_values():
    both = Sample(1, {"core 0": 30, "core 1": 20})
    stream = reactivex.of(Sample(0, {"core 0": 10}), both).pipe(averages(5))

    assert all_of(stream)[-1].values == {"core 0": 20, "core 1": 20}


def test_a_rate_is_growth_by_time():
    stream = reactivex.of(
        Sample(10.0, {"sent": 100}), Sample(12.0, {"sent": 500})
    ).pipe(rates())

    assert all_of(stream) == [Sample(10.0, {}), Sample(12.0, {"sent": 200.0})]


def test_a_counter_that_starts_over_has_no_rate():
    assert values(rates(), 500, 100, 150, name="sent") == [None, None, 50]


def test_a_reading_that_comes_twice_has_no_rate():
    twice = Sample(10.0, {"sent": 100})

    assert all_of(reactivex.of(twice, twice).pipe(rates()))[-1].values == {}


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_a_rate_is_never_negative(given):
    assert all(rate is None or rate >= 0 for rate in values(rates(), *given))


def test_the_past_is_kept_as_far_as_asked():
    stream = samples(1, 2, 3).pipe(past(2))

    assert all_of(stream)[-1] == {"cpu": (Point(1, 2), Point(2, 3))}


def test_the_past_keeps_what_is_missing_now():
    stream = reactivex.of(Sample(0, {"sent": 1}), Sample(1, {})).pipe(past(9))

    assert all_of(stream)[-1] == {"sent": (Point(0, 1),)}


@pytest.mark.parametrize(
    ("given", "alarmed"),
    [
        ((79, 79), "--"),
        ((80, 80), "!!"),
        ((80, 75, 70), "!!!"),
        ((80, 69.9, 75), "!--"),
        ((80, 69, 80), "!-!"),
    ],
)
def test_there_is_alarm_from_the_high_limit_to_the_low_one(given, alarmed):
    emitted = all_of(samples(*given).pipe(alarms(LIMITS)))

    assert "".join("!" if active else "-" for active in emitted) == alarmed


def test_an_alarm_says_since_when():
    emitted = all_of(samples(0, 90, 95).pipe(alarms(LIMITS)))

    assert emitted[-1] == (Alarm("cpu", value=95, since=1),)


def test_each_figure_has_its_own_alarm():
    hot = Sample(0, {"core 0": 10, "core 1": 90, "memory": 99})

    active = all_of(reactivex.of(hot).pipe(alarms(LIMITS)))[-1]

    assert [alarm.name for alarm in active] == ["core 1", "memory"]


@given(LEVELS)
def test_every_pipeline_emits_one_value_for_each_it_receives(given):
    stream = samples(*given)

    for operator in averages(3), rates(), past(5), alarms(LIMITS):
        assert len(all_of(stream.pipe(operator))) == len(given)


def test_the_figures_belong_to_one_reading(cold, expect, reading):
    first = reading(0.0, cores=(100.0,), received=0)
    second = reading(1.0, cores=(50.0,), received=300)
    source = cold("-a-b-|", {"a": first, "b": second})

    expect(
        source.pipe(
            figures(LIMITS, window=2),
            ops.map(lambda f: (f.reading, f.levels["cpu"], f.averages["cpu"], f.rates)),
        )
    ).to_be(
        "-a-b-|",
        {
            "a": (first, 100.0, 100.0, {}),
            "b": (
                second,
                50.0,
                75.0,
                {"received": 300.0, "sent": 0.0, "read": 0.0, "written": 0.0},
            ),
        },
    )


def test_the_figures_know_the_past_and_the_alarms(reading):
    stream = reactivex.of(reading(0.0, cores=(90.0,)), reading(1.0, cores=(90.0,)))

    latest = all_of(stream.pipe(figures(LIMITS)))[-1]

    assert latest.past["cpu"] == (Point(0.0, 90.0), Point(1.0, 90.0))
    assert [alarm.name for alarm in latest.alarms] == ["cpu", "core 0"]


def test_the_readings_are_subscribed_to_once(cold, reading):
    source = cold("-a|", {"a": reading()})

    with source.pipe(figures(LIMITS)).subscribe():
        assert len(source.subscriptions) == 1
