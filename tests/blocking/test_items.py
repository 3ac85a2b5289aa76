"""A stream as an iterator for one thread."""

import gc

import pytest
from reactivex import Subject, of, throw

from rx_phoenix import PushTimeout, UsageError
from rx_phoenix.blocking._items import Items, limit_of
from rx_phoenix.blocking._thread import LoopThread


@pytest.fixture
def thread():
    thread = LoopThread("loop under test")
    yield thread
    thread.stop()


@pytest.fixture
def iterate(thread):
    def iterate(stream, timeout=5.0, maxsize=10):
        return Items(
            thread,
            lambda: stream,
            timeout=timeout,
            maxsize=maxsize,
            overflow="error",
            on_loss=None,
        )

    return iterate


def test_the_values_of_a_stream_are_iterated(iterate):
    assert [*iterate(of(1, 2, 3))] == [1, 2, 3]


def test_an_ended_iterator_stays_at_its_end(iterate):
    items = iterate(of(1))

    assert [*items] == [1]
    assert [*items] == []


def test_an_error_of_the_stream_is_raised(iterate):
    with pytest.raises(ZeroDivisionError):
        next(iterate(throw(ZeroDivisionError())))


def test_a_timeout_that_the_stream_fails_with_is_its_own(iterate):
    with pytest.raises(PushTimeout, match="the join"):
        next(iterate(throw(PushTimeout("the join timed out"))))


def test_it_subscribes_when_it_is_made(thread, iterate):
    source = Subject()
    items = iterate(source)
    thread.call(lambda: source.on_next(1), 1)

    assert next(items) == 1


@pytest.mark.parametrize("end", ["close", "with", "break", "drop"])
def test_it_unsubscribes_at_its_end(thread, iterate, end):
    source = Subject()
    items = iterate(source)
    thread.call(lambda: source.on_next(1), 1)
    match end:
        case "close":
            items.close()
        case "with":
            with items:
                pass
        case "break":
            for _ in items:
                break
            del items
        case _:
            del items
    gc.collect()
    thread.call(lambda: None, 1)

    assert thread.call(lambda: len(source.observers), 1) == 0


def test_an_argument_that_cannot_be_is_refused_at_the_call(iterate):
    with pytest.raises(UsageError, match="maxsize"):
        iterate(of(1), maxsize=0)
    with pytest.raises(UsageError, match="seconds"):
        limit_of(-1)


def test_no_timeout_is_no_limit():
    assert (limit_of(None), limit_of(2)) == (None, 2.0)
