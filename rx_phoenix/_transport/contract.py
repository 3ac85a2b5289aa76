"""The smallest contract that a WebSocket, a long poll and a fake can meet."""

from collections.abc import Sequence
from typing import Protocol

from reactivex import Observable
from reactivex import operators as ops

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame

__all__ = ["CLOSE_TIMEOUT", "MAX_FRAME_SIZE", "Connection", "Transport", "batches_of"]

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
    - ``pause()`` and ``resume()``: stop reading from the network, and go on, for
      consumers with ``overflow="wait"``. Both may be called repeatedly. Without them
      a full one of these fails with a `UsageError`.
    - ``abort()``: drop the connection at once, unwritten frames included; it ends as
      if the network had been cut.

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
