"""Everything that telemetry tells, kept in memory."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rx_phoenix.telemetry import instrument

__all__ = ["COMMON", "Collector"]

COMMON = {
    "messaging.system": "phoenix",
    "network.protocol.name": "phoenix",
    "server.address": "phx.test",
    "server.port": 80,
}
"""What all spans and measurements of the kit's socket have in common."""


def value_of(point):
    """A sum or a gauge as its value, a histogram as its count and sum."""
    if hasattr(point, "value"):
        return round(point.value, 6)
    return point.count, round(point.sum, 6)


class Collector:
    """Has sockets instrumented, and keeps what comes of it.

    Attributes:
        tracer: For spans of the test's own.
        meter: For measurements of the test's own.
    """

    def __init__(self):
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self._meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self._tracers = TracerProvider(shutdown_on_exit=False)
        self._tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self._tracers.get_tracer("test")
        self.meter = self._meters.get_meter("test")

    def watch(self, socket):
        """Instrument a socket."""
        return instrument(
            socket, meter_provider=self._meters, tracer_provider=self._tracers
        )

    def spans(self, kind=""):
        """The spans that ended, of one kind or all."""
        spans = self._exporter.get_finished_spans()
        return [span for span in spans if span.name.startswith(kind)]

    def told(self, kind=""):
        """Of each span: its begin and its end in seconds, its status, its error."""
        return [
            (
                span.start_time / 1e9,
                span.end_time / 1e9,
                span.attributes.get("phoenix.status"),
                span.attributes.get("error.type"),
            )
            for span in self.spans(kind)
        ]

    def metrics(self):
        """The metrics by their names."""
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def measured(self, name, *attributes):
        """The values of a metric, by those of some attributes."""
        metric = self.metrics().get(name)
        return {
            tuple(point.attributes.get(key) for key in attributes): value_of(point)
            for point in (metric.data.data_points if metric else ())
        }

    def attributes(self):
        """The attributes of everything that was told."""
        for span in self.spans():
            yield span.attributes
        for metric in self.metrics().values():
            for point in metric.data.data_points:
                yield point.attributes

    def shut_down(self):
        self._tracers.shutdown()
        self._meters.shutdown()
