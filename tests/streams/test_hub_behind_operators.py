"""What reactivex's operators lose behind its own loop schedulers, they keep here."""

import pytest
from reactivex import operators as ops

from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler


@pytest.fixture
def hub(reported):
    return Hub(reported.append)


@pytest.fixture
def stream(hub):
    return hub.observable


@pytest.fixture(params=[True, False], ids=["loop scheduler", "no scheduler"])
async def scheduler(request):
    return LoopScheduler.current() if request.param else None


def never():
    return Hub(print).observable


OPERATORS = {
    "map": (lambda: ops.map(lambda value: value * 10), [10, 20]),
    "filter": (lambda: ops.filter(lambda value: value > 1), [2]),
    "take": (lambda: ops.take(1), [1, "completed"]),
    "retry": (ops.retry, [1, 2]),
    "start_with": (lambda: ops.start_with(0), [0, 1, 2]),
    "merge": (lambda: ops.merge(never()), [1, 2]),
    "catch": (lambda: ops.catch(never()), [1, 2]),
    "combine_latest": (lambda: ops.combine_latest(never()), []),
    "share": (ops.share, [1, 2]),
    "scan": (lambda: ops.scan(lambda total, value: total + value), [1, 3]),
    "distinct": (ops.distinct_until_changed, [1, 2]),
    "pairwise": (ops.pairwise, [(1, 2)]),
}


@pytest.mark.parametrize(
    ("operator", "expected"), OPERATORS.values(), ids=OPERATORS.keys()
)
async def test_an_operator_loses_no_event(
    hub, stream, log, operator, expected, scheduler
):
    log.subscribe_to(stream.pipe(operator()), scheduler=scheduler)
    hub.on_next(1)
    hub.on_next(2)

    assert log == expected


async def test_a_snapshot_and_what_follows_it_lose_no_event(
    hub, stream, log, scheduler
):
    updates = Hub(print)

    def follow(snapshot):
        return updates.observable.pipe(ops.start_with(snapshot))

    log.subscribe_to(
        stream.pipe(ops.map(follow), ops.switch_latest()), scheduler=scheduler
    )
    hub.on_next("first snapshot")
    updates.on_next("an update")
    hub.on_next("second snapshot")
    updates.on_next("another update")

    assert log == ["first snapshot", "an update", "second snapshot", "another update"]


async def test_two_hubs_combine_without_losing_an_event(hub, stream, log, scheduler):
    letters = Hub(print)
    log.subscribe_to(
        stream.pipe(ops.combine_latest(letters.observable)), scheduler=scheduler
    )
    hub.on_next(1)
    letters.on_next("a")
    letters.on_next("b")
    hub.on_next(2)

    assert log == [(1, "a"), (1, "b"), (2, "b")]


def test_taking_one_ends_the_subscription(hub, stream, log):
    log.subscribe_to(stream.pipe(ops.take(1)))
    hub.on_next(1)

    assert log == [1, "completed"]
    assert not hub.is_watched
