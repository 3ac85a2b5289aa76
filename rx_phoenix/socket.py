"""A socket: one connection, and the channels on it."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from random import random as unseeded
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast, overload

from reactivex import Observable, abc, throw
from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._channel.core import ChannelCore, core_of
from rx_phoenix._channel.join import Params, check_params
from rx_phoenix._connection.attempt import Destination
from rx_phoenix._connection.demand import ENDED
from rx_phoenix._connection.diagnosis import Diagnosis
from rx_phoenix._connection.environment import Environment, UnhandledReporter
from rx_phoenix._connection.handle import SocketHandle
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._log import log_unhandled
from rx_phoenix._protocol.checks import check, check_instance, check_methods, is_whole
from rx_phoenix._protocol.lifecycle import AttemptFailed, Closed, Lifecycle, Opened
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import SocketState, check_name
from rx_phoenix._protocol.serializer import DEFAULT_SERIALIZER, Serializer
from rx_phoenix._streams.callbacks import Callback
from rx_phoenix._streams.calls import ThreadCalls
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.provider import Provider
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix._transport.contract import CLOSE_TIMEOUT, Transport
from rx_phoenix._transport.default import DefaultTransport
from rx_phoenix.channel import Channel
from rx_phoenix.errors import ChannelConflict, ConnectionLost, ProtocolError, UsageError
from rx_phoenix.policy import (
    Duration,
    Heartbeat,
    Reconnect,
    Rejoin,
    SendBuffer,
    seconds,
    timeout_of,
)
from rx_phoenix.push import Push
from rx_phoenix.stats import SocketStats

__all__ = ["Socket"]

T = TypeVar("T")


class RandomSource(Protocol):
    """A source of randomness, such as ``random.Random(seed)``."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        ...


def _random_of(
    random: RandomSource | Callable[[], float] | None,
) -> Callable[[], float]:
    """Return the function that draws a number."""
    if random is None:
        return unseeded
    takes = "a function that returns a number from 0 up to 1, a random.Random, or None"
    draw = random if callable(random) else getattr(random, "random", None)
    is_source = isinstance(random, type) and hasattr(random, "random")
    check(callable(draw) and not is_source, "random", takes, repr(random))
    return cast("Callable[[], float]", draw)


def _send_buffer_of(send_buffer: int | SendBuffer) -> SendBuffer:
    """Return the policy of a size."""
    if isinstance(send_buffer, SendBuffer):
        return send_buffer
    takes = "a non-negative number of pushes, or a SendBuffer"
    is_size = is_whole(send_buffer) and send_buffer >= 0
    check(is_size, "send_buffer", takes, repr(send_buffer))
    return SendBuffer(send_buffer)


class Socket(SocketHandle):
    """A connection to a Phoenix server that heals by itself, and its channels.

    ``async with Socket(url) as socket`` connects, waits for the first open, and ends
    it. Nothing needs a running event loop before the first connect, join or lease;
    from then on the socket belongs to that loop's thread.

    Args:
        url: The endpoint as in phoenix.js, such as ``wss://example.org/socket``.
        params: Connect params: a mapping, or a function or coroutine function that is
            called at every attempt.
        auth_token: Phoenix's auth token, as text; likewise. An empty one is ignored.
        headers: Extra HTTP headers, text to text; likewise.
        timeout: Seconds for a join, a leave or a push. A number over 3,600 gets a
            `UsageWarning`: it looks like milliseconds.
        heartbeat: How a dead peer is noticed; None sends no heartbeats.
        reconnect: When to connect again, and when to give up.
        rejoin: When channels join again, and when to give up.
        send_buffer: How many pushes may wait for a join or for the wire.
        transport: How frames travel; a `WebSocketTransport` if None.
        serializer: How messages are put into frames; a `SerializerV2` if None.
        scheduler: Time and tasks; those of the running event loop if None.
        random: Randomness for the jitter: a function that returns a number from 0 up to
            1, or a ``random.Random``.

    Attributes:
        timeout: As given, in seconds.
        rejoin: As given.

    Raises:
        UsageError: The URL is not complete, or an argument is not what it takes. Of
            the answers of functions it is the final error of `connect`.
    """

    def __init__(  # noqa: PLR0913 - the options of phoenix.js, and all by name
        self,
        url: str,
        *,
        params: Params = None,
        auth_token: Provider[str | None] = None,
        headers: Provider[Mapping[str, str] | None] = None,
        timeout: Duration = 10.0,
        heartbeat: Heartbeat | None = Heartbeat(),
        reconnect: Reconnect = Reconnect(),
        rejoin: Rejoin = Rejoin(),
        send_buffer: int | SendBuffer = 1000,
        transport: Transport | None = None,
        serializer: Serializer | None = None,
        scheduler: LoopScheduler | None = None,
        random: RandomSource | Callable[[], float] | None = None,
    ) -> None:
        check_instance("heartbeat", heartbeat, Heartbeat | None, "a Heartbeat or None")
        check_instance("reconnect", reconnect, Reconnect, "a Reconnect")
        check_instance("rejoin", rejoin, Rejoin, "a Rejoin")
        takes = "a LoopScheduler or None"
        check_instance("scheduler", scheduler, LoopScheduler | None, takes)
        transport = DefaultTransport() if transport is None else transport
        check_methods("transport", transport, "connect", "a transport, not its class")
        serializer = DEFAULT_SERIALIZER if serializer is None else serializer
        takes = "a serializer, not its class"
        check_methods("serializer", serializer, "encode decode", takes)
        destination = Destination(url, serializer.vsn, params, auth_token, headers)
        destination.validate()
        self.timeout: float = timeout_of(timeout)
        self.rejoin = rejoin
        self._url = destination.public_url
        self._log = partial(log_unhandled, url=self._url)
        environment = Environment(scheduler, _random_of(random), self._report)
        unhandled_reporter = UnhandledReporter(self._log, environment.home)
        self._unhandled: Hub[Exception] = Hub(unhandled_reporter)
        self._connection = ConnectionManager(
            destination,
            transport=transport,
            serializer=serializer,
            heartbeat=heartbeat,
            reconnect=reconnect,
            send_buffer=_send_buffer_of(send_buffer),
            environment=environment,
        )
        self._callbacks: dict[int, tuple[Callback, abc.DisposableBase]] = {}
        self._refs = 0
        self._ended: SingleResult[None] | None = None
        self._calls = ThreadCalls(environment)
        self._diagnosis = Diagnosis(self._url, self._connection)

    # Connecting.

    def connect(self) -> SingleResult[None]:
        """Connect, and stay connected until `disconnect` or `aclose`.

        Returns:
            Settles with the first open, or with the final error. Need not be awaited.

        Raises:
            UsageError: No event loop runs, or the socket was ended.
        """
        self._check_loop()
        return self._connection.connect()

    def disconnect(self, code: int = 1000, reason: str = "") -> SingleResult[None]:
        """Pause: close the connection in spite of all demand, until `connect`.

        Channels turn errored, keep what waits in them, and rejoin after `connect`.

        Args:
            code: The WebSocket's close code, from 1000 to 4999.
            reason: The reason that goes with it, at most 123 bytes of UTF-8.

        Returns:
            Settles when the connection is closed, within 2 s. Need not be awaited.

        Raises:
            UsageError: No close frame can carry the code or the reason.
        """
        self._check_loop()
        return self._connection.disconnect(code, reason)

    def aclose(self) -> SingleResult[None]:
        """End it for good: what is queued is written, everything completes.

        Returns:
            Settles when the connection is closed, within 2 s. Need not be awaited.
        """
        self._check_loop()
        self._calls.except_caller()
        if self._ended is None:
            ended = self._ended = SingleResult[None](self._connection.report)
            self._calls.end(CLOSE_TIMEOUT)
            self._connection.refuse()
            for core in self._connection.router.registry.all():
                core.end()
            self._connection.end().subscribe(
                lambda _: self._calls.when_ended(lambda: self._complete(ended))
            )
        return self._ended

    def _check_loop(self) -> None:
        self._connection.environment.check_loop()

    def _complete(self, ended: SingleResult[None]) -> None:
        for callback, subscription in self._callbacks.values():
            subscription.dispose()
            callback.dispose()
        self._callbacks.clear()
        connection = self._connection
        connection.lease.complete()
        for hub in (
            connection.state,
            connection.lifecycle,
            connection.router.frames,
            connection.router.sent,
            connection.router.pushes,
            connection.router.messages,
        ):
            hub.on_completed()
        self._unhandled.on_completed()
        environment = connection.environment
        environment.tasks.dispose()
        environment.when_quiet(lambda: ended.succeed(None), CLOSE_TIMEOUT)

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def reconnect_now(self, probe: Duration = 3.0) -> None:
        """Skip the wait for the next attempt, such as when the network is back.

        An open connection is probed: a heartbeat is sent, and a new connection takes
        its place if nothing arrives in time. A machine that slept for more than the
        heartbeat's interval (25 s without one) probes by itself. No effect while
        connecting, after `disconnect`, or while a probe is under way.

        Args:
            probe: Seconds within which something must arrive over it.

        Raises:
            UsageError: The socket was ended, or the duration is not above 0.
        """
        within = seconds(probe, "probe")
        if not within:
            raise UsageError(f"probe must exceed 0 seconds, got {probe!r}")
        self._connection.reconnect_now(within)

    def ping(self) -> Observable[float]:
        """Measure the round trip now, in seconds; awaitable.

        One without an answer in time starts a probe, as `reconnect_now` does.

        Errors:
            `ConnectionLost` without a connection, `PushTimeout` without an answer.
        """
        self._check_loop()
        if self._connection.is_open:
            return self._connection.heartbeat.ping()
        failed = SingleResult[float](self._connection.report)
        failed.fail(ConnectionLost(1006, "cannot ping: the socket is not connected"))
        return failed

    @property
    def connection(self) -> Observable[Opened]:
        """The connection as a shared lease.

        Connects on the first subscription, and closes after the last one, unless
        something else holds it.

        Emits:
            `Opened` at each open; also first, while it is open.

        Completes:
            At `aclose`.

        Errors:
            When the reconnect policy gave up.
        """
        return self._connection.lease.observable

    # Observing.

    @property
    def url(self) -> str:
        """The endpoint, without user, password and query: fit for logs."""
        return self._url

    @property
    def state(self) -> SocketState:
        """``connecting``, ``open``, ``closing`` or ``closed``: so between attempts."""
        return self._connection.state.value

    @property
    def states(self) -> Observable[SocketState]:
        """The state, first the current one. Completes at `aclose`."""
        return self._connection.state.observable

    @property
    def frames(self) -> Observable[Message]:
        """Every message that arrives, of whatever topic. Completes at `aclose`."""
        return self._connection.router.frames.observable

    @property
    def sent(self) -> Observable[Message]:
        """Every message that leaves. Completes at `aclose`."""
        return self._connection.router.sent.observable

    @property
    def pushes(self) -> Observable[Push]:
        """Every push of an event, when a channel was given it. Completes at `aclose`.

        Joins and leaves are not among them; those are in `sent`.
        """
        return self._connection.router.pushes.observable

    @property
    def lifecycle(self) -> Observable[Lifecycle | ProtocolError]:
        """The events of the connection, as values. Completes at `aclose`.

        `Opened`, `Closed`, `AttemptFailed`, `Retrying`, `HeartbeatAnswered`,
        `HeartbeatMissed`, `GaveUp`; those of a `FallbackTransport`; and a
        `ProtocolError` for each frame that is not a message.
        """
        return self._connection.lifecycle.observable

    @property
    def unhandled(self) -> Observable[Exception]:
        """The errors without a handler: of callbacks, and refusals without an observer.

        They are logged while there is no subscriber. Completes at `aclose`.
        """
        return self._unhandled.observable

    @property
    def stats(self) -> Observable[SocketStats]:
        """The socket's figures, now and then once a second, while subscribed."""

        def subscribe(
            observer: abc.ObserverBase[SocketStats], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            clock, timer = self._connection.scheduler, SerialDisposable()
            hub = Hub[SocketStats](self._connection.report)

            def tick() -> None:
                timer.disposable = clock.call_later(1.0, tick)
                hub.on_next(self._connection.snapshot())

            listening = hub.subscribe(observer)
            ended = self._connection.lifecycle.subscribe(on_completed=hub.on_completed)
            if not hub.has_ended:
                tick()
            return CompositeDisposable(timer, ended, listening)

        return Observable(subscribe)

    def diagnosis(self) -> str:
        """Return in plain words why it is connected, or is not.

        The last transitions with their causes, the attempts, and the next try.
        """
        return self._diagnosis.text()

    def call_soon_threadsafe(self, function: Callable[[], object]) -> Future[Any]:
        """Call a function on the socket's loop: the one way in from another thread.

        It runs in the context of this call. Cancelling the Future ends the wait only.

        Args:
            function: The function, plain or ``async def``, without arguments.

        Returns:
            The result of the function, awaited if it is awaitable; Observables other
            than those of one outcome are returned as they are. An exception that
            nothing asks it for goes to `unhandled`.

        Raises:
            UsageError: The socket is not bound to a loop, its loop is closed, or
                `aclose` was called. If the loop ends first, the Future raises it.
        """
        if not callable(function):
            raise UsageError(f"function must be callable, got {function!r}")
        if self._ended is not None:
            raise UsageError(ENDED)
        bound = self._connection.environment.home.bound
        if bound is None:
            raise UsageError(
                "this socket is not bound to an event loop: connect() or join on its "
                "loop before other threads call it"
            )
        return self._calls.call(function, bound)

    # phoenix.js's spelling.

    def on_open(self, callback: Callable[[], object]) -> int:
        """Call a function at each open, after wanted channels have sent their joins.

        Returns:
            A ref for `off`.
        """
        return self._on(Opened, callback, lambda _: ())

    def on_close(self, callback: Callable[[Closed], object]) -> int:
        """Call a function with each `Closed`: an open connection ended.

        Returns:
            A ref for `off`.
        """
        return self._on(Closed, callback, lambda event: (event,))

    def on_error(self, callback: Callable[[Exception], object]) -> int:
        """Call a function with the error of each attempt that failed.

        Returns:
            A ref for `off`.
        """
        return self._on(AttemptFailed, callback, lambda event: (event.error,))

    def on_message(self, callback: Callable[[Message], object]) -> int:
        """Call a function with each message, after its channel has had it.

        Returns:
            A ref for `off`.
        """
        return self._register(callback, self._connection.router.messages.subscribe)

    def off(self, *refs: int) -> None:
        """Remove callbacks by their refs."""
        self._check_loop()
        for ref in refs:
            callback, subscription = self._callbacks.pop(ref, (None, None))
            if callback is not None and subscription is not None:
                subscription.dispose()
                callback.dispose()

    def _on(
        self,
        kind: type[T],
        function: Callable[..., object],
        arguments: Callable[[T], tuple[object, ...]],
    ) -> int:
        def subscribe(call: Callable[..., None]) -> abc.DisposableBase:
            def choose(event: object) -> None:
                if isinstance(event, kind):
                    call(*arguments(event))

            return self._connection.lifecycle.subscribe(choose)

        return self._register(function, subscribe)

    def _register(
        self,
        function: Callable[..., object],
        subscribe: Callable[[Callable[..., None]], abc.DisposableBase],
    ) -> int:
        self._check_loop()
        self._refs += 1
        callback = Callback(function, self._connection.spawn, self._connection.report)
        self._callbacks[self._refs] = callback, subscribe(callback)
        return self._refs

    # Channels.

    def channel(self, topic: str, params: Params = None) -> Channel:
        """The channel of a topic: one object a topic, until `remove`.

        Args:
            topic: The topic.
            params: Sent with each join, as in `Channel`. Left out, they never
                conflict.

        Raises:
            ChannelConflict: The channel is in use with other params.
            UsageError: The socket was ended, the topic is not a string, or the params
                are not a mapping.
        """
        check_name("a topic", topic)
        check_params(params)
        self._check_loop()
        if self._ended is not None:
            raise UsageError(ENDED)
        core: ChannelCore | None = self._connection.router.registry.find(topic)
        if core is None:
            channel = Channel(topic, params, self)
            self._connection.router.registry.add(core_of(channel))
            return channel
        if not core.offer_params(params):
            raise ChannelConflict(
                f"{topic!r} is in use with other params: leave it first, or call "
                "channel() without params to share it"
            )
        return cast("Channel", core.handle)

    def remove(self, channel: Channel) -> Push:
        """Leave a channel, complete its streams, and free its topic.

        Returns:
            The push of the leave.

        Raises:
            ChannelConflict: The channel is another socket's.
            UsageError: It is not a channel.
        """
        check_instance("channel", channel, Channel, "a Channel")
        if channel.socket is not self:
            raise ChannelConflict(
                f"the channel {channel.topic!r} is not of this socket: remove it from "
                "its own"
            )
        return core_of(channel).remove()

    @overload
    def stream(
        self, topic: str, event: str, *, params: Params = None, as_type: type[T]
    ) -> Observable[T]: ...
    @overload
    def stream(
        self,
        topic: str,
        event: str | None = None,
        *,
        params: Params = None,
        as_type: Any = None,
    ) -> Observable[Any]: ...
    def stream(
        self,
        topic: str,
        event: str | None = None,
        *,
        params: Params = None,
        as_type: Any = None,
    ) -> Observable[Any]:
        """Subscribe and it connects and joins; dispose and it leaves.

        ``channel(topic, params).stream(event, as_type=as_type)`` in one, evaluated at
        each subscription.

        Errors:
            `ChannelConflict` when the topic is in use with other params; else as
            `Channel.stream`.
        """

        def subscribe(
            observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            try:
                channel = self.channel(topic, params)
            except UsageError as error:
                return throw(error).subscribe(observer)
            stream: Observable[Any] = (
                channel.stream(event)
                if event is None
                else channel.stream(event, as_type=as_type)
            )
            return stream.subscribe(observer)

        return Observable(subscribe)

    def _report(self, error: Exception, **source: str) -> None:
        if isinstance(error, UsageError) and error.args == (ENDED,):
            return  # a callback that comes back after each close: this was the last
        if self._unhandled.is_watched:
            self._unhandled.on_next(error)
        else:
            self._log(error, **source)

    def __repr__(self) -> str:
        return f"<Socket {self._url}: {self.state}>"
