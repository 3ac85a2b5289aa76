"""A queue with a bound drops what it was told to drop, and tells of it."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix.errors import RxPhoenixError, UsageError
from rx_phoenix.operators._bounded_queue import (
    BoundedQueue,
    QueueOverflow,
    check_choice,
)


def contents(waiting):
    return [waiting.take() for _ in range(len(waiting))]


@pytest.mark.parametrize(
    ("overflow", "kept"),
    [("drop_oldest", [3, 4, 5]), ("drop_newest", [1, 2, 3]), ("latest", [5])],
)
def test_a_full_queue_drops_what_it_was_told_to(overflow, kept):
    losses = []
    waiting = BoundedQueue(3, overflow, losses.append)

    for value in range(1, 6):
        waiting.put(value)

    assert contents(waiting) == kept
    assert sum(losses) == 5 - len(kept)


def test_a_full_queue_that_may_drop_nothing_raises():
    waiting = BoundedQueue(2, "error", None)
    waiting.put(1)
    waiting.put(2)

    with pytest.raises(QueueOverflow, match="the queue is full") as raised:
        waiting.put(3)

    assert raised.value.maxsize == 2
    assert isinstance(raised.value, RxPhoenixError)
    assert contents(waiting) == [1, 2]


@pytest.mark.parametrize("maxsize", [0, -1])
def test_a_queue_without_room_is_refused(maxsize):
    with pytest.raises(UsageError, match="maxsize must be 1 or more"):
        BoundedQueue(maxsize, "error", None)


def test_an_unknown_overflow_is_refused_and_the_known_ones_are_named():
    with pytest.raises(UsageError, match="drop_oldest, drop_newest, latest"):
        BoundedQueue(1, "drop", None)


def test_a_choice_is_refused_by_its_name():
    with pytest.raises(UsageError, match="colour must be one of "):
        check_choice("colour", "red", None)


def test_losses_nobody_listens_for_are_logged_ever_more_rarely(caplog):
    waiting = BoundedQueue(1, "drop_newest", None)

    for value in range(10):
        waiting.put(value)

    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert [record.args[0] for record in caplog.records] == [1, 2, 4, 8]


@given(
    st.integers(1, 5),
    st.sampled_from(["drop_oldest", "drop_newest", "latest"]),
    st.lists(st.sampled_from(["put", "take"])),
)
def test_every_value_is_taken_waiting_or_told_as_lost(maxsize, overflow, moves):
    losses, taken, puts = [], [], 0
    waiting = BoundedQueue(maxsize, overflow, losses.append)

    for move in moves:
        if move == "put":
            puts += 1
            waiting.put(puts)
        elif waiting:
            taken.append(waiting.take())

    assert puts == len(taken) + len(waiting) + sum(losses)
    assert taken == sorted(taken)
    assert len(waiting) <= maxsize
