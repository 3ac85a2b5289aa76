"""The smallest contract that a WebSocket, a long poll and a fake can meet."""

from typing import Protocol

from reactivex import Observable

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame

__all__ = ["MAX_FRAME_SIZE", "Connection", "Transport"]

MAX_FRAME_SIZE = 16 * 1024 * 1024
"""Bytes of the largest frame taken, unless a transport is told another limit."""


class Connection(Protocol):
    """An open connection.

    Everything here is synchronous and called on the loop's thread.
    """

    @property
    def frames(self) -> Observable[Frame]:
        """The frames that arrive: hot, and listened to from the announcing call on."""
        ...

    @property
    def buffered(self) -> int:
        """How many frames were given to `send` and are not yet written."""
        ...

    def send(self, frame: Frame) -> None:
        """Queue a frame; never blocks, never raises."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Write what is queued, then say goodbye; a second call does nothing.

        The Observable that `Transport.connect` returned completes when it is done.
        """
        ...


class Transport(Protocol):
    """Opens connections.

    One that has something to tell of itself may have a ``lifecycle`` besides: an
    Observable of values that a socket shows on its own.
    """

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt, and the life of its connection.

        Subscribing opens; disposing abandons it at once, open or not.

        Emits:
            The connection, once it is open.

        Completes:
            When the connection ended after our own `Connection.close`.

        Errors:
            `ConnectError` when it could not be opened, `ConnectionLost` when the peer
            or the network ended it. Other exceptions are wrapped for you.
        """
        ...
