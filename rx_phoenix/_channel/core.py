"""The core of a channel: what its socket and its parts know of it."""

from collections.abc import Callable
from typing import Any

from rx_phoenix._channel.context import Owner
from rx_phoenix._channel.join import Params
from rx_phoenix._channel.listeners import CONTROL, Listeners
from rx_phoenix._channel.membership import Membership
from rx_phoenix._channel.outbox import Outbox
from rx_phoenix._connection.handle import SocketHandle
from rx_phoenix._protocol.hook import Hook
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    REPLY,
    UNMATCHED_TOPIC,
    ChannelState,
)
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import UsageError

__all__ = ["ChannelCore", "ChannelHandle", "core_of"]


class ChannelHandle:
    """The base of `Channel`: holds the core, and hides it from users."""

    __slots__ = ("_core",)

    _core: "ChannelCore"


def core_of(channel: ChannelHandle) -> "ChannelCore":
    """Return the core of a channel, for the rest of the package."""
    return channel._core  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


class ChannelCore(Owner):
    """A channel without its public face: routes lead here, not to a `Channel`.

    Args:
        handle: The channel that users hold; the core keeps it alive.
        topic: The topic.
        params: Sent with the join.
        socket: The socket; may be set later.
        hook: The channel's `on_message`.

    Attributes:
        handle: The channel that users hold.
        on_message: The hook that every message passes.
        membership: Joins, rejoins and leaves.
        listeners: The sources of what is emitted.
        outbox: The pushes.
        current_join: The join by whose ref messages of older ones are told apart.
        direct: By event, the source that gets a payload without a detour.
    """

    __slots__ = (
        "__weakref__",
        "_has_ended",
        "_is_removed",
        "_listening",
        "current_join",
        "direct",
        "handle",
        "listeners",
        "membership",
        "on_message",
        "outbox",
    )

    def __init__(
        self,
        handle: ChannelHandle,
        topic: str,
        params: Params,
        socket: SocketHandle | None,
        hook: Hook,
    ) -> None:
        super().__init__(topic, socket)
        # There may be thousands of channels, and each bound method is an object.
        report, watch = self.report, self._watch
        self.handle = handle
        self.on_message = hook
        self.membership = Membership(self, params, report, watch)
        self.listeners = Listeners(topic, self.spawn, report, watch)
        self.outbox = Outbox(self, self.membership, report)
        # What every message asks for, where it is found at once.
        self.current_join = self.membership.join
        self.direct = self.listeners.direct
        self._listening = 0
        self._is_removed = False
        self._has_ended = False

    @property
    def state(self) -> ChannelState:
        """The state of the membership."""
        return self.membership.state.value

    def may_join(self) -> bool:
        """Whether a join can be sent now."""
        connection = self.connection
        return connection.is_open and connection.router.registry.may_join(self)

    def claim(self) -> None:
        """Take the topic."""
        if self._is_removed:
            raise UsageError(
                f"this channel of {self.topic!r} was removed: get a new one with "
                f"socket.channel({self.topic!r})"
            )
        registry = self.connection.router.registry
        registry.add(self)
        registry.activate(self)

    def settle_down(self) -> None:
        """Be held weakly, if nobody listens either."""
        is_idle = (
            self.state is ChannelState.CLOSED and not self.membership.wants.are_any
        )
        if self.socket is None or not is_idle:
            return
        if self._is_removed:
            self.connection.router.registry.finish_removal(self)
            self.end()
        elif not self._listening:
            self.connection.router.registry.deactivate(self)

    def tell_joined(self, response: Any) -> None:
        """Tell those who follow joins of one that was accepted."""
        self.listeners.tell_joined(response)

    def flush(self) -> None:
        """Send what waited for the join, in order."""
        self.outbox.flush()

    def take_pushes(self, *, waiting: bool) -> list[ChannelPush]:
        """The pushes that were sent, and those that wait too if asked, to be ended."""
        return self.outbox.take_all(waiting=waiting)

    def dispatch(
        self, event: str, payload: Any, ref: str | None, join_ref: str | None
    ) -> None:
        """Tell listeners of something that came in no frame."""
        message = Message(join_ref, ref, self.topic, event, payload)
        self.listeners.tell_local(message, self.on_message)

    # Called by the socket.

    def receive(self, message: Message) -> None:
        """Take a message of the topic: membership and pushes first, listeners then."""
        event = message.event
        if event == REPLY:
            then = self._answer(message)
            self.listeners.tell(message, self.on_message)
            if then is not None:
                then()
        elif event not in CONTROL:
            self.listeners.tell(message, self.on_message)
        elif not self._is_authentic(message):
            self.listeners.tell_namesake(message, self.on_message)
        elif event == CLOSE:
            self.membership.closed_by_server(message)
            self.listeners.tell_closed(message)
        else:
            self.membership.crashed(message.payload)
            self.listeners.tell(message, self.on_message)
            self.membership.go_on()

    def receive_stale(self, message: Message) -> None:
        """Drop a message of an older join, unless it answers a push of that join."""
        then = self._answer(message) if message.event == REPLY else None
        if then is None:
            self.connection.router.counters.stale += 1
        else:
            then()

    def _is_authentic(self, message: Message) -> bool:
        """Whether the channel itself says it, and no broadcast that has its name.

        Version 1 of the protocol has no join_ref to tell them apart by.
        """
        return bool(message.join_ref) or not self.connection.router.has_join_refs

    def _answer(self, message: Message) -> Callable[[], None] | None:
        """Give a reply to what it answers.

        Returns:
            What to do once listeners have had it; None if nobody awaited it.
        """
        reply, ref = message.reply, message.ref
        if reply is None or ref is None:
            return None
        push = self.outbox.take(ref)
        if push is None:
            then = self.membership.answer(ref, reply)
            self.connection.router.counters.late_replies += then is None
            return then
        is_lost = reply.status == "error" and self._is_lost(reply)
        if is_lost:
            self.membership.crashed(reply.response)
        push.answer(reply)
        return (lambda: self._lost_by_server(reply.response)) if is_lost else noop

    def _is_lost(self, reply: Reply) -> bool:
        """Whether the server does not know that we joined."""
        is_unmatched = reply.response == {"reason": UNMATCHED_TOPIC}
        return is_unmatched and self.state is ChannelState.JOINED

    def _lost_by_server(self, reason: Any) -> None:
        """The server does not know that we joined: join again."""
        self.dispatch(ERROR, reason, None, self.current_join.ref)
        self.membership.go_on()

    def opened(self) -> None:
        """The connection opened."""
        self.membership.opened()

    def lost(self, reason: str, error: Exception) -> None:
        """The connection is gone, or did not come."""
        self.membership.lost(reason, error)

    def gave_up(self, error: Exception) -> None:
        """There will be no connection until somebody asks for one."""
        self.membership.gave_up(error)

    def end(self) -> None:
        """Everything of it completes; it cannot be used again."""
        if not self._has_ended:
            self._has_ended = self._is_removed = True
            self.membership.end()
            self.listeners.end()

    def retire(self) -> ChannelPush:
        """Leave for good: everything of it completes once it is closed."""
        self.connection.router.registry.begin_removal(self)
        self._is_removed = True
        leave = self.membership.leave()
        leave.mark_seen()
        return leave

    def offer_params(self, params: Params) -> bool:
        """Take other params, if nobody relies on the ones it has.

        Returns:
            Whether it joins with these from now on.
        """
        join = self.membership.join
        if params is None or params == join.params:
            return True
        in_force = self.membership.wants.are_any or self.state not in {
            ChannelState.CLOSED,
            ChannelState.LEAVING,
        }
        if not in_force:
            join.params = params
        return not in_force

    def _watch(self, change: int) -> None:
        self._listening += change
        if self.socket is None or self._is_removed:
            return
        if change > 0:
            self.connection.router.registry.activate(self)
        else:
            self.settle_down()

    def __repr__(self) -> str:
        return f"<Channel {self.topic!r}: {self.state}>"
