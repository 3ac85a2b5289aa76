"""The base of `Socket`: the package's way to its connection, hidden from users."""

from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix.policy import Rejoin

__all__ = ["SocketHandle", "connection_of"]


class SocketHandle:
    """A socket, as its channels know it.

    Attributes:
        timeout: Seconds for a join, a leave or a push.
        rejoin: When channels join again, and when to give up.
    """

    timeout: float
    rejoin: Rejoin
    _connection: ConnectionManager


def connection_of(socket: SocketHandle) -> ConnectionManager:
    """Return the connection of a socket, for the rest of the package."""
    return socket._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
