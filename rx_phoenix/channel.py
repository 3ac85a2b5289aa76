"""A topic, and everything that can be said and heard on it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._channel.join import Params
from rx_phoenix._channel.listeners import CONTROL, Listeners
from rx_phoenix._channel.membership import Membership
from rx_phoenix._channel.outbox import Outbox
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_unhandled
from rx_phoenix._protocol.hook import Hook, identity_hook
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    REPLY,
    UNMATCHED_TOPIC,
    ChannelState,
    check_name,
)
from rx_phoenix._streams.hub import noop
from rx_phoenix.errors import NotJoinedError, UsageError
from rx_phoenix.policy import Duration, Rejoin, seconds
from rx_phoenix.push import Push

__all__ = ["Channel", "Home"]

T = TypeVar("T")


PRIMITIVE = str, int, float
"""What JavaScript has values of that count as false."""


class Home(Protocol):
    """What a channel needs of its socket."""

    @property
    def link(self) -> ConnectionManager:
        """The connection that the socket's channels share."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds for a join, a leave or a push."""
        ...

    @property
    def rejoin(self) -> Rejoin:
        """When channels join again."""
        ...


def is_js_falsy(payload: object) -> bool:
    """Whether phoenix.js would take a payload for a missing one (``push.js``)."""
    return payload is None or (isinstance(payload, PRIMITIVE) and not payload)


class Channel:
    """One topic of a socket.

    Get one with `Socket.channel`; or make it by hand, as in phoenix.js, and it
    registers with its socket when it is first joined.

    Listening (`on`, `events`, `messages`, `states` …) has no side effects and outlives
    every connection. `join` and subscribing to `stream`, `joined` or `session` are
    *wants*: the first joins, and when the last is gone the channel is left.

    Args:
        topic: The topic, such as ``room:lobby``.
        params: Sent with the join: a mapping, or a function or coroutine function
            that is asked for one at every join.
        socket: Its socket; may be set later.

    Raises:
        UsageError: The topic is no text.

    Attributes:
        topic: The topic.
        socket: The socket.
        on_message: A hook, to be assigned or overridden: it is called with event,
            payload and ref of every message of the topic once, replies and lifecycle
            included. What it returns replaces what `on`, `events` and `stream`
            deliver. If it raises, or returns None for a payload that was not None,
            the original goes on and the error goes to `Socket.unhandled`.
    """

    on_message: Hook = staticmethod(identity_hook)

    def __init__(
        self, topic: str, params: Params = None, socket: Home | None = None
    ) -> None:
        check_name("a topic", topic)
        self.topic = topic
        self.socket = socket
        # There may be thousands of channels, and each bound method is an object.
        report, watch = self.report, self._watch
        self._membership = Membership(self, params, report, watch)
        self._listeners = Listeners(topic, self.spawn, report, watch)
        # What every message asks for, where it is found at once.
        self.current_join = self._membership.join
        self.direct = self._listeners.direct
        self.on_message = self.on_message
        self._outbox = Outbox(self, report)
        self._listening = 0
        self._is_removed = False
        self._has_ended = False

    # Where it stands.

    @property
    def state(self) -> ChannelState:
        """``closed``, ``errored``, ``joined``, ``joining`` or ``leaving``."""
        return self._membership.state.value

    @property
    def join_ref(self) -> str | None:
        """The ref of the join in force; None while there is none."""
        return self._membership.join.ref

    @property
    def is_wanted(self) -> bool:
        """Whether anybody wants to be in it: `join` stands, or a lease is held."""
        return self._membership.wants.are_any

    @property
    def states(self) -> Observable[ChannelState]:
        """The state, first the current one. Completes with the channel's removal."""
        return self._membership.state.observable

    @property
    def joins(self) -> Observable[Any]:
        """The response of every accepted join and rejoin."""
        return self._listeners.joins.observable

    @property
    def closes(self) -> Observable[Any]:
        """The payload of every close: ``"leave"`` when it was us who left."""
        return self.events(CLOSE)

    @property
    def errors(self) -> Observable[Any]:
        """The reason of every error: a crash, or the loss of the connection."""
        return self.events(ERROR)

    # Joining and leaving.

    def join(self, timeout: Duration | None = None) -> Push:
        """Join, and rejoin after every loss, until `leave`.

        While joining or joined it returns the same push again. From errored or closed
        it joins anew; while leaving, it waits for the end of that first.

        Args:
            timeout: Seconds for the answer; the socket's own if None.

        Returns:
            The push of the join: the first attempt, as Observable or awaitable. Its
            `Push.receive` callbacks run at each automatic rejoin too.

        Raises:
            UsageError: It has no socket, or no event loop runs.
            ChannelConflict: Another channel has the topic.
            EncodeError: The params cannot be said in JSON.
        """
        return self._membership.want(None if timeout is None else seconds(timeout))

    def leave(self, timeout: Duration | None = None) -> Push:
        """Leave, whoever wants to be in it: every want ends, and its streams complete.

        The state is ``leaving`` until the server answers or says ``phx_close``, the
        timeout passes or the connection is lost; then it is ``closed``.

        Args:
            timeout: Seconds for the answer; the socket's own if None.

        Returns:
            The push of the leave.

        Raises:
            UsageError: It has no socket.
        """
        return self._membership.leave(None if timeout is None else seconds(timeout))

    @property
    def session(self) -> Observable[Any]:
        """One attempt to be in the channel, as a stream.

        Subscribing joins, or takes part in the join that is under way or done.

        Emits:
            The response of the join.

        Completes:
            When the channel is left, or closed by the server.

        Errors:
            `JoinRefused`, `PushTimeout`, `ChannelCrashed` or `ConnectionLost`. It does
            not rejoin by itself: compose it with `retry_with_backoff`.
        """
        return self._membership.wants.session.observable

    @property
    def joined(self) -> Observable[Any]:
        """The membership itself, as a shared stream that heals.

        Subscribing wants to be in the channel; when the last subscriber of all is
        gone, it is left.

        Emits:
            The response of each join and rejoin; the current one first while joined.

        Completes:
            When the channel is left, or closed by the server.

        Errors:
            Only when it is final: the rejoin or the reconnect policy gave up.
        """
        return self._membership.wants.joined.observable

    # Listening.

    @overload
    def events(self, name: str) -> Observable[Any]: ...
    @overload
    def events(self, name: str, *, as_type: type[T]) -> Observable[T]: ...
    def events(
        self, name: str, *, as_type: type[T] | None = None
    ) -> Observable[Any] | Observable[T]:
        """The payloads of one event. Listening has no side effects.

        Completes when the channel is removed or the socket ended; never errors.

        Args:
            name: The event's name.
            as_type: What to decode payloads into: a Struct, dataclass, TypedDict,
                attrs or pydantic class. What does not fit goes to
                `Socket.unhandled` as a `PayloadError`, and the stream lives.
        """
        return self._typed(self._listeners.of(name).observable, as_type)

    @property
    def messages(self) -> Observable[Message]:
        """Every message of the topic as it came, replies and lifecycle included."""
        return self._listeners.messages.observable

    @overload
    def stream(self, event: str, *, as_type: type[T]) -> Observable[T]: ...
    @overload
    def stream(self, event: str | None = None) -> Observable[Any]: ...
    def stream(
        self, event: str | None = None, *, as_type: type[T] | None = None
    ) -> Observable[Any]:
        """Subscribe and it joins; dispose, and it leaves after the last one.

        It listens first and joins then, so that nothing after the join is missed.

        Args:
            event: The event whose payloads are emitted; every `Message` of the topic
                if None.
            as_type: As in `events`.

        Emits:
            Payloads, across reconnects and rejoins.

        Completes:
            When the channel is left, or closed by the server.

        Errors:
            Only when it is final: the rejoin or the reconnect policy gave up.
        """
        listeners = self._listeners
        tap = listeners.processed if event is None else listeners.of(event)

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            listening = tap.subscribe(observer.on_next)
            lease = self.joined.subscribe(
                None, observer.on_error, observer.on_completed
            )
            return CompositeDisposable(lease, listening)

        return self._typed(Observable[Any](subscribe), as_type)

    def on(self, event: str, callback: Callable[[Any], object]) -> int:
        """Call a function with the payload of each message of an event.

        An ``async def`` runs one call at a time, in order.

        Returns:
            A ref for `off`.
        """
        return self._listeners.on(event, callback)

    def on_close(
        self, callback: Callable[[Any, str | None, str | None], object]
    ) -> int:
        """Call a function with payload, ref and join_ref whenever the channel closes.

        The payload is ``"leave"`` when it was us who left. Removed by
        ``off("phx_close", ref)``.
        """
        return self._listeners.on_close(callback)

    def on_error(self, callback: Callable[[Any], object]) -> int:
        """Call a function with the reason whenever the channel errs.

        Removed by ``off("phx_error", ref)``.
        """
        return self.on(ERROR, callback)

    def off(self, event: str, ref: int | None = None) -> None:
        """Remove the callback of a ref, or all callbacks of an event.

        What the client itself does is not a callback: nothing breaks, whatever event
        is named.
        """
        self._listeners.off(event, ref)

    # Sending.

    def push(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Push:
        """Send an event to the server, now or as soon as the channel is joined.

        Args:
            event: The event's name.
            payload: JSON, or bytes for a binary frame. None, False, 0 and an empty
                text are sent as ``{}``, as by phoenix.js.
            timeout: Seconds from now for the answer; the socket's own if None.

        Raises:
            NotJoinedError: Nobody wants to be in the channel: `join` it first.
            UsageError: The event's name is no text.
            EncodeError: The payload cannot be said; nothing was sent.
        """
        if not self._membership.wants.are_any:
            raise NotJoinedError(
                f"cannot push {event!r} to {self.topic!r}, which is {self.state}: "
                "call join() first, or subscribe to its stream() or joined"
            )
        check_name("an event", event)
        within = self.default_timeout() if timeout is None else seconds(timeout)
        return self._outbox.push(event, {} if is_js_falsy(payload) else payload, within)

    def request(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Observable[Any]:
        """The cold twin of `push`: each subscription sends anew.

        Made for ``retry_with_backoff``. Emits the response and completes, or errors as
        a push does; disposing cancels the push.
        """

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            try:
                push = self.push(event, payload, timeout)
            except UsageError as error:
                observer.on_error(error)
                return Disposable()
            return CompositeDisposable(
                push.subscribe(observer), Disposable(push.cancel)
            )

        return Observable(subscribe)

    # What its parts need.

    def sending_ref(self) -> str | None:
        """The join that a push sent now belongs to; None if none can be sent."""
        if self._membership.state.value is not ChannelState.JOINED:
            return None
        return self.current_join.ref if self.link().is_open else None

    def link(self) -> ConnectionManager:
        """The connection of its socket.

        Raises:
            UsageError: It has no socket.
        """
        if self.socket is None:
            raise UsageError(
                f"the channel {self.topic!r} has no socket: give it one, "
                f"as in Channel({self.topic!r}, params, socket)"
            )
        return self.socket.link

    def default_timeout(self) -> float:
        """Seconds for a join, a leave or a push."""
        return 10.0 if self.socket is None else self.socket.timeout

    def rejoin(self) -> Rejoin:
        """When to join again."""
        return Rejoin() if self.socket is None else self.socket.rejoin

    def may_join(self) -> bool:
        """Whether a join can be sent now."""
        link = self.link()
        return link.is_open and link.router.registry.may_join(self)

    def claim(self) -> None:
        """Take the topic."""
        if self._is_removed:
            raise UsageError(
                f"this channel of {self.topic!r} was removed: get a new one with "
                f"socket.channel({self.topic!r})"
            )
        registry = self.link().router.registry
        registry.add(self)
        registry.activate(self)

    def settle_down(self) -> None:
        """Be held weakly, if nobody listens either."""
        is_idle = (
            self.state is ChannelState.CLOSED and not self._membership.wants.are_any
        )
        if self.socket is None or not is_idle:
            return
        if self._is_removed:
            self.link().router.registry.finish_removal(self)
            self.end()
        elif not self._listening:
            self.link().router.registry.deactivate(self)

    def tell_joined(self, response: Any) -> None:
        """Tell those who follow joins of one that was accepted."""
        self._listeners.tell_joined(response)

    def flush(self) -> None:
        """Send what waited for the join, in order."""
        self._outbox.flush()

    def take_pushes(self, *, waiting: bool) -> list[Push]:
        """The pushes that were sent, and those that wait too if asked, to be ended."""
        return self._outbox.take_all(waiting=waiting)

    def dispatch(
        self, event: str, payload: Any, ref: str | None, join_ref: str | None
    ) -> None:
        """Tell listeners of something that came in no frame."""
        message = Message(join_ref, ref, self.topic, event, payload)
        self._listeners.tell_local(message, self.on_message)

    # What its socket tells it.

    def receive(self, message: Message) -> None:
        """Take a message of the topic: membership and pushes first, listeners then."""
        event = message.event
        if event == REPLY:
            then = self._answer(message)
            self._listeners.tell(message, self.on_message)
            if then is not None:
                then()
        elif event not in CONTROL:
            self._listeners.tell(message, self.on_message)
        elif not self._is_authentic(message):
            self._listeners.tell_namesake(message, self.on_message)
        elif event == CLOSE:
            self._membership.closed_by_server(message)
            self._listeners.tell_closed(message)
        else:
            self._membership.crashed(message.payload)
            self._listeners.tell(message, self.on_message)
            self._membership.go_on()

    def receive_stale(self, message: Message) -> None:
        """Drop a message of an older join, unless it answers a push of that join."""
        then = self._answer(message) if message.event == REPLY else None
        if then is None:
            self.link().router.counters.stale += 1
        else:
            then()

    def _is_authentic(self, message: Message) -> bool:
        """Whether the channel itself says it, and no broadcast that has its name.

        Version 1 of the protocol has no join_ref to tell them apart by.
        """
        return bool(message.join_ref) or not self.link().router.has_join_refs

    def _answer(self, message: Message) -> Callable[[], None] | None:
        """Give a reply to what it answers.

        Returns:
            What to do once listeners have had it; None if nobody awaited it.
        """
        reply, ref = message.reply, message.ref
        if reply is None or ref is None:
            return None
        push = self._outbox.take(ref)
        if push is None:
            then = self._membership.answer(ref, reply)
            self.link().router.counters.late_replies += then is None
            return then
        is_lost = reply.status == "error" and self._is_lost(reply)
        if is_lost:
            self._membership.crashed(reply.response)
        push.answer(reply)
        return (lambda: self._lost_by_server(reply.response)) if is_lost else noop

    def _is_lost(self, reply: Reply) -> bool:
        """Whether the server does not know that we joined."""
        is_unmatched = reply.response == {"reason": UNMATCHED_TOPIC}
        return is_unmatched and self.state is ChannelState.JOINED

    def _lost_by_server(self, reason: Any) -> None:
        """The server does not know that we joined: join again."""
        self.dispatch(ERROR, reason, None, self.join_ref)
        self._membership.go_on()

    def opened(self) -> None:
        """The connection opened."""
        self._membership.opened()

    def lost(self, reason: str, error: Exception) -> None:
        """The connection is gone, or did not come."""
        self._membership.lost(reason, error)

    def gave_up(self, error: Exception) -> None:
        """There will be no connection until somebody asks for one."""
        self._membership.gave_up(error)

    def end(self) -> None:
        """Everything of it completes; it cannot be used again."""
        if not self._has_ended:
            self._has_ended = self._is_removed = True
            self._membership.end()
            self._listeners.end()

    def retire(self) -> Push:
        """Leave for good: everything of it completes once it is closed."""
        self.link().router.registry.begin_removal(self)
        self._is_removed = True
        leave = self.leave()
        leave.mark_seen()
        return leave

    def offer_params(self, params: Params) -> bool:
        """Take other params, if nobody relies on the ones it has.

        Returns:
            Whether it joins with these from now on.
        """
        join = self._membership.join
        if params is None or params == join.params:
            return True
        in_force = self._membership.wants.are_any or self.state not in {
            ChannelState.CLOSED,
            ChannelState.LEAVING,
        }
        if not in_force:
            join.params = params
        return not in_force

    def extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Merge what a function returns into the params of every join from now on.

        Returns:
            Disposing it withdraws the function.
        """
        return self._membership.join.extend_params(extra)

    def _watch(self, change: int) -> None:
        self._listening += change
        if self.socket is None or self._is_removed:
            return
        if change > 0:
            self.link().router.registry.activate(self)
        else:
            self.settle_down()

    def report(self, error: Exception) -> None:
        """Hand on an exception of a user's callback to `Socket.unhandled`."""
        if self.socket is None:
            log_unhandled(error, self, topic=self.topic)
        else:
            self.link().report(error)

    def spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        """Await something on the socket's loop."""
        return self.link().spawn(awaitable, on_value, on_error)

    def _typed(self, source: Observable[Any], as_type: type[T] | None) -> Any:
        if as_type is None:
            return source
        # Who decodes nothing needs no operators, whose import takes a while.
        from rx_phoenix.operators._decode_as import decode_as  # noqa: PLC0415

        return source.pipe(decode_as(as_type, on_error=self.report))

    def __repr__(self) -> str:
        return f"<Channel {self.topic!r}: {self.state}>"
