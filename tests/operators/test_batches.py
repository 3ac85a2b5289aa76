"""A batch is complete by its size, its time, or the end of the stream."""

import pytest

from rx_phoenix import UsageError
from rx_phoenix._streams.hub import noop
from rx_phoenix.operators._batches import Batches, Window
from rx_phoenix.operators._bounded_queue import BoundedQueue


@pytest.fixture
def batches_of(time):
    """Make the batches of payloads that wait."""

    def make(payloads, size, every=None, maxsize=10):
        waiting = BoundedQueue(maxsize, "error", None)
        for payload in payloads:
            waiting.put(payload)
        batches = Batches(waiting, Window(size, every), maxsize, time, reported.append)
        batches.begin(noop)
        made.append(batches)
        return batches

    made, reported = [], []
    yield make
    for batches in made:
        batches.close()
    assert reported == []


def test_it_is_complete_by_its_size(batches_of):
    batches = batches_of("abc", 2)

    assert batches.take(is_last=False) == (2, ["a", "b"])
    batches.begin(noop)
    assert batches.take(is_last=False) is None


def test_it_is_complete_by_its_time(batches_of, time):
    batches = batches_of("a", 2, every=0.5)

    assert batches.take(is_last=False) is None
    time.advance_by(0.5)
    assert batches.take(is_last=False) == (1, ["a"])


def test_the_end_of_the_stream_completes_it(batches_of):
    assert batches_of("a", 2).take(is_last=True) == (1, ["a"])


def test_a_payload_alone_is_itself(batches_of):
    assert batches_of("ab", 1).take(is_last=False) == (1, "a")


def test_it_needs_a_payload(batches_of):
    assert batches_of("", 1).take(is_last=True) is None


def test_a_size_beyond_the_queue_is_that_of_the_queue(batches_of):
    assert batches_of("ab", 5, maxsize=2).take(is_last=False) == (2, ["a", "b"])


def test_a_window_whose_function_ends_it_starts_no_timer(batches_of, time):
    batches = batches_of("", 2, every=lambda: batches.close() or 0.5)
    batches.waiting.put("a")
    batches.begin(noop)

    assert time.pending == ()


@pytest.mark.parametrize(("size", "every"), [(0, None), ("2", None), (1, -1)])
def test_a_window_that_cannot_be_is_refused(size, every):
    with pytest.raises(UsageError):
        Window(size, every)
