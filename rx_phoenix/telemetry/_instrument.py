"""The entry point: one call that instruments a socket."""

from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import TracerProvider, get_tracer
from reactivex import abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix import __version__
from rx_phoenix._connection.handle import connection_of
from rx_phoenix.socket import Socket
from rx_phoenix.telemetry._connects import Connects
from rx_phoenix.telemetry._figures import Figures
from rx_phoenix.telemetry._joins import Joins
from rx_phoenix.telemetry._messages import Messages
from rx_phoenix.telemetry._names import of_server
from rx_phoenix.telemetry._operations import Operations
from rx_phoenix.telemetry._pushes import Pushes

__all__ = ["instrument"]

SCOPE = "rx_phoenix"


def instrument(
    socket: Socket,
    *,
    meter_provider: MeterProvider | None = None,
    tracer_provider: TracerProvider | None = None,
) -> abc.DisposableBase:
    """Report a socket's connects, joins, pushes and figures to OpenTelemetry.

    It only subscribes to the socket's streams; call it once per socket. Connects and
    joins are root spans; the span of a push is a child of its caller's. No attribute
    holds params, a token or a payload.

    Args:
        socket: The socket, preferably before it connects.
        meter_provider: Receives metrics; the global one if None.
        tracer_provider: Receives spans; the global one if None.

    Returns:
        A disposable that stops the reporting; `Socket.aclose` stops it, too.

    >>> instrumentation = instrument(Socket("wss://example.org/socket"))
    >>> instrumentation.dispose()
    """
    meter = get_meter(SCOPE, __version__, meter_provider)
    tracer = get_tracer(SCOPE, __version__, tracer_provider)
    common = of_server(socket.url)

    def clock() -> float:
        scheduler = connection_of(socket).scheduler
        return scheduler.to_seconds(scheduler.now)

    operations = Operations(tracer, meter, clock, common)
    return CompositeDisposable(
        Connects(socket, operations, meter, common),
        Joins(socket, operations),
        Pushes(socket, operations),
        Messages(socket, meter, common),
        Figures(socket, meter, common),
        operations,
    )
