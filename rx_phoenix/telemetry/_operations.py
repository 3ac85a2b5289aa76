"""What takes time: a span while it lasts, and a measurement at its end."""

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
    """A time as OpenTelemetry takes it."""
    return round(seconds * 1e9)


class Operation:
    """One thing that goes on; it ends once, and later ends change nothing.

    Args:
        owner: What it is one of.
        span: Its span.
        attributes: What its measurement will say.
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
        """End it.

        Args:
            status: How it ended, in a word.
            error: What kind of failure that is; None if it is none.
            at: When it ended, in seconds since the epoch; now if None.
            detail: What else its span should say.
        """
        if not self._owner.finish(self):
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
        """Watch it no longer; how it will end is not known."""
        self._span.end(nanoseconds(self._owner.clock()))


class Operations(abc.DisposableBase):
    """Begins operations, and lets go of those that still go on when it is disposed of.

    Args:
        tracer: Makes the spans.
        meter: Makes the measure of their duration.
        clock: The time, in seconds since the epoch.
        common: What all of them have in common.
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
        self._under_way: set[Operation] = set()

    def begin(
        self,
        name: str,
        destination: str,
        attributes: Attributes,
        *,
        detail: Attributes,
        context: Context | None = None,
    ) -> Operation:
        """Begin one.

        Args:
            name: What is done.
            destination: What it is done to, as one of few.
            attributes: What its span and its measurement will say.
            detail: What only its span says.
            context: What it is part of; the context of the caller if None.
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
        self._under_way.add(operation)
        return operation

    def finish(self, operation: Operation) -> bool:
        """Whether an operation was still under way."""
        is_under_way = operation in self._under_way
        self._under_way.discard(operation)
        return is_under_way

    def dispose(self) -> None:
        """Watch none of them any longer."""
        while self._under_way:
            self._under_way.pop().drop()
