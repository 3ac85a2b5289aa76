"""Frames over a WebSocket, by aiohttp."""

from asyncio import Future, TimerHandle, get_running_loop
from base64 import b64encode
from collections.abc import Sequence
from ssl import SSLContext

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    Fingerprint,
    WSServerHandshakeError,
)
from reactivex import Observable, abc
from yarl import URL

from rx_phoenix._protocol.checks import check, is_whole
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.http_status import hint_on
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Hot
from rx_phoenix._transport.aiohttp_answers import (
    authorizing,
    head_first_connector,
    keep_head,
    middlewares_of,
)
from rx_phoenix._transport.aiohttp_frames import (
    Compression,
    FrameError,
    FrameReader,
    FrameWriter,
    Network,
    Upgrade,
)
from rx_phoenix._transport.body import ENCODINGS, deadline_of, refusal_body
from rx_phoenix._transport.cause import connect_error, loss_cause, root_of
from rx_phoenix._transport.contract import (
    CLOSE_TIMEOUT,
    MAX_FRAME_SIZE,
    Connection,
)
from rx_phoenix._transport.http_options import (
    check_http_options,
    check_size,
    check_usable,
    proxy_for,
    without_password,
)
from rx_phoenix._transport.inbound import Batch, Inbound
from rx_phoenix._transport.lifetime import lifetime, session_of
from rx_phoenix._transport.outlet import Outlet
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Duration, seconds

__all__ = ["WebSocketTransport"]

AUTH_PREFIX = "base64url.bearer.phx."
"""What precedes the token in the subprotocol.

Its name notwithstanding, the alphabet is the *standard* one, and the padding is left
out (Phoenix's ``socket/transport.ex``).
"""

NORMAL = 1000
"""The close code of an end without a reason, and of our answer to the peer's close."""

PROTOCOL_ERROR = 1002
"""The close code for what cannot be parsed (RFC 6455, 7.4.1)."""

NO_STATUS = 1005
"""The close code of a close frame without one (RFC 6455, 7.4.1)."""

ABNORMAL = 1006
"""The close code of an end without a close frame (RFC 6455, 7.4.1)."""


WINDOW_BITS = range(9, 16)
"""The window bits of permessage-deflate that zlib supports."""


class WebSocketTransport:
    """Opens WebSocket connections with aiohttp.

    Args:
        session: A session of yours, which stays yours; each connection has one of its
            own if None.
        ssl: As aiohttp's: True checks certificates, False does not; a context or a
            fingerprint is used as it is.
        proxy: The URL of an HTTP proxy; SOCKS is not supported.
        trust_env: Whether proxies are taken from the environment, from ``wss_proxy`` or
            else ``https_proxy``; not with a session of yours.
        compress: The window bits of permessage-deflate to offer, 9 to 15; 0 for none.
        max_frame_size: Bytes of the largest message taken; a larger one closes the
            connection with 1009.
        write_timeout: Seconds in which the network takes nothing of what was sent,
            before the connection is given up.

    Raises:
        UsageError: An argument is not what it takes, or the session is closed.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        *,
        session: ClientSession | None = None,
        ssl: SSLContext | Fingerprint | bool = True,
        proxy: str | None = None,
        trust_env: bool = False,
        compress: int = 0,
        max_frame_size: int = MAX_FRAME_SIZE,
        write_timeout: Duration = 10.0,
    ) -> None:
        check_http_options(session=session, ssl=ssl, proxy=proxy, trust_env=trust_env)
        is_window = is_whole(compress) and (compress == 0 or compress in WINDOW_BITS)
        check(is_window, "compress", "0, or window bits from 9 to 15", repr(compress))
        check_size("max_frame_size", max_frame_size)
        self._given_session = session
        self._ssl = ssl
        self._proxy = proxy
        self._trust_env = trust_env
        self._compress = compress
        self._max_frame_size = max_frame_size
        self._write_timeout = seconds(write_timeout, "write_timeout")

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt; see `Transport.connect`.

        Raises:
            UsageError: Your session was closed.
        """
        check_usable(self._given_session)
        return lifetime(lambda observer: self._live(endpoint, observer))

    async def _live(
        self, endpoint: Endpoint, observer: abc.ObserverBase[Connection]
    ) -> None:
        deadline = deadline_of(endpoint)
        url = URL(endpoint.address("websocket"), encoded=True)
        given = self._given_session
        proxy = proxy_for(url, self._proxy, given, trust_env=self._trust_env)
        async with session_of(endpoint, given, new_session) as session:
            # As a value: an exception raised while aiohttp's is handled would keep it,
            # with the URL and all headers.
            outcome = await self._open(session, endpoint, url, proxy, deadline)
            if isinstance(outcome, ConnectError):
                raise without_password(outcome, proxy)
            if given is None:
                # Only its connector is needed. A session that is open would complain
                # if it was collected before this coroutine, with a loop that ended.
                session.detach()
            await outcome.live(observer)

    async def _open(
        self,
        session: ClientSession,
        endpoint: Endpoint,
        url: URL,
        proxy: str | None,
        deadline: float | None,
    ) -> "WebSocketConnection | ConnectError":
        protocols = subprotocols(endpoint.auth_token)
        upgrade = Upgrade(endpoint.headers, protocols, self._compress)
        headers = upgrade.headers | {"Accept-Encoding": ENCODINGS}
        authorize = authorizing(headers)
        try:
            # A redirect is a refusal, as in browsers: it would take the auth token
            # along.
            response = await session.get(
                url,
                headers=headers,
                allow_redirects=False,
                raise_for_status=False,
                auto_decompress=False,
                middlewares=(authorize, *middlewares_of(session), keep_head),
                ssl=self._ssl,
                proxy=proxy,
            )
        except (ClientError, OSError) as error:
            return connect_error(endpoint, error)
        try:
            compression = upgrade.check(response)
            return WebSocketConnection(
                Network(response),
                compression,
                max_frame_size=self._max_frame_size,
                write_timeout=self._write_timeout,
            )
        except WSServerHandshakeError:
            body = await refusal_body(response, deadline)
            response.close()
            return refused(endpoint, response, body)
        except (ClientError, OSError) as error:
            response.close()
            return connect_error(endpoint, error)
        except BaseException:
            response.close()
            raise


def new_session() -> ClientSession:
    """Make the session of an attempt that was given none."""
    connector = head_first_connector()
    return ClientSession(connector=connector, timeout=ClientTimeout(total=None))


class WebSocketConnection:
    """An open WebSocket; see `Connection`, with all its optional members.

    Args:
        network: The connection of aiohttp's.
        compression: What was agreed on.
        max_frame_size: Bytes of the largest message taken.
        write_timeout: Seconds in which the network has to take something.
    """

    def __init__(
        self,
        network: Network,
        compression: Compression,
        *,
        max_frame_size: int,
        write_timeout: float,
    ) -> None:
        loop = get_running_loop()
        self._network = network
        self._write_timeout = write_timeout
        self._inbound = Inbound()
        self._batches = Hot(self._inbound)
        self._outlet = Outlet(network.transport, loop, write_timeout, self._stalled)
        self._writer = FrameWriter(self._outlet, compression)
        self._reader = FrameReader(
            deliver=self._deliver,
            pinged=self._pinged,
            closed=self._closed_by_peer,
            failed=self._failed,
            cut=self._cut,
            max_size=max_frame_size,
            compression=compression,
        )
        self._loop = loop
        self._end: Future[Exception] = loop.create_future()
        # Frames for a network that is full: its own buffer would be slower.
        self._backlog: list[Frame] = []
        self._is_closing = False
        self._is_closed_by_peer = False
        self._close_frame = NORMAL, ""
        self._timer: TimerHandle | None = None

    @property
    def batches(self) -> Observable[Batch]:
        """The frames of each read of the network, text as bytes."""
        return self._batches

    @property
    def buffered(self) -> int:
        """The number of frames that the network has not taken."""
        # Asked for each push: mostly there are none.
        outlet = self._outlet
        return len(self._backlog) + (outlet.waiting if outlet.untaken else 0)

    @property
    def bytes_received(self) -> int:
        """The number of bytes received so far."""
        return self._reader.bytes_received

    @property
    def bytes_sent(self) -> int:
        """The number of bytes that the network has taken so far."""
        return self._outlet.taken

    def send(self, frame: Frame) -> None:
        """Write a frame, in this turn of the loop unless the network is full."""
        if self._is_closing or self._end.done():
            return
        if self._backlog:
            self._backlog.append(frame)
        elif self._outlet.untaken and self._network.is_full:
            self._backlog.append(frame)
            self._network.when_writable(self._write_backlog)
        else:
            self._writer.send(frame)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Write a close frame behind all others, and wait 2 s for the peer's."""
        if self._is_writable:
            self._is_closing = True
            self._close_frame = code, reason
            if not self._backlog:
                self._writer.close(code, reason)
            lost = ConnectionLost(ABNORMAL)
            self._timer = self._loop.call_later(CLOSE_TIMEOUT, self._finish, lost)

    def pause(self) -> None:
        """Stop reading from the network."""
        self._network.pause()

    def resume(self) -> None:
        """Go on reading from the network."""
        self._network.resume()

    def abort(self) -> None:
        """Drop the connection at once, and what the network has not taken."""
        self._outlet.stop()
        self._network.abort()

    async def live(self, observer: abc.ObserverBase[Connection]) -> None:
        """Announce it, then read until it ends.

        Raises:
            ConnectionLost: It ended without a `close` of ours, or the peer did not
                answer that.
        """
        observer.on_next(self)
        try:
            self._network.attach(self._reader)
            error = await self._end
        finally:
            is_abandoned = self._end.cancelled() or not self._end.done()
            if self._loop.is_closed():  # then nothing can be written
                self._outlet.stop()
            elif is_abandoned and not self._is_closing:
                self._writer.close(NORMAL, "")
            self._outlet.end_turn()
            self._outlet.stop()
            if self._timer is not None:
                self._timer.cancel()
            self._backlog.clear()
            self._network.release()
        if not (self._is_closing and self._is_closed_by_peer):
            raise error

    def _write_backlog(self) -> None:
        backlog, network = self._backlog, self._network
        if self._end.done():
            return
        self._outlet.begin_turn()
        written = 0
        while written < len(backlog) and not network.is_full:
            self._writer.send(backlog[written])
            written += 1
        del backlog[:written]
        if backlog:
            network.when_writable(self._write_backlog)
        elif self._is_closing:
            self._writer.close(*self._close_frame)
        self._outlet.end_turn()

    @property
    def _is_writable(self) -> bool:
        return not (self._is_closing or self._end.done())

    def _deliver(self, frames: list[Frame]) -> None:
        if self._end.done():
            return
        # What is sent in answer to one read leaves together.
        self._outlet.begin_turn()
        try:
            self._inbound.emit(frames)
        except ISOLATED as error:
            self._finish(contained(error))
        self._outlet.end_turn()

    def _pinged(self, data: bytes) -> None:
        if self._is_writable:
            self._writer.pong(data)

    def _closed_by_peer(self, code: int, reason: str) -> None:
        self._is_closed_by_peer = True
        if self._is_writable:
            self._writer.close(NORMAL, "")
        self._finish(ConnectionLost(code or NO_STATUS, reason))

    def _failed(self, error: BaseException) -> None:
        code = error.code if isinstance(error, FrameError) else ABNORMAL
        if self._is_writable:
            self._writer.close(PROTOCOL_ERROR if code == ABNORMAL else code, "")
        lost = ConnectionLost(code, str(error), clean=False)
        lost.__cause__ = error
        self._finish(lost)

    def _cut(self) -> None:
        self._outlet.stop()
        # aiohttp keeps the cause for the end of this call.
        self._loop.call_soon(self._cut_off)

    def _cut_off(self) -> None:
        error = self._network.error
        lost = ConnectionLost(ABNORMAL, loss_cause(error))
        lost.__cause__ = None if error is None else root_of(error)
        self._finish(lost)

    def _stalled(self) -> None:
        text = f"the network took nothing for {self._write_timeout:g} s"
        self._finish(ConnectionLost(ABNORMAL, text))

    def _finish(self, error: Exception) -> None:
        if not self._end.done():
            self._end.set_result(error)


def subprotocols(auth_token: str | None) -> Sequence[str]:
    """Return the subprotocols to offer, in one of which the server finds the token."""
    if not auth_token:
        return ()
    encoded = b64encode(auth_token.encode()).decode().rstrip("=")
    return "phoenix", AUTH_PREFIX + encoded


def refused(endpoint: Endpoint, response: ClientResponse, body: bytes) -> ConnectError:
    """Return the error of a handshake that was answered, but not with an upgrade."""
    url, status = endpoint.public_url, response.status
    return ConnectError(
        f"{url} refused the WebSocket with HTTP {status}{hint_on(status)}",
        url=url,
        status=status,
        headers=dict(response.headers),
        body=body,
    )
