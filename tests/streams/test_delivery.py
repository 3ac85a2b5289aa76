"""The delivery that is under way, for those that want it to stop."""

import threading

import pytest

from rx_phoenix._streams.delivery import await_ended, delivery


class Reader:
    """A reader that counts the turns it was asked for."""

    asked = 0

    def give_turns(self):
        self.asked += 1


@pytest.fixture
def reader():
    delivery.reader = Reader()
    yield delivery.reader
    delivery.reader = None


def test_an_await_that_ends_has_the_reader_give_turns(reader):
    await_ended()
    await_ended()

    assert reader.asked == 2


def test_without_a_delivery_nothing_is_asked():
    await_ended()

    assert delivery.reader is None


def test_each_thread_has_its_own(reader):
    seen = []
    thread = threading.Thread(
        target=lambda: (await_ended(), seen.append(delivery.reader))
    )
    thread.start()
    thread.join()

    assert seen == [None]
    assert reader.asked == 0
