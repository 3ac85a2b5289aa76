"""The way in: one call that has a socket measured."""

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
    """Tell OpenTelemetry of a socket's connects, joins, pushes and figures.

    It only listens to the socket's streams, once a socket. Connects and joins are
    traces of their own; a push is part of what its caller is doing. No attribute
    holds params, a token or a payload.

    Args:
        socket: The socket, best before it connects.
        meter_provider: Where metrics go; the global one if None.
        tracer_provider: Where spans go; the global one if None.

    Returns:
        Disposing it stops; so does `Socket.aclose`.

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
