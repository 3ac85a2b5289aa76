"""Readable differences between expected and actual lanes."""

import pytest

from rx_phoenix.testing._marbles.diff import first_difference, show


@pytest.mark.parametrize(
    ("expected", "actual", "at"),
    [
        ([], [], None),
        ([(1, "a")], [(1, "a")], None),
        ([(1, "a")], [], 1),
        ([], [(2, "a")], 2),
        ([(1, "a")], [(1, "b")], 1),
        ([(1, "a"), (5, "b")], [(1, "a"), (3, "b")], 3),
        ([(1, "a"), (3, "b")], [(1, "a"), (5, "b")], 3),
    ],
)
def test_the_first_difference_is_the_earlier_of_two_instants(expected, actual, at):
    assert first_difference(expected, actual) == at


def test_a_difference_is_shown_with_a_caret_and_its_details():
    lanes = {"server": [(0.1, "o")], "expected": [(20, "J")], "actual": []}

    lines = show(lanes, 20, {"expected": ["J  join", "K  more"], "actual": []})

    assert lines == [
        "    server    -o 19.8s -",
        "    expected  -- 19.8s J",
        "    actual    -- 19.8s -",
        "                       ^",
        "at 20s",
        "    expected  J  join",
        "              K  more",
        "    actual    nothing",
    ]


def test_a_finer_tick_is_shown():
    lines = show({"one": [(0.1, "a"), (0.15, "b")]}, 0.15, {})

    assert lines == [
        "    one   0.1s a----b",
        "                    ^",
        "(one character is 10ms here)",
        "at 150ms",
    ]
