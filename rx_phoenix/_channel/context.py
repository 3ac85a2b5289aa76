"""The surroundings of a channel: its topic, and what its socket gives."""

from collections.abc import Awaitable, Callable
from typing import Any

from reactivex import abc

from rx_phoenix._connection.handle import SocketHandle, connection_of
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_unhandled
from rx_phoenix._streams.hub import noop
from rx_phoenix._streams.reporter import LoopReporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import PushCancelled, UsageError
from rx_phoenix.policy import Rejoin

__all__ = ["ChannelContext"]

DEFAULT_TIMEOUT = 10.0


class ChannelContext(LoopReporter):
    """The base of a channel's core, which its parts are given.

    They get the whole context, and not the functions that they call: each bound
    method would be one more object, for each of thousands of channels. It is their
    `Reporter`, too.

    Attributes:
        topic: The topic.
        attached: The connection of the socket, if there is one.
    """

    __slots__ = ("_socket", "attached", "topic")

    def __init__(self, topic: str, socket: SocketHandle | None) -> None:
        self.topic = topic
        self.socket = socket

    @property
    def socket(self) -> SocketHandle | None:
        """The socket; may be set later."""
        return self._socket

    @socket.setter
    def socket(self, socket: SocketHandle | None) -> None:
        self._socket = socket
        # Kept, because each push asks for it.
        self.attached = None if socket is None else connection_of(socket)

    @property
    def connection(self) -> ConnectionManager:
        """The connection of the socket.

        Raises:
            UsageError: The channel has no socket.
        """
        if self.attached is None:
            raise UsageError(
                f"the channel {self.topic!r} has no socket: give it one, "
                f"as in Channel({self.topic!r}, params, socket)"
            )
        return self.attached

    @property
    def timeout(self) -> float:
        """Seconds for a join, a leave or a push."""
        return DEFAULT_TIMEOUT if self._socket is None else self._socket.timeout

    @property
    def rejoin(self) -> Rejoin:
        """The policy of rejoins."""
        return Rejoin() if self._socket is None else self._socket.rejoin

    @property
    def bound(self) -> LoopScheduler | None:
        """The scheduler of the socket, once it is bound to a loop."""
        attached = self.attached
        return None if attached is None else attached.environment.bound

    def __call__(self, error: Exception, /) -> None:
        """Report an exception, as `report`."""
        self.report(error)

    def report(self, error: Exception) -> None:
        """Report an exception of a user's function to `Socket.unhandled`."""
        if self.attached is None:
            log_unhandled(error, self, topic=self.topic)
        else:
            self.attached.report(error)

    def spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        *,
        on_end: Callable[[], object] = noop,
    ) -> abc.DisposableBase:
        """Await something on the socket's loop."""
        return self.connection.spawn(awaitable, on_value, on_error, on_end=on_end)

    # Called by the parts. The core defines these.

    def shown(self, words: str) -> str:
        """Return words that are not ours, without our secrets."""
        raise NotImplementedError

    def join_sent(self) -> None:
        """React to a join's message that is being sent."""
        raise NotImplementedError

    def join_failed(self, error: PushCancelled) -> None:
        """React to a join that could not be sent."""
        raise NotImplementedError

    def join_timed_out(self) -> None:
        """React to a join without an answer in time."""
        raise NotImplementedError

    def rejoin_due(self) -> None:
        """React to the end of the wait for a rejoin."""
        raise NotImplementedError

    def session_requested(self) -> None:
        """React to the first subscriber of `session`."""
        raise NotImplementedError

    def joined_requested(self) -> None:
        """React to the first subscriber of `joined`."""
        raise NotImplementedError

    def released(self) -> None:
        """React to the end of a lease, when its last subscriber is gone."""
        raise NotImplementedError
