"""Lanes above each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix.testing._marbles.drawing import draw, draw_lane
from rx_phoenix.testing._marbles.parser import parse

TIMES = st.lists(
    st.integers(0, 400).map(lambda ticks: ticks / 10), max_size=12, unique=True
)
LANES = st.lists(
    TIMES.map(lambda times: [(time, "a") for time in sorted(times)]), min_size=1
)


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], ""),
        ([(0, "a")], "a"),
        ([(0.1, "a"), (0.2, "b")], "-ab"),
        ([(0.1, "a"), (0.1, "b"), (0.2, "c")], "-(ab)c"),
        ([(0.6, "a")], "------a"),
        ([(0.7, "a")], " 0.7s a"),
        ([(0.25, "a")], " 250ms a"),
        ([(0, "a"), (30.1, "b")], "a 30s b"),
    ],
)
def test_a_lane_is_drawn_as_a_test_would_write_it(events, text):
    assert draw_lane(events) == text


def test_lanes_have_the_same_instant_in_one_column():
    drawing = draw({"one": [(0, "a"), (0, "b"), (3, "c")], "two": [(0, "d")]})

    assert drawing.lanes == {"one": "(ab) 2.9s c", "two": "d    2.9s -"}
    assert drawing.columns == {0: 0, 3: 10}


def test_events_closer_than_a_tick_are_drawn_with_a_finer_one():
    drawing = draw({"": [(0.1, "a"), (0.15, "b")]})

    assert (drawing.tick, drawing.lanes[""]) == (0.01, " 0.1s a----b")


@given(LANES)
def test_a_drawing_parses_to_the_events_it_was_drawn_from(lanes):
    drawing = draw({str(number): lane for number, lane in enumerate(lanes)})

    read = [
        [(mark.time, mark.letter) for mark in parse(text, tick=drawing.tick).marks]
        for text in drawing.lanes.values()
    ]

    assert read == lanes
