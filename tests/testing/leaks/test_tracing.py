"""Tracing of subscriptions and deliveries."""

import gc
from functools import partial

import pytest

from rx_phoenix._protocol.message import Reply
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.lease import Lease
from rx_phoenix.errors import PushRefused
from rx_phoenix.testing._leaks.tracing import (
    watch_deliveries,
    watch_leases,
    watch_pushes,
)


@pytest.fixture
def lease():
    return Lease(lambda: None, lambda: None, print)


@pytest.fixture
def shares():
    with watch_leases() as shares:
        yield shares


def test_a_share_of_a_lease_is_held_until_it_is_disposed(lease, shares):
    subscription = lease.observable.subscribe()
    assert [share.is_held for share in shares] == [True]

    subscription.dispose()
    assert [share.is_held for share in shares] == [False]
    assert not lease.is_held


@pytest.mark.parametrize("end", [Lease.complete, lambda lease: lease.fail(OSError())])
def test_a_share_of_a_lease_that_ended_is_held_no_more(lease, shares, end):
    lease.observable.subscribe(on_error=lambda _: None)

    end(lease)

    assert [share.is_held for share in shares] == [False]


def test_a_share_has_the_site_of_its_subscription(lease, shares):
    lease.observable.subscribe()

    assert "in test_a_share_has_the_site" in str(shares[0].call_site)


def test_leases_are_watched_meanwhile_only(lease):
    with watch_leases() as shares:
        pass
    lease.observable.subscribe()

    assert shares == []


def test_a_value_with_an_observer_is_a_delivery():
    hub = Hub(print)
    hub.observable.subscribe()

    with watch_deliveries() as deliveries:
        hub.on_next(1)
    hub.on_next(2)

    assert deliveries == [1]


def test_a_value_without_an_observer_is_not_a_delivery():
    with watch_deliveries() as deliveries:
        Hub(print).on_next(1)

    assert deliveries == []


@pytest.fixture
def make_push():
    return partial(ChannelPush, "room:1", "shout", {}, 10.0, spawn=None)


def test_a_push_that_outlives_the_watch_is_not_reported(make_push):
    reports = []

    with watch_pushes():
        push = make_push(report=reports.append)
        push.answer(Reply("error", {}))
    del push
    gc.collect()

    assert reports == []


def test_a_push_that_is_collected_meanwhile_is_reported(make_push):
    reports = []

    with watch_pushes():
        push = make_push(report=reports.append)
        push.answer(Reply("error", {}))
        del push
        gc.collect()

    assert [type(error) for error in reports] == [PushRefused]
