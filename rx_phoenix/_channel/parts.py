"""The parts of a channel, and the ties to its socket."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from reactivex import abc

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._channel.demand import Demand
from rx_phoenix._channel.join import Join, Params
from rx_phoenix._channel.listeners import Listeners
from rx_phoenix._channel.membership import Membership
from rx_phoenix._channel.outbox import Outbox
from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix._channel.stages import Stage
from rx_phoenix._connection.handle import SocketHandle, connection_of
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._excerpt import excerpt
from rx_phoenix._log import log_unhandled
from rx_phoenix._protocol.hook import Hook
from rx_phoenix._protocol.message import Reply
from rx_phoenix._protocol.names import ChannelState
from rx_phoenix._protocol.redaction import forms_of, is_secret, redactor
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Watcher, noop
from rx_phoenix._streams.reporter import UNBOUND, LoopReporter
from rx_phoenix._streams.state import State
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Rejoin

__all__ = ["ChannelParts"]

DEFAULT_TIMEOUT = 10.0

PENDING = {
    Stage.CLOSED: "it is about to join",
    Stage.WAITING: "its join waits to be sent",
    Stage.JOINING: "its join is not answered yet",
    Stage.ERRORED: "it waits to join again",
    Stage.LEAVING: "its leave is not answered yet",
}
"""The reasons for which a channel is not joined, where no join failed."""


class ChannelParts(LoopReporter):
    """The parts of a channel, the socket that they share, and facts about them.

    Args:
        context: The channel itself, as its parts see it.
        topic: The topic.
        params: Sent with the join.
        socket: The socket; may be set later.
        hook: The channel's `on_message`.
        watch: Notified when a source gets its first listener and loses its last.

    Attributes:
        topic: The topic.
        attached: The connection of the socket, if there is one.
        membership: Decides what an event brings about.
        demand: The demand for the membership.
        join: The join.
        listeners: The sources of what is emitted.
        outbox: The pushes.
        rejoin_timer: The wait for the next attempt.
        on_message: The hook that every message passes.
        states: The source of the state.
    """

    __slots__ = (
        "_leave",
        "_leave_reply",
        "_leave_timer",
        "_response",
        "_socket",
        "attached",
        "demand",
        "home",
        "join",
        "listeners",
        "membership",
        "on_message",
        "outbox",
        "rejoin_timer",
        "states",
        "topic",
    )

    def __init__(
        self,
        context: ChannelContext,
        topic: str,
        params: Params,
        socket: SocketHandle | None,
        hook: Hook,
        watch: Watcher,
    ) -> None:
        self.topic = topic
        self.socket = socket
        self.on_message = hook
        self.membership = Membership()
        self.states = State(ChannelState.CLOSED, self, watch)
        self.demand = Demand(context, self)
        self.join = Join(context, params)
        self.listeners = Listeners(topic, self.spawn, self, watch)
        self.outbox = Outbox(context, self.membership, self.join, self)
        self.rejoin_timer = RejoinTimer(context)
        self._leave: ChannelPush | None = None
        self._leave_reply: Reply | None = None
        self._leave_timer: abc.DisposableBase | None = None
        self._response: Any = None

    # The socket.

    @property
    def socket(self) -> SocketHandle | None:
        """The socket; may be set later."""
        return self._socket

    @socket.setter
    def socket(self, socket: SocketHandle | None) -> None:
        self._socket = socket
        # Kept, because each push asks for them.
        attached = self.attached = None if socket is None else connection_of(socket)
        self.home = UNBOUND if attached is None else attached.environment.home

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

    def __call__(self, error: Exception, /) -> None:
        """Report an exception, as `report`."""
        self.report(error)

    def report(self, error: Exception) -> None:
        """Report an exception of a user's function to `Socket.unhandled`."""
        if self.attached is None:
            log_unhandled(error, topic=self.topic)
        else:
            self.attached.environment(error, topic=self.topic)

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

    # The membership.

    @property
    def state(self) -> ChannelState:
        """The state of the membership."""
        return self.membership.state

    @property
    def awaits_answer(self) -> bool:
        """True while a join or a leave is on its way."""
        return self.membership.stage in {Stage.JOINING, Stage.LEAVING}

    @property
    def joined_ref(self) -> str | None:
        """The ref of its join if the server has it among its members, or may have."""
        is_member = self.membership.stage in {Stage.JOINING, Stage.JOINED}
        return self.join.ref if is_member else None

    @property
    def problem(self) -> str | None:
        """The reason for which it is not joined; None if it is, or need not be."""
        stage = self.membership.stage
        if stage is Stage.JOINED or not self.demand.exists:
            return None
        return self.rejoin_timer.reason or PENDING[stage]

    def in_flight(self) -> list[ChannelPush]:
        """Return the pushes that await their answers."""
        return self.outbox.in_flight()

    def largest_push(self) -> tuple[int, ChannelPush] | None:
        """Return the size in bytes of the largest push in flight, and itself."""
        return self.outbox.largest()

    # Secrets.

    @property
    def sent_values(self) -> Iterator[str]:
        """The secrets among the params of its join."""
        return self.join.sent_values

    @property
    def secrets(self) -> frozenset[str]:
        """The texts that nothing of ours shows, though the server may repeat them."""
        topic = self.topic
        known = self.connection.sent_secrets.all_but_joined
        sent = {each for each in known if each not in topic}
        return forms_of(self.join.sent_values) | sent

    def quoted(self, answer: object) -> str:
        """Quote what the server said, bounded and without our secrets."""
        return excerpt(answer, redactor(self.secrets), is_secret)

    def shown(self, words: str) -> str:
        """Return words that are not ours, without our secrets."""
        text: str = redactor(self.secrets)(words)
        return text
