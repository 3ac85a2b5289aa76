"""The source of batches between the network and a connection's subscribers."""

import pytest
from reactivex import Observer

from rx_phoenix._transport.inbound import Inbound


@pytest.fixture
def inbound():
    return Inbound()


def test_a_batch_reaches_every_subscriber_in_the_order_of_subscribing(inbound):
    log = []
    inbound.subscribe(lambda batch: log.append(("one", batch)))
    inbound.subscribe(Observer(lambda batch: log.append(("two", batch))))

    inbound.emit(["a", b"b"])

    assert log == [("one", ["a", b"b"]), ("two", ["a", b"b"])]


def test_who_disposes_gets_the_next_batch_no_more(inbound):
    batches = []
    subscription = inbound.subscribe(batches.append)
    inbound.emit(["a"])

    subscription.dispose()
    inbound.emit(["b"])

    assert batches == [["a"]]


def test_an_exception_of_a_subscriber_reaches_the_network(inbound):
    inbound.subscribe(lambda batch: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        inbound.emit(["a"])


def test_a_subscriber_without_a_function_is_one_too(inbound):
    inbound.subscribe()

    inbound.emit(["a"])
