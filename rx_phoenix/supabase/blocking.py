"""Supabase Realtime for programs that do not await; see `rx_phoenix.blocking`."""

from collections.abc import Callable, Mapping
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from reactivex import operators as ops

import rx_phoenix.supabase
from rx_phoenix import Provider, Serializer, SocketState, Transport
from rx_phoenix.blocking import Items, Presence
from rx_phoenix.blocking._items import Overflow
from rx_phoenix.blocking._portal import Portal, connect_within, may_block
from rx_phoenix.policy import (
    Duration,
    Heartbeat,
    Reconnect,
    Rejoin,
    SendBuffer,
)
from rx_phoenix.supabase._changes import Change, Operation
from rx_phoenix.supabase._payloads import Broadcast
from rx_phoenix.supabase._realtime import REJOIN
from rx_phoenix.supabase._status import ChannelStatus
from rx_phoenix.supabase._token import Token

__all__ = ["Realtime", "RealtimeChannel", "RealtimePresence"]

T = TypeVar("T")


class Realtime:
    """A connection to Supabase Realtime for programs that do not await.

    ``with Realtime(url, api_key) as realtime`` connects, and closes it at the end; or
    nothing at all, and the first join connects. Its methods may be called from any
    number of threads.

    Args:
        url: As of `rx_phoenix.supabase.Realtime`, like all other arguments.
        api_key: The project's API key.
        access_token: The user's token; or a function, which may block.
        refresh_every: Seconds between two questions for the token.
        params: Further params of the connection.
        headers: Extra HTTP headers.
        timeout: Seconds for a connect, a join, a leave or a push.
        heartbeat: How a dead peer is noticed.
        reconnect: When to connect again, and when to give up.
        rejoin: When channels join again, and when to give up.
        send_buffer: How many pushes may wait for a join or for the wire.
        transport: How frames travel.
        serializer: How messages are put into frames.

    Raises:
        UsageError: The URL is not complete, or an argument is not what it takes.
    """

    def __init__(  # noqa: PLR0913 - those of the connection that it stands for
        self,
        url: str,
        api_key: str,
        *,
        access_token: Token = None,
        refresh_every: Duration = 600.0,
        params: Mapping[str, Any] | None = None,
        headers: Provider[Mapping[str, str] | None] = None,
        timeout: Duration = 10.0,
        heartbeat: Heartbeat | None = Heartbeat(),
        reconnect: Reconnect = Reconnect(),
        rejoin: Rejoin = REJOIN,
        send_buffer: int | SendBuffer = 1000,
        transport: Transport | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        self._realtime = rx_phoenix.supabase.Realtime(
            url,
            api_key,
            access_token=may_block(access_token),
            refresh_every=refresh_every,
            params=params,
            headers=may_block(headers),
            timeout=timeout,
            heartbeat=heartbeat,
            reconnect=reconnect,
            rejoin=rejoin,
            send_buffer=send_buffer,
            transport=transport,
            serializer=serializer,
        )
        socket = self._realtime.socket
        self._portal = Portal(socket.url, socket.aclose, socket.timeout)
        self._lock = Lock()
        self._channels: dict[str, RealtimeChannel] = {}

    @property
    def state(self) -> SocketState:
        """``connecting``, ``open``, ``closing`` or ``closed``: so between attempts."""
        return self._realtime.socket.state

    def connect(self, timeout: Duration | None = None) -> None:
        """Connect, and stay connected until `close`.

        Args:
            timeout: Seconds to wait for the first open; the connection's own if None.

        Raises:
            TimeoutError: It is not open in time. It goes on trying.
            ConnectError: The reconnect policy gave up.
        """
        connect_within(self._portal, self._realtime.socket, timeout)

    def close(self) -> None:
        """End it for good: what is queued is written, loops end, threads end."""
        self._portal.close()

    def __enter__(self) -> Self:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def diagnosis(self) -> str:
        """Return in plain words why it is connected, or is not."""
        return self._portal.call(self._realtime.socket.diagnosis)

    def set_access_token(self, access_token: Token) -> None:
        """Use another token, or another function, from now on.

        Args:
            access_token: As of the constructor.
        """
        token = may_block(access_token)
        self._portal.call(lambda: self._realtime.set_access_token(token))

    def channel(
        self,
        name: str,
        *,
        private: bool = False,
        ack: bool = False,
        self_: bool = False,
        presence_key: str | None = None,
        replay: Mapping[str, int] | None = None,
    ) -> "RealtimeChannel":
        """The channel of a name: one object a name.

        Args:
            name: The name, without ``realtime:``.
            private: True if policies on ``realtime.messages`` decide who may join.
            ack: True if the server acknowledges broadcasts.
            self_: True if the server sends a client its own broadcasts.
            presence_key: The key of one's own presence; the server makes one if None.
            replay: Broadcasts of the past to get after the join.

        Raises:
            ChannelConflict: The channel is there with other options.
        """

        def find() -> rx_phoenix.supabase.RealtimeChannel:
            return self._realtime.channel(
                name,
                private=private,
                ack=ack,
                self_=self_,
                presence_key=presence_key,
                replay=replay,
            )

        found = self._portal.call(find)
        with self._lock:
            if name not in self._channels:
                self._channels[name] = RealtimeChannel(found, self._portal)
            return self._channels[name]

    def remove(self, channel: "RealtimeChannel") -> None:
        """Leave a channel, end the loops over its streams, and free its name.

        Args:
            channel: The channel.

        Raises:
            ChannelConflict: The channel is another connection's.
        """
        inner = channel._channel  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        self._portal.call(lambda: self._realtime.remove(inner))
        with self._lock:
            if self._channels.get(channel.name) is channel:
                del self._channels[channel.name]

    def __repr__(self) -> str:
        return f"<blocking {self._realtime!r}>"


class RealtimePresence(Presence):
    """The presences of a channel, and one's own among them.

    Everything of `rx_phoenix.blocking.Presence`, and `track` and `untrack`.

    Args:
        presence: The presences on the loop.
        portal: The way to them.
    """

    def __init__(
        self, presence: rx_phoenix.supabase.RealtimePresence, portal: Portal
    ) -> None:
        self._follow(presence, portal)
        self._own = presence

    def track(self, meta: Mapping[str, Any], timeout: Duration | None = None) -> None:
        """Be present with a meta, until `untrack`, after each rejoin too.

        Args:
            meta: Anything in JSON; others see it with a ``phx_ref``.
            timeout: Seconds to wait; the connection's own if None.

        Raises:
            NotJoinedError: The channel is not joined and not to be.
        """
        within = self._portal.within(timeout)
        self._portal.call(lambda: self._own.track(meta, within), within)

    def untrack(self, timeout: Duration | None = None) -> None:
        """End one's own presence.

        Args:
            timeout: As of `track`.
        """
        within = self._portal.within(timeout)
        self._portal.call(lambda: self._own.untrack(within), within)


class RealtimeChannel:
    """One topic of a blocking `Realtime`; made by `Realtime.channel`.

    Args:
        channel: The channel on the loop.
        portal: The way to it.
    """

    def __init__(
        self, channel: rx_phoenix.supabase.RealtimeChannel, portal: Portal
    ) -> None:
        self._channel = channel
        self._portal = portal

    @property
    def name(self) -> str:
        """The name, without ``realtime:``."""
        return self._channel.name

    @property
    def status(self) -> ChannelStatus:
        """``joining``, ``subscribed``, ``errored`` or ``closed``."""
        return self._channel.status

    def join(self, timeout: Duration | None = None) -> Any:
        """Join, and rejoin after every loss, until `leave`.

        Args:
            timeout: Seconds to wait; the connection's own if None.

        Raises:
            JoinRefused: The server refused it. Unless that is final, it goes on trying.
            PushTimeout: It was not answered in time. It goes on trying.
        """
        within = self._portal.within(timeout)
        return self._portal.call(lambda: self._channel.join(within), within)

    def subscribed(self, timeout: Duration | None = None) -> None:
        """Join, and wait until the server has confirmed all of it.

        Args:
            timeout: As of `join`.

        Raises:
            JoinRefused: As of `join`.
            ChangesRefused: The server refused the changes.
            TimeoutError: One of them did not come in time.
        """
        within = self._portal.within(timeout)
        self._portal.call(lambda: self._channel.subscribed(within), 2 * within)

    def leave(self, timeout: Duration | None = None) -> None:
        """Leave; loops over its streams end.

        Args:
            timeout: As of `join`.
        """
        within = self._portal.within(timeout)
        self._portal.call(lambda: self._channel.leave(within), within)

    def send(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> None:
        """Broadcast to all others on the channel, now or once it is joined.

        With ``ack`` it waits for the server's answer.

        Args:
            event: The name of the event.
            payload: JSON, or bytes.
            timeout: As of `join`.

        Raises:
            NotJoinedError: The channel is not joined and not to be.
            PushTimeout: With ``ack``, it was not answered in time.
        """
        within = self._portal.within(timeout)
        self._portal.call(lambda: self._channel.send(event, payload, within), within)

    @property
    def presence(self) -> RealtimePresence:
        """The presences of the channel; its first use asks for them at the next join.

        Use it before the join.
        """
        presence = self._portal.call(lambda: self._channel.presence)
        return RealtimePresence(presence, self._portal)

    @overload
    def broadcasts(
        self,
        event: str,
        as_type: type[T],
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[T]: ...
    @overload
    def broadcasts(
        self,
        event: str,
        as_type: Any = None,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]: ...
    @overload
    def broadcasts(
        self,
        event: None = None,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Broadcast[Any]]: ...
    def broadcasts(
        self,
        event: str | None = None,
        as_type: Any = None,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Any]:
        """Join, iterate the broadcasts of an event, and leave after the last loop.

        Args:
            event: The name of the event; None for every `Broadcast`.
            as_type: The type to decode payloads into.
            timeout: Seconds to wait for each; None for no limit.
            maxsize: The maximum number that waits for the loop.
            overflow: The policy for one more, as of `rx_phoenix.operators.values`.
            on_loss: Called with the number of lost ones, on the loop's thread.
        """

        def make() -> Any:
            if event is None:
                return self._channel.broadcasts()
            return self._channel.broadcasts(event, as_type=as_type)

        return self._portal.iterate(
            make,
            timeout=timeout,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    @overload
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,
        *,
        as_type: type[T],
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Change[T]]: ...
    @overload
    def changes(
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,
        as_type: Any = None,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Change[Any]]: ...
    def changes(  # noqa: PLR0913 - all but the first four by name
        self,
        event: Operation = "*",
        schema: str = "public",
        table: str | None = None,
        filter: str | None = None,  # noqa: A002 - Supabase's word
        as_type: Any = None,
        *,
        timeout: Duration | None = None,
        maxsize: int = 1000,
        overflow: Overflow = "error",
        on_loss: Callable[[int], None] | None = None,
    ) -> Items[Change[Any]]:
        """Join, iterate the changes of a table, and leave after the last loop.

        Args:
            event: As of `rx_phoenix.supabase.RealtimeChannel.changes`.
            schema: Likewise.
            table: Likewise.
            filter: Likewise.
            as_type: Likewise.
            timeout: As of `broadcasts`.
            maxsize: Likewise.
            overflow: Likewise.
            on_loss: Likewise.
        """

        def make() -> Any:
            return self._channel.changes(event, schema, table, filter, as_type=as_type)

        return self._portal.iterate(
            make,
            timeout=timeout,
            maxsize=maxsize,
            overflow=overflow,
            on_loss=on_loss,
        )

    def on(self, event: str, callback: Callable[[Any], object]) -> int:
        """Call a function with the payload of each broadcast of an event.

        It runs on the worker thread, one call at a time, and may block. It does not
        join.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)

        async def select(payload: Any) -> None:
            if isinstance(payload, dict) and payload.get("event") == event:  # pyright: ignore[reportUnknownMemberType]
                await work(payload.get("payload"))  # pyright: ignore[reportUnknownMemberType]

        phoenix = self._channel.channel
        return self._portal.call(lambda: phoenix.on("broadcast", select))

    def off(self, ref: int) -> None:
        """Remove a callback of `on`."""
        self._portal.call(lambda: self._channel.channel.off("broadcast", ref))

    def on_subscribed(self, callback: Callable[[], object]) -> None:
        """Call a function after every join and rejoin, once the server confirmed it.

        Broadcasts may have been missed before it. It runs as one of `on`.
        """
        work = self._portal.work(callback)

        def is_subscribed(status: ChannelStatus) -> bool:
            return status is ChannelStatus.SUBSCRIBED

        def listen() -> None:
            subscribed = self._channel.statuses.pipe(ops.filter(is_subscribed))
            subscribed.subscribe(lambda _: self._portal.spawn(work))

        self._portal.call(listen)

    def __repr__(self) -> str:
        return f"<blocking {self._channel!r}>"
