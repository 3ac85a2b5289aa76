"""Notifications of a stream as values."""

import pytest

from rx_phoenix.testing._marbles.notification import Completed, Failed, Next, Recorded


class Special(ValueError):
    pass


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Next(1), Next(1)),
        (Next({"a": 1, "b": 2}), Next({"b": 2, "a": 1})),
        (Next(None), Next(None)),
        (Completed(), Completed()),
        (Failed(ValueError("a", 1)), Failed(ValueError("a", 1))),
        (Failed(ValueError), Failed(Special("any"))),
        (Failed(Special("any")), Failed(Exception)),
        (Failed(ValueError), Failed(ValueError)),
        (Recorded(1.0, Next(1)), Recorded(1, Next(1))),
    ],
)
def test_like_notifications_are_equal(one, other):
    assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Next(1), Next("1")),
        (Next(1), Completed()),
        (Next(None), None),
        (Failed(ValueError("a")), Failed(ValueError("b"))),
        (Failed(ValueError("a")), Failed(Exception("a"))),
        (Failed(ValueError("a")), Failed(Special("a"))),
        (Failed(Special), Failed(ValueError("a"))),
        (Failed(ValueError("a")), ValueError("a")),
        (Recorded(1.0, Next(1)), Recorded(1.1, Next(1))),
    ],
)
def test_unlike_notifications_are_not_equal(one, other):
    assert one != other
