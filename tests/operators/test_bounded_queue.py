"""A queue with a bound drops what it was told to drop, and tells of it."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rx_phoenix._streams.delivery import delivery
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


# Waiting


class Reader:
    """A reader that can stop, or not.

    Attributes:
        calls: What it was asked for.
    """

    def __init__(self, can_pause=True):
        self.backpressure = self
        self.can_pause = can_pause
        self.calls = []

    def hold(self, consumer, beyond):
        self.calls.append(("hold", consumer.name, beyond))
        if not self.can_pause:
            raise UsageError("it cannot stop")

    def release(self, consumer):
        self.calls.append(("release", consumer.name))


@pytest.fixture
def make_reader():
    def make(**options):
        delivery.reader = Reader(**options)
        return delivery.reader

    yield make
    delivery.reader = None


def fill(queue, count):
    for n in range(count):
        queue.put(n)


def test_a_queue_that_waits_holds_what_fills_it_until_it_is_half_empty(make_reader):
    reader, queue = make_reader(), BoundedQueue(4, "wait", None, "work")
    fill(queue, 5)
    for _ in range(3):
        queue.take()

    assert reader.calls == [
        ("hold", "work", 0),
        ("hold", "work", 1),
        ("release", "work"),
    ]


def test_a_queue_that_waits_and_is_cleared_holds_nothing(make_reader):
    reader, queue = make_reader(), BoundedQueue(1, "wait", None, "work")
    fill(queue, 1)
    queue.clear()
    queue.clear()

    assert reader.calls == [("hold", "work", 0), ("release", "work")]


def test_every_reader_that_fills_a_queue_is_held(make_reader):
    queue = BoundedQueue(1, "wait", None, "work")
    readers = []
    for _ in range(2):
        readers.append(make_reader())
        fill(queue, 1)
    delivery.reader = None
    queue.take()
    queue.take()

    assert [reader.calls[-1] for reader in readers] == [("release", "work")] * 2


def test_a_value_is_kept_if_nothing_can_wait_for_the_queue(make_reader):
    make_reader(can_pause=False)
    queue = BoundedQueue(1, "wait", None)
    with pytest.raises(UsageError):
        queue.put(1)

    assert queue.take() == 1


def test_values_that_no_connection_delivers_are_kept_and_logged(caplog):
    queue = BoundedQueue(2, "wait", None, "work")
    fill(queue, 7)

    assert len(queue) == 7
    assert [record.args[1] for record in caplog.records] == [1, 2, 4]
    assert "work is full, and no connection can wait for it" in caplog.messages[0]


def test_a_queue_that_grows_beyond_ten_times_its_size_is_logged(make_reader, caplog):
    make_reader()
    fill(BoundedQueue(2, "wait", None, "work"), 100)

    assert [record.args[1] for record in caplog.records] == [20, 40, 80]
    assert "work is too slow for its stream: 20 values wait" in caplog.messages[0]


def test_a_loss_that_was_chosen_is_no_warning(caplog):
    with caplog.at_level("DEBUG", "rx_phoenix"):
        fill(BoundedQueue(1, "latest", None, "values()"), 3)

    assert {record.levelname for record in caplog.records} == {"DEBUG"}
    assert "too slow for its stream: 1 value lost so far" in caplog.messages[0]
    assert "too slow for its stream: 2 values lost so far" in caplog.messages[1]
