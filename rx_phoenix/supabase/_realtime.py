"""A connection to Supabase Realtime."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from reactivex.abc import DisposableBase

from rx_phoenix import (
    ChannelConflict,
    Closed,
    JoinRefused,
    Opened,
    Provider,
    Push,
    Serializer,
    SerializerV1,
    SerializerV2,
    Socket,
    Transport,
    UsageError,
)
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.operators import LoopScheduler
from rx_phoenix.policy import (
    Duration,
    Heartbeat,
    Reconnect,
    Rejoin,
    SendBuffer,
    seconds,
)
from rx_phoenix.supabase._channel import RealtimeChannel
from rx_phoenix.supabase._options import ChannelOptions
from rx_phoenix.supabase._serializer import RealtimeSerializer
from rx_phoenix.supabase._token import AccessToken, Token, log

__all__ = ["REJOIN", "Realtime", "endpoint_of"]

FINAL = ("Unauthorized", "TopicNameRequired", "RealtimeDisabled")
"""The beginnings of the reasons that no retry heals."""

LIMITED = "RateLimitReached"
"""A part of the reasons of limits on joins, channels and connections."""

LIMIT_WAIT = 10.0
"""Seconds to wait after such a reason."""


def _reason(error: JoinRefused) -> str:
    response = error.response
    reason: Any = response.get("reason") if isinstance(response, dict) else response  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return reason if isinstance(reason, str) else ""


def _is_final(error: JoinRefused) -> bool:
    return _reason(error).startswith(FINAL)


def _hint(error: JoinRefused) -> float | None:
    return LIMIT_WAIT if LIMITED in _reason(error) else None


REJOIN = Rejoin(
    give_up=_is_final, hint=_hint, at_once=20, every=0.05, on_close="rejoin"
)
"""The default policy: a close by the server is a loss, joins are paced below the limits
of the smallest plan, and a channel without rights is given up."""


class Realtime:
    """A connection to Supabase Realtime that heals by itself.

    ``async with Realtime(url, api_key) as realtime`` connects, waits for the first
    open, and ends it. Nothing else needs it: the first lease connects, too.

    Args:
        url: The project's URL, such as ``https://PROJECT.supabase.co``, or the endpoint
            itself, such as ``wss://PROJECT.supabase.co/realtime/v1``.
        api_key: The project's API key: publishable, secret, or one of the old JWTs.
        access_token: The user's token; or a function or coroutine function, asked at
            each join and from time to time.
        refresh_every: Seconds between two questions for the token while connected, if
            it is a function. A new one is sent to all joined channels.
        params: Further params of the connection, as of `Socket`.
        headers: As of `Socket`, like all that follow.
        timeout: Seconds for a join, a leave or a push.
        heartbeat: How a dead peer is noticed.
        reconnect: When to connect again, and when to give up.
        rejoin: When channels join again, and when to give up.
        send_buffer: How many pushes may wait for a join or for the wire.
        transport: How frames travel.
        serializer: How messages are put into frames; a `RealtimeSerializer` if None. A
            `SerializerV1` speaks version 1.
        scheduler: Time and tasks.
        random: Randomness for the jitter.

    Raises:
        UsageError: The URL is not complete, or an argument is not what it takes.
    """

    def __init__(  # noqa: PLR0913 - those of the socket, and all by name
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
        scheduler: LoopScheduler | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        if not isinstance(api_key, str) or not api_key:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError("api_key must be the project's API key, as text")
        self._refresh_every = seconds(refresh_every, "refresh_every")
        self._scheduler = scheduler
        self._timer: DisposableBase | None = None
        self._asking: DisposableBase | None = None
        self._channels: dict[str, RealtimeChannel] = {}
        self._token = AccessToken(access_token, self._token_changed)
        if not isinstance(params, Mapping | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(params).__name__  # its value may be a secret
            raise UsageError(f"params must be a mapping or None, got a {kind}")
        codec = RealtimeSerializer() if serializer is None else serializer
        is_plain = isinstance(codec, SerializerV1 | SerializerV2)
        self._can_carry_bytes = isinstance(codec, RealtimeSerializer) or not is_plain
        self._socket = Socket(
            endpoint_of(url),
            params={**(params or {}), "apikey": api_key},
            headers=headers,
            timeout=timeout,
            heartbeat=heartbeat,
            reconnect=reconnect,
            rejoin=rejoin,
            send_buffer=send_buffer,
            transport=transport,
            serializer=codec,
            scheduler=scheduler,
            random=random,
        )
        self._socket.lifecycle.subscribe(self._lifecycle, on_completed=self._stop)

    @property
    def socket(self) -> Socket:
        """The socket below: its ``states``, ``lifecycle``, ``unhandled`` and so on."""
        return self._socket

    def connect(self) -> Awaitable[None]:
        """Connect, and stay connected until `aclose`; as of `Socket.connect`."""
        return self._socket.connect()

    def aclose(self) -> Awaitable[None]:
        """End it for good; awaitable, as `Socket.aclose`."""
        return self._socket.aclose()

    async def __aenter__(self) -> Self:
        await self._socket.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._socket.__aexit__(kind, error, traceback)

    def channel(
        self,
        name: str,
        *,
        private: bool = False,
        ack: bool = False,
        self_: bool = False,
        presence_key: str | None = None,
        replay: Mapping[str, int] | None = None,
    ) -> RealtimeChannel:
        """The channel of a name: one object a name, until `remove`.

        Args:
            name: The name, without ``realtime:``.
            private: True if policies on ``realtime.messages`` decide who may join.
            ack: True if the server acknowledges broadcasts.
            self_: True if the server sends a client its own broadcasts.
            presence_key: The key of one's own presence; the server makes one if None.
            replay: Broadcasts of the past to get after the join, such as
                ``{"since": 1700000000000, "limit": 10}``; only of private channels.

        Raises:
            ChannelConflict: The channel is there with other options.
            UsageError: The socket was ended, or an argument is not what it takes.
        """
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError(f"the name of a channel must be text, got {name!r}")
        options = ChannelOptions(private, ack, self_, presence_key, replay)
        channel = self._channels.get(name)
        if channel is None:
            channel = RealtimeChannel(
                name,
                self._socket,
                options,
                self._token,
                can_carry_bytes=self._can_carry_bytes,
            )
            self._channels[name] = channel
        elif channel.options != options:
            raise ChannelConflict(
                f"the channel {name!r} is there with other options: remove() it first"
            )
        return channel

    def remove(self, channel: RealtimeChannel) -> Push:
        """Leave a channel, complete its streams, and free its name.

        Returns:
            The push of the leave.

        Raises:
            ChannelConflict: The channel is another connection's.
            UsageError: It is not a channel.
        """
        if not isinstance(channel, RealtimeChannel):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError(f"channel must be a RealtimeChannel, got {channel!r}")
        push = self._socket.remove(channel.channel)
        if self._channels.get(channel.name) is channel:
            del self._channels[channel.name]
        return push

    def set_access_token(self, access_token: Token) -> None:
        """Use another token, or another function, from now on.

        It is sent to all joined channels, without waiting for an answer.

        Args:
            access_token: As of the constructor.

        Raises:
            UsageError: It is neither text nor a function.
        """
        self._token.replace(access_token)
        if self._token.is_asked:
            self._refresh()

    def _token_changed(self) -> None:
        for channel in tuple(self._channels.values()):
            channel.send_token()

    def _lifecycle(self, event: object) -> None:
        if isinstance(event, Opened):
            self._schedule()
        elif isinstance(event, Closed):
            self._stop()

    def _schedule(self) -> None:
        self._stop()
        if self._refresh_every:
            self._timer = self._clock().call_later(self._refresh_every, self._refresh)

    def _refresh(self) -> None:
        """Ask for the token, pass a new one on, and ask again later."""
        if self._socket.state != "open":
            return  # each join asks
        self._schedule()
        if not self._token.is_asked:
            return
        try:
            answer = self._token.ask()
        except ISOLATED as error:
            _warn(contained(error))
            return
        if isawaitable(answer):
            self._asking = self._clock().spawn(answer, on_error=_warn)

    def _clock(self) -> LoopScheduler:
        if self._scheduler is None:
            self._scheduler = LoopScheduler.current()
        return self._scheduler

    def _stop(self) -> None:
        for ended in self._timer, self._asking:
            if ended is not None:
                ended.dispose()
        self._timer = self._asking = None

    def __repr__(self) -> str:
        return f"<Realtime {self._socket.url}: {self._socket.state}>"


def _warn(error: Exception) -> None:
    log.warning("cannot get an access token: %s: %s", type(error).__name__, error)


def endpoint_of(url: str) -> str:
    """Return the endpoint of a project's URL, or of what is an endpoint already.

    >>> endpoint_of("https://abc.supabase.co")
    'https://abc.supabase.co/realtime/v1'
    >>> endpoint_of("ws://localhost:4000/socket/websocket")
    'ws://localhost:4000/socket'
    """
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"url must be text, got {url!r}")
    parts = urlsplit(url)
    if not parts.netloc:
        return url  # refused by the socket, as given
    path = parts.path.rstrip("/").removesuffix("/websocket") or "/realtime/v1"
    return urlunsplit(parts._replace(path=path))
