"""Operations: a span for each, and a measurement of its duration at the end."""

from collections.abc import Callable

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    set_span_in_context,
)
from reactivex import abc

from rx_phoenix.telemetry._names import (
    BOUNDARIES,
    ERROR_TYPE,
    OPERATION,
    STATUS,
    Attributes,
)

__all__ = ["Operation", "Operations"]


def nanoseconds(seconds: float) -> int:
    """Convert seconds into OpenTelemetry's unit of time."""
    return round(seconds * 1e9)


class Operation:
    """A running operation; `end` has an effect once.

    Args:
        owner: The operations that it belongs to.
        span: Its span.
        attributes: The attributes of its measurement.
        begun: The start time.
    """

    __slots__ = ("_attributes", "_begun", "_owner", "_span")

    def __init__(
        self, owner: "Operations", span: Span, attributes: Attributes, begun: float
    ) -> None:
        self._owner = owner
        self._span = span
        self._attributes = attributes
        self._begun = begun

    def end(
        self,
        status: str,
        *,
        error: str | None = None,
        at: float | None = None,
        detail: Attributes | None = None,
    ) -> None:
        """End the span, and record the duration.

        Args:
            status: The outcome.
            error: The ``error.type`` of a failure, or None.
            at: The end time, in seconds since the epoch; now if None.
            detail: More attributes of the span.
        """
        if not self._owner.remove(self):
            return
        ended = self._owner.clock() if at is None else at
        outcome: Attributes = {STATUS: status, **({ERROR_TYPE: error} if error else {})}
        self._span.set_attributes({**outcome, **(detail or {})})
        if error:
            self._span.set_status(StatusCode.ERROR)
        self._owner.duration.record(
            ended - self._begun,
            {**self._attributes, **outcome},
            context=set_span_in_context(self._span),
        )
        self._span.end(nanoseconds(ended))

    def drop(self) -> None:
        """End the span without an outcome."""
        self._span.end(nanoseconds(self._owner.clock()))


class Operations(abc.DisposableBase):
    """A factory of operations; disposing drops those that are still running.

    Args:
        tracer: Creates the spans.
        meter: Creates the histogram of durations.
        clock: Returns the time, in seconds since the epoch.
        common: The attributes of all spans and measurements.
    """

    def __init__(
        self,
        tracer: Tracer,
        meter: Meter,
        clock: Callable[[], float],
        common: Attributes,
    ) -> None:
        self.clock = clock
        self.duration: Histogram = meter.create_histogram(
            "messaging.client.operation.duration",
            "s",
            "Time until a connect, a join or a push has its outcome.",
            explicit_bucket_boundaries_advisory=BOUNDARIES,
        )
        self._tracer = tracer
        self._common = common
        self._running: set[Operation] = set()

    def begin(
        self,
        name: str,
        destination: str,
        attributes: Attributes,
        *,
        detail: Attributes,
        context: Context | None = None,
    ) -> Operation:
        """Start an operation.

        Args:
            name: The operation's name.
            destination: Its target, of low cardinality.
            attributes: The attributes of its span and its measurement.
            detail: More attributes of the span.
            context: The parent context; that of the caller if None.
        """
        begun = self.clock()
        measured = {**self._common, OPERATION: name, **attributes}
        span = self._tracer.start_span(
            f"{name} {destination}",
            context,
            SpanKind.CLIENT,
            {**measured, **detail},
            start_time=nanoseconds(begun),
        )
        operation = Operation(self, span, measured, begun)
        self._running.add(operation)
        return operation

    def remove(self, operation: Operation) -> bool:
        """Remove an operation; return False if it was not running."""
        was_running = operation in self._running
        self._running.discard(operation)
        return was_running

    def dispose(self) -> None:
        """Drop all running operations."""
        while self._running:
            self._running.pop().drop()
