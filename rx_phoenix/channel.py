"""A topic: its join, its events and its pushes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import get_ident
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._channel.core import ChannelCore, ChannelHandle
from rx_phoenix._channel.join import Params, check_params
from rx_phoenix._connection.handle import SocketHandle
from rx_phoenix._protocol.checks import check, check_function, kind_of
from rx_phoenix._protocol.hook import Hook, identity_hook
from rx_phoenix._protocol.message import Message, sendable
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    ChannelState,
    check_event,
    check_name,
)
from rx_phoenix._streams.decoding import decoder
from rx_phoenix._streams.reporter import run_on_loop
from rx_phoenix._streams.typed import TypedEvents, TypedObserver
from rx_phoenix.errors import NotJoinedError, UsageError
from rx_phoenix.policy import Duration, timeout_of
from rx_phoenix.push import Push

__all__ = ["Channel"]

T = TypeVar("T")


def _check_socket(socket: object) -> None:
    is_socket = socket is None or isinstance(socket, SocketHandle)
    check(is_socket, "socket", "a Socket or None", kind_of(socket))


class Channel(ChannelHandle):
    """One topic of a socket.

    Get one with `Socket.channel`; or make it by hand, as in phoenix.js, and it
    registers with its socket when it is first joined.

    Listening (`on`, `events`, `messages`, `states` …) has no side effects and outlives
    every connection. `join` and subscribing to `stream`, `joined` or `session` are
    *demand*: the first joins, and when the last is gone the channel is left.

    Args:
        topic: The topic, such as ``room:lobby``.
        params: Sent with the join: a mapping, or a function or coroutine function
            that is called for one at every join.
        socket: Its socket; may be set later.

    Raises:
        UsageError: The topic is not a string, the params are not a mapping, or the
            socket is not a `Socket`.

    Attributes:
        on_message: A hook, to be assigned or overridden: it is called with event,
            payload and ref of every message of the topic once, replies and lifecycle
            included. Its result replaces what `on`, `events` and `stream`
            deliver. If it raises, or returns None for a payload that was not None,
            the original goes on and the error goes to `Socket.unhandled`.
    """

    __slots__ = ("__dict__", "__weakref__")

    on_message: Hook = staticmethod(identity_hook)

    def __init__(
        self, topic: str, params: Params = None, socket: SocketHandle | None = None
    ) -> None:
        check_name("a topic", topic)
        check_params(params)
        _check_socket(socket)
        self._core = ChannelCore(self, topic, params, socket, self.on_message)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "on_message":
            takes = "a function of event, payload and ref"
            check_function("on_message", value, takes)
            self._core.check_loop()
        super().__setattr__(name, value)
        if name == "on_message":
            self._core.hook_with(self.on_message)

    def __delattr__(self, name: str) -> None:
        if name == "on_message":
            self._core.check_loop()
        super().__delattr__(name)
        if name == "on_message":
            self._core.hook_with(self.on_message)

    # State.

    @property
    def topic(self) -> str:
        """The topic."""
        return self._core.topic

    @property
    def socket(self) -> SocketHandle | None:
        """The socket; may be set later."""
        return self._core.socket

    @socket.setter
    def socket(self, socket: SocketHandle | None) -> None:
        _check_socket(socket)
        self._core.check_loop()
        self._core.socket = socket

    @property
    def state(self) -> ChannelState:
        """``closed``, ``errored``, ``joined``, ``joining`` or ``leaving``."""
        return self._core.membership.state

    @property
    def join_ref(self) -> str | None:
        """The ref of the join in force; None while there is none."""
        return self._core.join.ref

    @property
    def is_wanted(self) -> bool:
        """True while `join` was requested or a lease is held."""
        return self._core.demand.exists

    @property
    def states(self) -> Observable[ChannelState]:
        """The state, first the current one. Completes with the channel's removal."""
        return self._core.states.observable

    @property
    def joins(self) -> Observable[Any]:
        """The response of every accepted join and rejoin."""
        return self._core.listeners.joins.observable

    @property
    def refusals(self) -> Observable[Exception]:
        """The error of every join and rejoin that failed.

        `JoinRefused`, `PushTimeout`, or a `PushCancelled` where the params raised. The
        first one, and each change of its reason, is also a warning in the log if the
        join is retried.
        """
        return self._core.listeners.refusals.observable

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
        it joins again; while leaving, it waits for the end of that first.

        Args:
            timeout: As of `push`; the socket's own if None.

        Returns:
            The push of the join: the first attempt, as Observable or awaitable. Its
            `Push.receive` callbacks run at each automatic rejoin too.

        Raises:
            UsageError: The channel has no socket, or no event loop runs.
            ChannelConflict: Another channel has the topic.
            EncodeError: The params cannot be encoded as JSON.
        """
        self._core.check_loop()
        return self._core.request_join(None if timeout is None else timeout_of(timeout))

    def leave(self, timeout: Duration | None = None) -> Push:
        """Leave: all demand ends, and its streams complete.

        The state is ``leaving`` until the server answers or sends ``phx_close``, the
        timeout passes or the connection is lost; then it is ``closed``.

        Args:
            timeout: As of `push`; the socket's own if None.

        Returns:
            The push of the leave.

        Raises:
            UsageError: The channel has no socket.
        """
        self._core.check_loop()
        return self._core.leave(None if timeout is None else timeout_of(timeout))

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
        return self._core.demand.session.observable

    @property
    def joined(self) -> Observable[Any]:
        """The membership itself, as a shared stream that heals.

        Subscribing joins; the channel is left when the last subscriber of all is
        gone.

        Emits:
            The response of each join and rejoin; the current one first while joined.

        Completes:
            When the channel is left, or closed by the server.

        Errors:
            Only when it is final: the rejoin or the reconnect policy gave up.
        """
        return self._core.demand.joined.observable

    # Listening.

    @overload
    def events(self, name: str) -> Observable[Any]: ...
    @overload
    def events(self, name: str, *, as_type: type[T]) -> Observable[T]: ...
    @overload
    def events(self, name: str, *, as_type: Any) -> Observable[Any]: ...
    def events(self, name: str, *, as_type: Any = None) -> Observable[Any]:
        """Return the payloads of one event. Listening has no side effects.

        Completes when the channel is removed or the socket ended; never errors.

        Args:
            name: The event's name.
            as_type: The type to decode payloads into: a Struct, dataclass, TypedDict,
                attrs or pydantic class, or whatever is built of these: a list, a
                union, an ``Annotated``, a ``TypeAdapter``. A payload that does not fit
                goes to `Socket.unhandled` as a `PayloadError`, and the stream lives.
        """
        hub = self._core.listeners.of(name)
        if as_type is None:
            return hub.observable
        return TypedEvents[Any](hub, decoder(as_type), self._core)

    @property
    def messages(self) -> Observable[Message]:
        """Every message of the topic as it came, replies and lifecycle included."""
        return self._core.listeners.messages.observable

    @overload
    def stream(self, event: str, *, as_type: type[T]) -> Observable[T]: ...
    @overload
    def stream(
        self, event: str | None = None, *, as_type: Any = None
    ) -> Observable[Any]: ...
    def stream(
        self, event: str | None = None, *, as_type: Any = None
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
        listeners = self._core.listeners
        tap = listeners.processed if event is None else listeners.of(event)

        decoding = None if as_type is None else decoder(as_type)

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            on_next = observer.on_next
            if decoding is not None:
                on_next = TypedObserver(decoding, on_next, self._core).on_next
            listening = tap.subscribe(on_next)
            lease = self.joined.subscribe(
                None, observer.on_error, observer.on_completed
            )
            return CompositeDisposable(lease, listening)

        return Observable(subscribe)

    def on(self, event: str, callback: Callable[[Any], object]) -> int:
        """Call a function with the payload of each message of an event.

        An ``async def`` runs one call at a time, in order.

        Returns:
            A ref for `off`.
        """
        self._core.check_loop()
        return self._core.listeners.on(event, callback)

    def on_close(
        self, callback: Callable[[Any, str | None, str | None], object]
    ) -> int:
        """Call a function with payload, ref and join_ref whenever the channel closes.

        The payload is ``"leave"`` when it was us who left. Removed by
        ``off("phx_close", ref)``.
        """
        self._core.check_loop()
        return self._core.listeners.on_close(callback)

    def on_error(self, callback: Callable[[Any], object]) -> int:
        """Call a function with the reason whenever the channel fails.

        Removed by ``off("phx_error", ref)``.
        """
        return self.on(ERROR, callback)

    def off(self, event: str, ref: int | None = None) -> None:
        """Remove the callback of a ref, or all callbacks of an event.

        The client's own reactions are not callbacks, so that no name of an event can
        break it.
        """
        check_name("an event", event)
        self._core.check_loop()
        self._core.listeners.off(event, ref)

    # Sending.

    def push(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Push:
        """Send an event to the server, now or as soon as the channel is joined.

        Args:
            event: The event's name.
            payload: JSON, or bytes for a binary frame. None, False, 0 and an empty
                text are sent as ``{}``, as by phoenix.js.
            timeout: Seconds from now for the answer; the socket's own if None. A
                number over 3,600 gets a `UsageWarning`: it looks like milliseconds.

        Raises:
            NotJoinedError: The channel is not joined and not to be: `join` it first.
            UsageError: The event's name is not a string, or reserved by the protocol.
            EncodeError: The payload cannot be encoded; nothing was sent.
        """
        self._check_push(event)
        core = self._core
        within = core.timeout if timeout is None else timeout_of(timeout)
        return core.outbox.push(event, sendable(payload), within)

    def cast(self, event: str, payload: Any = None) -> None:
        """Send an event that the server does not answer.

        It waits for the join or for the network as a push does, with the socket's
        timeout. Once it is sent nothing is kept of it: an answer, even a refusal, is
        ignored, and if the connection dies then, it may be lost. One that is dropped
        while it waits is counted by `SocketStats`, as ``casts_dropped``, and the 1st,
        2nd, 4th, 8th … are reported to `Socket.unhandled`.

        Args:
            event: The event's name.
            payload: As in `push`.

        Raises:
            NotJoinedError: As in `push`.
            UsageError: As in `push`.
            EncodeError: As in `push`.
        """
        self._cast(event, sendable(payload))

    def request(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Observable[Any]:
        """The cold twin of `push`: each subscription sends.

        Made for ``retry_with_backoff``. Emits the response and completes, or errors as
        a push does; disposing cancels the push.

        Raises:
            UsageError: The timeout is not a duration, or the event is not a string, or
                reserved by the protocol.
        """
        self._core.check_loop()
        check_event(self.topic, event)
        # A timedelta, so that only this call warns of milliseconds.
        within = None if timeout is None else timedelta(seconds=timeout_of(timeout))

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            try:
                push = self.push(event, payload, within)
            except UsageError as error:
                observer.on_error(error)
                return Disposable()

            def cancel() -> None:
                run_on_loop(self._core, push.cancel)

            return CompositeDisposable(push.subscribe(observer), Disposable(cancel))

        return Observable(subscribe)

    def _check_push(self, event: str) -> None:
        core = self._core
        # As `check_loop` does first, but without its calls: there is one a push.
        if get_ident() != core.home.runner._thread_id:  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            core.check_loop()
        demand = core.demand
        if not (demand.join_requested or demand.exists):
            raise NotJoinedError(
                f"cannot push {event!r} to {self.topic!r}, which is {self.state}: "
                "call join() first, or subscribe to its stream() or joined"
            )
        check_event(core.topic, event)

    def _extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Merge what a function returns into the params of every join from now on.

        Returns:
            Disposing it withdraws the function.
        """
        return self._core.join.extend_params(extra)

    def _push(self, event: str, payload: Any, within: float | None) -> Push:
        """Push a payload as it is, even one that is falsy."""
        self._check_push(event)
        core = self._core
        return core.outbox.push(
            event, payload, core.timeout if within is None else within
        )

    def _cast(
        self, event: str, payload: Any, ended: Callable[[bool], object] | None = None
    ) -> None:
        """Cast as it is, and call a function when it was sent (True) or dropped."""
        self._check_push(event)
        core = self._core
        core.outbox.cast(event, payload, core.timeout, ended)

    @property
    def _lifecycle(self) -> Observable[Any]:
        """Everything that happens to the connection."""
        return self._core.connection.lifecycle.observable

    def _report(self, error: Exception) -> None:
        """Emit an exception on the socket's `unhandled`."""
        self._core.report(error)

    def __repr__(self) -> str:
        return repr(self._core)
