"""The HTML fragments of the page."""

import pytest
from msgspec.structs import replace

from examples.demo.tests.builders import STATS, entry, figures_of, snapshot_of
from rx_phoenix import Reply
from rx_phoenix_demo.badge import Badge, Status
from rx_phoenix_demo.log import Level
from rx_phoenix_demo.pipelines import Alarm
from rx_phoenix_demo.publisher import Deliveries
from rx_phoenix_demo.reading import Process
from rx_phoenix_demo.watchers import Watcher
from rx_phoenix_demo.web.charts import Line
from rx_phoenix_demo.web.fragments import (
    alarm_list,
    answer_line,
    badge_pill,
    legend,
    log_list,
    process_table,
    tiles,
    watcher_list,
)

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize("status", Status)
def test_the_badge_has_a_look_for_every_status(status):
    pill = f'<span class="pill {status}" title="as it should">{status}</span>'

    assert badge_pill(Badge(status), 0.0, "as it should") == pill


def test_the_badge_counts_down_and_not_below_nothing():
    badge = Badge(Status.RECONNECTING, attempt=1, due=3.0)

    assert "in 2.0 s, try 1" in badge_pill(badge, 1.0)
    assert "in 0.0 s, try 1" in badge_pill(badge, 9.0)


def test_the_tiles_are_the_connection_in_numbers():
    snapshot = snapshot_of(deliveries=Deliveries(9, 5, 1), frame_rate=12.4)

    for words in "4.2 ms", "<b>12</b>", "<b>9</b>", "<b>3</b>", "<b>1</b>":
        assert words in tiles(snapshot)


def test_a_round_trip_that_is_not_measured_is_a_dash():
    assert "<b>-</b>" in tiles(snapshot_of(stats=replace(STATS, round_trip=None)))


def test_a_legend_shows_the_label_and_the_value_of_a_line(reading):
    figures = figures_of(reading(0, cores=(42.4,)), reading(1, sent=2_000))
    line = Line("#123456", "all of it")

    level = legend({"cpu": line}, figures, is_percentage=True)
    rate = legend({"sent": line}, figures, is_percentage=False)

    assert "#123456" in level
    assert "all of it <b>" in level
    assert "%</b>" in level
    assert "<b>2.0 kB/s</b>" in rate
    assert "<b>0 B/s</b>" in legend({"read": line}, figures, is_percentage=False)


def test_a_legend_names_lines_that_are_many_without_a_value():
    text = legend({}, None, is_percentage=True, others=[Line("quiet", "each core")])

    assert "each core</span>" in text


def test_a_legend_has_nothing_to_tell_before_there_is_a_reading():
    assert "<b>-</b>" in legend({"cpu": Line("red")}, None, is_percentage=True)


def test_alarms_are_html_with_their_level():
    assert "93 %</b> cpu" in alarm_list([Alarm("cpu", 93.4, 0)])


def test_watchers_are_html_with_their_number():
    html = watcher_list([Watcher("a", "Ann", 1), Watcher("b", "Bob", 2)])

    assert "Ann <b>1</b> browser<" in html
    assert "Bob <b>2</b> browsers<" in html


@pytest.mark.parametrize("fragment", [alarm_list, watcher_list])
def test_nothing_is_html_in_words(fragment):
    assert 'class="quiet"' in fragment(())


def test_the_latest_log_entries_come_first_and_are_few():
    html = log_list([entry(f"Number {n}.", Level.BAD) for n in range(20)])

    assert html.index("Number 19.") < html.index("Number 18.")
    assert "Number 11." not in html
    assert '<span class="bad">' in html


def test_the_busiest_programs_are_a_table(reading):
    taken = reading(processes=(Process(7, "python", 150.0, 2_000_000),))

    table = process_table(taken)

    assert "<td>python</td><td>7</td>" in table
    assert "150.0 %" in table
    assert 'style="width:100%"' in table
    assert "2.0 MB" in table


def test_without_a_reading_the_table_has_a_head():
    assert "<tbody></tbody>" in process_table(None)


def test_a_request_is_pending_until_its_reply():
    assert "asking" in answer_line(None, 0.0)
    assert answer_line(Reply("ok", {}), 0.0123) == (
        '<p>answered <b class="ok">ok</b> in 12.3 ms</p>'
    )


def test_what_comes_from_elsewhere_is_no_html(reading):
    taken = reading(processes=(Process(7, EVIL, 1.0, 1),))

    for fragment in (
        alarm_list([Alarm(EVIL, 1, 0)]),
        badge_pill(Badge(Status.LIVE), 0.0, EVIL),
        watcher_list([Watcher("a", EVIL, 1)]),
        log_list([entry(EVIL)]),
        process_table(taken),
        answer_line(Reply(EVIL, {}), 0.0),
    ):
        assert "<script>" not in fragment
