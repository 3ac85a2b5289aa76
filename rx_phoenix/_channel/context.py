"""The surroundings of a channel: its topic, and what its socket gives."""

from collections.abc import Awaitable, Callable
from typing import Any

from reactivex import abc

from rx_phoenix._connection.handle import SocketHandle, connection_of
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_unhandled
from rx_phoenix._push import ChannelPush
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Rejoin

__all__ = ["ChannelContext", "Owner"]

DEFAULT_TIMEOUT = 10.0


class ChannelContext:
    """The base of a channel's core, which its parts are given.

    They get the whole context, and not the functions that they call: each bound
    method would be one more object, for each of thousands of channels.

    Attributes:
        topic: The topic.
        socket: The socket; may be set later.
    """

    __slots__ = ("socket", "topic")

    def __init__(self, topic: str, socket: SocketHandle | None) -> None:
        self.topic = topic
        self.socket = socket

    @property
    def connection(self) -> ConnectionManager:
        """The connection of the socket.

        Raises:
            UsageError: The channel has no socket.
        """
        if self.socket is None:
            raise UsageError(
                f"the channel {self.topic!r} has no socket: give it one, "
                f"as in Channel({self.topic!r}, params, socket)"
            )
        return connection_of(self.socket)

    @property
    def timeout(self) -> float:
        """Seconds for a join, a leave or a push."""
        return DEFAULT_TIMEOUT if self.socket is None else self.socket.timeout

    @property
    def rejoin(self) -> Rejoin:
        """The policy of rejoins."""
        return Rejoin() if self.socket is None else self.socket.rejoin

    def report(self, error: Exception) -> None:
        """Report an exception of a user's function to `Socket.unhandled`."""
        if self.socket is None:
            log_unhandled(error, self, topic=self.topic)
        else:
            self.connection.report(error)

    def spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        """Await something on the socket's loop."""
        return self.connection.spawn(awaitable, on_value, on_error)


class Owner(ChannelContext):
    """What a membership needs of its channel."""

    __slots__ = ()

    def may_join(self) -> bool:
        """Return whether a join can be sent now."""
        raise NotImplementedError

    def claim(self) -> None:
        """Take the topic; raises `ChannelConflict` if it is taken."""
        raise NotImplementedError

    def settle_down(self) -> None:
        """Let the channel be collected, if it is idle."""
        raise NotImplementedError

    def tell_joined(self, response: Any) -> None:
        """Deliver the response of an accepted join."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send the pushes that waited for the join."""
        raise NotImplementedError

    def take_pushes(self, *, waiting: bool) -> list[ChannelPush]:
        """Take the pushes that were sent, and those that wait too if asked."""
        raise NotImplementedError

    def dispatch(
        self, event: str, payload: Any, ref: str | None, join_ref: str | None
    ) -> None:
        """Deliver an event that came in no frame."""
        raise NotImplementedError
