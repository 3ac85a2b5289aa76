"""Bars and charts out of characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix_demo.chart import bar, chart, columns, heat
from rx_phoenix_demo.pipelines import Point


@pytest.mark.parametrize(
    ("fraction", "drawn"),
    [
        (-1, "━━━━"),
        (0, "━━━━"),
        (0.125, "╸━━━"),
        (0.5, "━━━━"),
        (1, "━━━━"),
        (9, "━━━━"),
    ],
)
def test_a_bar_has_its_width_whatever_it_shows(fraction, drawn):
    assert bar(fraction, 4).plain == drawn


def test_what_is_full_of_a_bar_has_another_colour():
    styles = [(span.start, span.end) for span in bar(0.5, 4).spans]

    assert styles[-1] == (2, 4)


def test_heat_goes_from_calm_over_warm_to_hot():
    assert len({str(heat(level)) for level in (0.0, 0.25, 0.5, 0.75, 1.0)}) == 5


@given(st.floats(-10, 10))
def test_heat_has_a_colour_for_everything(fraction):
    assert heat(fraction).color is not None


def points(*times):
    return [Point(at, at) for at in times]


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        ((), []),
        ((1, 2, 3), [1, 2, 3]),
        ((1, 2.2, 2.9), [1, 2.2, 2.9]),
        ((1, 4), [1, None, None, 4]),
        ((1, 2, 3, 4, 5, 6), [3, 4, 5, 6]),
        ((1, 100), [None, None, None, 100]),
        ((1, 3, 2), [1, 2, 3]),
    ],
)
def test_there_is_a_column_for_each_reading_and_each_that_is_missing(times, shown):
    assert list(columns(points(*times), 4, every=1.0)) == shown


def test_slow_readings_leave_no_gaps():
    assert None not in columns(points(0, 2, 4), 9, every=2.0)


def test_a_chart_has_its_newest_column_at_the_right():
    assert chart([0, 50, 100], 5, 1, 100).plain == "  ▁▄█"


def test_a_chart_grows_upwards():
    assert chart([100, 50], 2, 2, 100).plain == "█ \n██"


def test_what_is_missing_is_dotted():
    assert chart([100, None], 2, 2, 100).plain == "█ \n█·"


def test_what_is_too_high_stays_in_the_chart():
    assert chart([900], 1, 2, 100).plain == "█\n█"


@given(
    st.lists(st.none() | st.floats(0, 1e12), max_size=20),
    st.integers(1, 10),
    st.integers(1, 5),
)
def test_a_chart_has_its_size_whatever_it_shows(values, width, height):
    lines = chart(values, width, height, 100).plain.split("\n")

    assert [len(line) for line in lines] == [width] * height
