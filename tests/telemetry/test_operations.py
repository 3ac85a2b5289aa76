"""Operations: they end once, are measured at their end, or are let go."""

import pytest

from rx_phoenix.telemetry._operations import Operations

DURATION = "messaging.client.operation.duration"


@pytest.fixture
def now():
    """The time, in a list: tests move it."""
    return [0.0]


@pytest.fixture
def operations(collector, now):
    return Operations(
        collector.tracer, collector.meter, lambda: now[0], {"messaging.system": "test"}
    )


@pytest.fixture
def operation(operations):
    return operations.begin("push", "room:*", {"a": 1}, detail={"b": 2})


def test_it_is_measured_in_seconds(operation, collector, now):
    now[0] = 1.5
    operation.end("ok")
    metric = collector.metrics()[DURATION]

    assert collector.measured(DURATION) == {(): (1, 1.5)}
    assert metric.unit == "s"


def test_its_measurement_says_less_than_its_span(operation, collector):
    operation.end("odd", error="odd", detail={"c": 3})
    (point,) = collector.metrics()[DURATION].data.data_points
    measured = {
        "a": 1,
        "error.type": "odd",
        "messaging.operation.name": "push",
        "messaging.system": "test",
        "phoenix.status": "odd",
    }

    assert point.attributes == measured
    assert collector.spans()[0].attributes == {**measured, "b": 2, "c": 3}


@pytest.mark.parametrize(("error", "is_ok"), [(None, True), ("odd", False)])
def test_its_span_is_an_error_if_it_is_one(operation, collector, error, is_ok):
    operation.end("odd", error=error)
    (span,) = collector.spans()

    assert (span.status.is_ok, span.status.description) == (is_ok, None)


def test_it_ends_once(operation, collector):
    operation.end("ok")
    operation.end("odd")

    assert [status for *_, status, _ in collector.told()] == ["ok"]


def test_it_may_have_ended_earlier(operation, collector, now):
    now[0] = 2.0
    operation.end("ok", at=1.0)

    assert collector.told() == [(0.0, 1.0, "ok", None)]


def test_one_that_is_let_go_is_not_measured(operations, operation, collector):
    operations.dispose()
    operation.end("ok")

    assert [status for *_, status, _ in collector.told()] == [None]
    assert collector.measured(DURATION) == {}
