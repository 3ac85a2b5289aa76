"""The smallest contract that a WebSocket, a long poll and a fake can meet."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex import operators as ops

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame

__all__ = [
    "CLOSE_TIMEOUT",
    "MAX_FRAME_SIZE",
    "Asking",
    "Connection",
    "Owner",
    "Transport",
    "batches_of",
    "transport_for",
]

MAX_FRAME_SIZE = 8 * 1024 * 1024
"""Bytes of the largest frame taken, unless a transport is given another limit."""

CLOSE_TIMEOUT = 2.0
"""Seconds that a peer may take to answer our close."""


class Connection(Protocol):
    """An open connection.

    All members are synchronous and are used on the loop's thread.

    A connection may have more members, which are used where they exist:

    - ``bytes_received``, an `int` that only grows: the bytes received so far. They
      show that the peer is alive before a large frame is complete; without them only
      whole frames do.
    - ``bytes_sent``, an `int` that only grows: the bytes that the network has taken so
      far. They show that the peer is alive while a heartbeat waits behind them.
    - ``pause()`` and ``resume()``: stop reading from the network, and go on, for
      consumers with ``overflow="wait"``. Both may be called repeatedly. Without them
      a full one of these fails with a `UsageError`.
    - ``abort()``: drop the connection at once, unwritten frames included; it ends as
      if the network had been cut.
    - ``outlives_close``, True if the server keeps the channels of a closed connection
      for a while: they are left before it is closed, so that presence is right at once.

    A connection without ``batches`` may have ``frames`` instead, an Observable of
    single frames.
    """

    @property
    def batches(self) -> Observable[Sequence[Frame]]:
        """The frames of each read of the network, in order and never empty.

        Hot; it must emit nothing before the call that announces the connection. A
        batch must not change once it was emitted.
        """
        ...

    @property
    def buffered(self) -> int:
        """The number of frames given to `send` that the network has not taken."""
        ...

    def send(self, frame: Frame) -> None:
        """Queue a frame; must neither block nor raise."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Write what is queued, then close; a second call does nothing.

        The Observable that `Transport.connect` returned completes when the peer has
        answered, and fails if the connection ends without that.
        """
        ...


Asking = Callable[
    [Callable[[Endpoint], None], Callable[[Exception], None]], abc.DisposableBase
]
"""Calls the first function with an endpoint, or the second with the failure."""


class Owner(Protocol):
    """A socket, to a transport that belongs to it alone."""

    def ask(
        self, use: Callable[[Endpoint], None], fail: Callable[[Exception], None]
    ) -> abc.DisposableBase:
        """Ask the providers for fresh credentials: an `Asking`."""
        ...

    def depart(self, done: Callable[[], None]) -> abc.DisposableBase:
        """Prepare for the end of the open connection, without losing anything.

        Pushes in flight are answered, for at most 2 s; others wait for the next join.
        Then the channels are left.

        Args:
            done: Called after that, possibly within this call.
        """
        ...


class Transport(Protocol):
    """Opens connections.

    A transport with events of its own may have a ``lifecycle`` besides: an Observable
    of values that a socket emits on its own ``lifecycle``.
    """

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt, and the life of its connection.

        Subscribing opens; disposing abandons it at once, open or not.

        Emits:
            The connection, once it is open.

        Completes:
            When the peer has answered our own `Connection.close`.

        Errors:
            `ConnectError` when it could not be opened, `ConnectionLost` when the peer
            or the network ended it. Other exceptions are wrapped for you.
        """
        ...


def batches_of(connection: Connection) -> Observable[Sequence[Frame]]:
    """Return a connection's batches; each holds one frame if it has only ``frames``."""
    batches: Observable[Sequence[Frame]] | None = getattr(connection, "batches", None)
    if batches is not None:
        return batches
    frames: Observable[Frame] = getattr(connection, "frames")  # noqa: B009 - not in the Protocol
    return frames.pipe(ops.map(lambda frame: (frame,)))


def transport_for(transport: Transport, owner: Owner | None) -> Transport:
    """Return a transport for one socket alone, which differs if it has a memory."""
    make: Any = getattr(transport, "_for_socket", None)
    return transport if make is None or owner is None else make(owner)
