"""A socket for programs that do not await."""

from collections.abc import Callable, Mapping
from threading import Lock
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

import rx_phoenix
from rx_phoenix import (
    Closed,
    Params,
    Provider,
    PushTimeout,
    Serializer,
    SocketState,
    Transport,
)
from rx_phoenix.blocking._channel import Channel, parts_of
from rx_phoenix.blocking._portal import Portal, connect_within, may_block
from rx_phoenix.operators import first_value
from rx_phoenix.policy import (
    Duration,
    Heartbeat,
    Reconnect,
    Rejoin,
    SendBuffer,
)

__all__ = ["Socket"]


class Socket:
    """A connection to a Phoenix server for programs that do not await.

    ``with Socket(url) as socket`` connects, and closes it at the end. One event loop
    runs in one daemon thread. Methods may be called from any number of threads; each
    waits for its answer, and returns it or raises, within a timeout. Functions given
    to `on` run on one worker thread, one at a time. A program that ends needs no call.

    Args:
        url: As of `rx_phoenix.Socket`, like all other arguments.
        params: Connect params. A plain function is called in a thread of its own, so
            that it may block.
        auth_token: Likewise.
        headers: Likewise.
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

    def __init__(  # noqa: PLR0913 - those of the socket that it stands for
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
    ) -> None:
        self._socket = rx_phoenix.Socket(
            url,
            params=may_block(params),
            auth_token=may_block(auth_token),
            headers=may_block(headers),
            timeout=timeout,
            heartbeat=heartbeat,
            reconnect=reconnect,
            rejoin=rejoin,
            send_buffer=send_buffer,
            transport=transport,
            serializer=serializer,
        )
        self._lock = Lock()
        self._channels: WeakValueDictionary[rx_phoenix.Channel, Channel]
        self._channels = WeakValueDictionary()
        self._portal = Portal(
            self._socket.url, self._socket.aclose, self._socket.timeout
        )

    # Connecting.

    def connect(self, timeout: Duration | None = None) -> None:
        """Connect, and stay connected until `disconnect` or `close`.

        Args:
            timeout: Seconds to wait for the first open; the socket's own if None.

        Raises:
            TimeoutError: It is not open in time. The socket goes on trying.
            ConnectError: The reconnect policy gave up.
            UsageError: The socket was closed, or this thread may not block.
        """
        connect_within(self._portal, self._socket, timeout)

    def disconnect(self, code: int = 1000, reason: str = "") -> None:
        """Pause: close the connection in spite of all demand, until `connect`.

        Args:
            code: The WebSocket's close code.
            reason: The reason that goes with it.
        """
        self._portal.call(lambda: self._socket.disconnect(code, reason))

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

    def reconnect_now(self) -> None:
        """Skip the wait for the next attempt, or probe an open connection."""
        self._portal.call(self._socket.reconnect_now)

    def ping(self, timeout: Duration | None = None) -> float:
        """Measure the round trip now, in seconds.

        Args:
            timeout: Seconds to wait; the socket's own if None.

        Raises:
            ConnectionLost: It is not connected.
            PushTimeout: It was not answered in time.
        """
        within = self._portal.within(timeout)

        async def ping() -> float:
            try:
                return await first_value(self._socket.ping(), timeout=within)
            except PushTimeout:
                raise
            except TimeoutError:
                raise PushTimeout(
                    f"the ping of {self.url} timed out after {within:g} s"
                ) from None

        return self._portal.call(ping, within)

    # Observing.

    @property
    def url(self) -> str:
        """The endpoint, without user, password and query: fit for logs."""
        return self._socket.url

    @property
    def timeout(self) -> float:
        """Seconds for an answer, as given."""
        return self._socket.timeout

    @property
    def state(self) -> SocketState:
        """``connecting``, ``open``, ``closing`` or ``closed``: so between attempts."""
        return self._socket.state

    def diagnosis(self) -> str:
        """Return in plain words why it is connected, or is not."""
        return self._portal.call(self._socket.diagnosis)

    def on_open(self, callback: Callable[[], object]) -> int:
        """Call a function at each open, on the worker thread.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._socket.on_open(work))

    def on_close(self, callback: Callable[[Closed], object]) -> int:
        """Call a function with each `Closed`, on the worker thread.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._socket.on_close(work))

    def on_error(self, callback: Callable[[Exception], object]) -> int:
        """Call a function with the error of each failed attempt, on the worker thread.

        Returns:
            A ref for `off`.
        """
        work = self._portal.work(callback)
        return self._portal.call(lambda: self._socket.on_error(work))

    def off(self, *refs: int) -> None:
        """Remove callbacks by their refs."""
        self._portal.call(lambda: self._socket.off(*refs))

    # Channels.

    def channel(self, topic: str, params: Params = None) -> Channel:
        """The channel of a topic: the same object while it is in use.

        Args:
            topic: The topic.
            params: Sent with each join. A plain function is called in a thread of its
                own, so that it may block.

        Raises:
            ChannelConflict: The topic is in use with other params.
            UsageError: The socket was closed, or an argument is not what it takes.
        """
        found = self._portal.call(
            lambda: self._socket.channel(topic, may_block(params))
        )
        with self._lock:
            channel = self._channels.get(found)
            if channel is None:
                channel = self._channels[found] = Channel(found, self._portal)
            return channel

    def remove(self, channel: Channel) -> None:
        """Leave a channel, end the loops over its events, and free its topic."""
        inner, _ = parts_of(channel)
        self._portal.call(lambda: self._socket.remove(inner))

    def __repr__(self) -> str:
        return f"<blocking Socket {self.url}: {self.state}>"
