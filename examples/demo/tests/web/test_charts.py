"""The charts of the page."""

from math import isnan

import pytest
from bokeh.document import Document
from bokeh.models import VStrip
from hypothesis import given
from hypothesis import strategies as st

from examples.demo.tests.builders import figures_of
from rx_phoenix_demo.downtime import Downtime
from rx_phoenix_demo.pipelines import Point
from rx_phoenix_demo.web.charts import Chart, Line, rows


def points(*times):
    return [Point(float(at), 10.0 * at) for at in times]


def seen(*args, **options):
    """The values of rows, with a dot for a gap."""
    return ["." if isnan(v) else v for v in rows(*args, **options)["value"]]


def test_a_chart_that_has_nothing_gets_everything():
    assert seen(points(1, 2, 3), None, 1.0) == [10, 20, 30]


def test_a_chart_gets_what_is_new():
    assert seen(points(1, 2, 3), 2.0, 1.0) == [30]
    assert seen(points(1, 2, 3), 3.0, 1.0) == []


def test_readings_that_are_missing_leave_a_gap():
    assert seen(points(1, 5), None, 1.0) == [10, ".", 50]
    assert seen(points(5), 1.0, 1.0) == [".", 50]


def test_slow_readings_leave_no_gap():
    assert seen(points(1, 5), None, 4.0) == [10, 50]


def test_readings_of_another_rate_leave_no_gap():
    assert seen(points(1, 2, 3, 3.5, 4), 2.0, 0.5) == [30, 35, 40]
    assert seen(points(1, 5, 9), None, 1.0) == [10, ".", 50, 90]


def test_times_are_milliseconds():
    times = rows(points(1, 2), None, 1.0)["time"]

    assert times[1] - times[0] == 1000.0


@given(st.lists(st.integers(0, 1000), unique=True).map(sorted), st.integers(0, 1000))
def test_times_only_grow_and_no_reading_is_drawn_twice(times, cut):
    everything = points(*times)
    before = rows([p for p in everything if p.at <= cut], None, 1.0)
    last = max((p.at for p in everything if p.at <= cut), default=None)
    after = rows(everything, last, 1.0)

    drawn = [*before["time"], *after["time"]]
    assert drawn == sorted(set(drawn))


@pytest.fixture
def chart():
    chart = Chart("network", 200, is_percentage=False)
    chart.add("sent", Line("blue", "sent", fill=0.2))
    chart.add("received", Line("blue"))
    return chart


def lines_of(chart):
    """The values of each line of a chart."""
    sources = {id(r.data_source): r.data_source for r in chart.plot.renderers}
    return [list(s.data["value"]) for s in sources.values() if "value" in s.data]


def bands_of(chart):
    """The ends of each band of a chart, in seconds from its left end."""
    (strip,) = (r for r in chart.plot.renderers if isinstance(r.glyph, VStrip))
    ends = strip.data_source.data
    left = chart.plot.x_range.start
    return [
        tuple(round((time - left) / 1000.0, 3) for time in band)
        for band in zip(ends["began"], ends["ended"], strict=True)
    ]


def test_a_chart_draws_what_is_new(chart, reading):
    readings = [reading(at, sent=100 * at) for at in range(4)]
    chart.show(figures_of(*readings[:2]))
    chart.show(figures_of(*readings))

    assert lines_of(chart) == [[100.0] * 3, [0.0] * 3]


def test_a_chart_that_is_shown_the_same_again_does_not_change(chart, reading):
    figures = figures_of(reading(0), reading(1))
    document, changes = Document(), []
    document.add_root(chart.plot)
    chart.show(figures, [Downtime(0.2, 0.4)])
    document.on_change(changes.append)
    chart.show(figures, [Downtime(0.2, 0.4)])

    assert lines_of(chart) == [[0.0], [0.0]]
    assert changes == []


def test_a_chart_of_rates_is_as_high_as_it_takes(chart, reading):
    chart.show(figures_of(reading(0), reading(1, sent=5_000_000)))

    assert chart.plot.y_range.end > 5_000_000


def test_a_chart_of_rates_is_not_about_trifles(chart, reading):
    chart.show(figures_of(reading(0), reading(1, sent=3)))

    assert chart.plot.y_range.end > 10_000


def test_a_chart_of_percentages_ends_at_a_hundred(reading):
    chart = Chart("memory", 200, is_percentage=True)
    chart.show(figures_of(reading()))

    assert (chart.plot.y_range.start, chart.plot.y_range.end) == (0, 100)


def test_a_chart_moves_on_with_the_time(chart, reading):
    chart.show(figures_of(reading(10)))
    first = chart.plot.x_range.end
    chart.show(figures_of(reading(15)))

    assert chart.plot.x_range.end - first == 5000.0


def test_a_downtime_leaves_a_band_though_no_reading_is_missing(chart, reading):
    figures = figures_of(*map(reading, range(61)))
    before = bands_of(chart)
    chart.show(figures, [Downtime(20.25, 22.5)])

    assert (before, bands_of(chart)) == ([], [(20.25, 22.5)])
    assert lines_of(chart) == [[0.0] * 60] * 2


def test_missing_readings_break_the_line_without_a_band(chart, reading):
    chart.show(figures_of(reading(0), reading(1), reading(60)))

    assert bands_of(chart) == []
    assert [[isnan(value) for value in line] for line in lines_of(chart)] == [
        [False, True, False]
    ] * 2


def test_a_band_leaves_the_chart_with_its_time(chart, reading):
    downtimes = [Downtime(1.0, 2.0), Downtime(3.0, 7.0), Downtime(8.0, 9.0)]
    chart.show(figures_of(reading(10)), downtimes)
    before = bands_of(chart)
    chart.show(figures_of(reading(65)), downtimes)

    assert before == [(51.0, 52.0), (53.0, 57.0), (58.0, 59.0)]
    assert bands_of(chart) == [(-2.0, 2.0), (3.0, 4.0)]


def test_a_chart_fades(chart):
    chart.fade(0.5)

    assert chart.plot.styles == {"opacity": "0.5"}
