"""Frames over a WebSocket, by aiohttp."""

from asyncio import (
    FIRST_COMPLETED,
    Event,
    Task,
    create_task,
    timeout,
    wait,
)
from base64 import b64encode
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext
from typing import Literal

from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    Fingerprint,
    WSMsgType,
    WSServerHandshakeError,
)
from reactivex import Observable, abc
from yarl import URL

from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Duration, seconds
from rx_phoenix.protocol.endpoint import Endpoint
from rx_phoenix.protocol.serializer import Frame
from rx_phoenix.streams.hub import Hub
from rx_phoenix.streams.scheduler import LoopScheduler
from rx_phoenix.transport.contract import Connection

__all__ = ["WebSocketTransport"]

MIB = 1024 * 1024

AUTH_PREFIX = "base64url.bearer.phx."
"""What precedes the token in the subprotocol.

Its name notwithstanding, the alphabet is the *standard* one, and the padding is left
out (Phoenix's ``socket/transport.ex``).
"""

_TIMEOUT = ClientWSTimeout(ws_receive=None, ws_close=2.0)  # pyright: ignore[reportCallIssue] - attrs hides its arguments

CLOSES = frozenset(
    {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
)


class WebSocketTransport:
    """Opens WebSocket connections with aiohttp.

    Args:
        session: A session of yours, which stays yours; each connection has one of its
            own if None. With yours, the body of a refused handshake may be missing.
        ssl: As aiohttp's: True checks certificates, False does not; a context or a
            fingerprint is used as it is.
        proxy: The URL of an HTTP proxy.
        trust_env: Whether proxies are taken from the environment; not with a session
            of yours.
        compress: The window bits of permessage-deflate to offer, 9 to 15; 0 for none.
        max_frame_size: Bytes of the largest message taken; a larger one closes the
            connection with 1009.
        write_timeout: Seconds for one write, before the connection is given up.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        *,
        session: ClientSession | None = None,
        ssl: SSLContext | Fingerprint | bool = True,
        proxy: str | None = None,
        trust_env: bool = False,
        compress: int = 0,
        max_frame_size: int = 16 * MIB,
        write_timeout: Duration = 10.0,
    ) -> None:
        self._given_session = session
        self._ssl = ssl
        self._proxy = proxy
        self._trust_env = trust_env
        self._compress = compress
        self._max_frame_size = max_frame_size
        self._write_timeout = seconds(write_timeout)

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """One attempt, and the life of its connection; see `Transport.connect`."""

        def subscribe(
            observer: abc.ObserverBase[Connection],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            loop = (
                scheduler
                if isinstance(scheduler, LoopScheduler)
                else LoopScheduler.current()
            )
            return loop.spawn(
                self._live(endpoint, observer),
                lambda _: observer.on_completed(),
                observer.on_error,
            )

        return Observable(subscribe)

    async def _live(
        self, endpoint: Endpoint, observer: abc.ObserverBase[Connection]
    ) -> None:
        body = Body()
        async with self._session(body) as session:
            try:
                websocket = await self._open(session, endpoint)
            except WSServerHandshakeError as error:
                raise refused(endpoint, error, body.data) from error
            connection = WebSocketConnection(websocket, self._write_timeout)
            await connection.live(observer)

    async def _open(
        self, session: ClientSession, endpoint: Endpoint
    ) -> ClientWebSocketResponse[Literal[False]]:
        try:
            return await session.ws_connect(
                URL(endpoint.address("websocket"), encoded=True),
                protocols=subprotocols(endpoint.auth_token),
                headers=endpoint.headers,
                ssl=self._ssl,
                proxy=self._proxy,
                compress=self._compress,
                max_msg_size=self._max_frame_size,
                timeout=_TIMEOUT,
                decode_text=False,
            )
        except WSServerHandshakeError:
            raise
        except (ClientError, OSError) as error:
            url = endpoint.public_url
            raise ConnectError(f"no connection to {url}: {error}", url=url) from error

    @asynccontextmanager
    async def _session(self, body: "Body") -> AsyncGenerator[ClientSession]:
        if self._given_session is not None:
            yield self._given_session
            return
        async with ClientSession(
            middlewares=[body.read],
            timeout=ClientTimeout(total=None),
            trust_env=self._trust_env,
        ) as session:
            yield session


class Body:
    """Reads the body of a refused handshake, which aiohttp's error lacks."""

    def __init__(self) -> None:
        self.data = b""

    async def read(
        self, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        """The middleware."""
        response = await handler(request)
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.data = await response.read()
        return response


class WebSocketConnection:
    """One open WebSocket: one reader, one writer.

    Args:
        websocket: aiohttp's.
        write_timeout: Seconds for one write.
    """

    def __init__(
        self, websocket: ClientWebSocketResponse[Literal[False]], write_timeout: float
    ) -> None:
        self._websocket = websocket
        self._write_timeout = write_timeout
        self._frames = Hub[Frame](_raise)
        self._queue: deque[Frame] = deque()
        self._is_writing = False
        self._something = Event()
        self._goodbye: tuple[int, str] | None = None
        self._has_said_goodbye = False

    @property
    def frames(self) -> Observable[Frame]:
        """The frames that arrive."""
        return self._frames.observable

    @property
    def buffered(self) -> int:
        """How many frames wait to be written."""
        return len(self._queue) + self._is_writing

    def send(self, frame: Frame) -> None:
        """Queue a frame."""
        if self._goodbye is None:
            self._queue.append(frame)
            self._something.set()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye once the queue is written."""
        if self._goodbye is None:
            self._goodbye = code, reason
            self._something.set()

    async def live(self, observer: abc.ObserverBase[Connection]) -> None:
        """Announce it, then read and write until it ends.

        Raises:
            ConnectionLost: It ended without our wish.
        """
        observer.on_next(self)
        tasks = {create_task(self._read()), create_task(self._write())}
        try:
            await wait(tasks, return_when=FIRST_COMPLETED)
        finally:
            await self._wind_up(tasks)
        if self._goodbye is None:
            self._raise_loss(tasks)

    async def _wind_up(self, tasks: set[Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if self._goodbye is not None and not self._has_said_goodbye:
            # Abandoned, but not without a word if that costs no wait.
            code, reason = self._goodbye
            payload = code.to_bytes(2, "big") + reason.encode()
            sending = self._websocket.send_frame(payload, WSMsgType.CLOSE)
            try:
                sending.send(None)
            except (StopIteration, ClientError, OSError):
                pass
            finally:
                sending.close()
        await wait(tasks)

    def _raise_loss(self, tasks: set[Task[None]]) -> None:
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        raise ConnectionLost(self._websocket.close_code or 1006)

    async def _read(self) -> None:
        receive, emit = self._websocket.receive, self._frames.on_next
        while True:
            message = await receive()
            if message.type in CLOSES:
                break
            emit(message.data)
        if message.type is WSMsgType.CLOSE:
            raise ConnectionLost(message.data or 1005, message.extra or "")
        cause = self._websocket.exception()
        code = self._websocket.close_code or 1006
        raise ConnectionLost(code, str(cause or "")) from cause

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._queue:
                frame = self._queue.popleft()
                self._is_writing = True
                await self._write_one(frame)
                self._is_writing = False
            if self._goodbye is not None:
                code, reason = self._goodbye
                self._has_said_goodbye = True
                await self._websocket.close(code=code, message=reason.encode())
                return

    async def _write_one(self, frame: Frame) -> None:
        try:
            async with timeout(self._write_timeout):
                if isinstance(frame, str):
                    await self._websocket.send_str(frame)
                else:
                    await self._websocket.send_bytes(frame)
        except TimeoutError:
            limit = self._write_timeout
            raise ConnectionLost(
                1006, f"a write did not complete within {limit:g} s"
            ) from None
        except (ClientError, OSError) as error:
            raise ConnectionLost(1006, str(error)) from error


def subprotocols(auth_token: str | None) -> tuple[str, ...]:
    """What to offer, so that the server finds the token in it."""
    if auth_token is None:
        return ()
    encoded = b64encode(auth_token.encode()).decode().rstrip("=")
    return "phoenix", AUTH_PREFIX + encoded


def refused(
    endpoint: Endpoint, error: WSServerHandshakeError, body: bytes
) -> ConnectError:
    """A handshake that was answered, but not with an upgrade."""
    url = endpoint.public_url
    headers: Mapping[str, str] = error.headers or {}
    return ConnectError(
        f"{url} refused the WebSocket with HTTP {error.status}",
        url=url,
        status=error.status,
        headers=dict(headers),
        body=body,
    )


def _raise(error: Exception) -> None:
    raise error
