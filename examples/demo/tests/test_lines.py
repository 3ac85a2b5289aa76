"""The demo as plain lines."""

import reactivex

from examples.demo.tests.builders import entry, feed_of, figures_of
from rx_phoenix_demo.lines import lines


def lines_of(**streams):
    emitted = []
    lines(feed_of(**streams)).subscribe(emitted.append)
    return emitted


def test_log_entries_are_lines():
    assert lines_of(log=reactivex.of(entry("Joined room:a."))) == [
        "12:00:00  Joined room:a."
    ]


def test_a_reading_is_a_line(reading):
    figures = figures_of(reading(0, sent=0), reading(1, sent=2_500_000))

    (line,) = lines_of(figures=reactivex.of(figures))

    assert "cpu  20 % (average  20 %)" in line
    assert "memory  25 %" in line
    assert "sent 2.5 MB/s" in line


def test_a_rate_that_is_not_known_is_a_dash(reading):
    (line,) = lines_of(figures=reactivex.of(figures_of(reading())))

    assert "received -" in line


def test_a_line_of_figures_is_ascii(reading):
    (line,) = lines_of(figures=reactivex.of(figures_of(reading())))

    assert line.isascii()


def test_an_error_of_the_figures_ends_them():
    errors = []
    feed = feed_of(figures=reactivex.throw(OSError("no figures")))

    lines(feed).subscribe(None, errors.append)

    assert len(errors) == 1
