"""Frames over a WebSocket, by aiohttp."""

from asyncio import timeout
from base64 import b64encode
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Coroutine,
    Generator,
    Mapping,
)
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from socket import SHUT_RDWR
from ssl import SSLContext
from typing import Any, Literal
from urllib.request import getproxies

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

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._transport.cause import cause_of, shown
from rx_phoenix._transport.contract import MAX_FRAME_SIZE, Connection
from rx_phoenix._transport.duplex import Duplex, alive
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Duration, seconds

__all__ = ["WebSocketTransport"]

AUTH_PREFIX = "base64url.bearer.phx."
"""What precedes the token in the subprotocol.

Its name notwithstanding, the alphabet is the *standard* one, and the padding is left
out (Phoenix's ``socket/transport.ex``).
"""

_TIMEOUT = ClientWSTimeout(ws_receive=None, ws_close=2.0)  # pyright: ignore[reportCallIssue] - attrs hides its arguments

NO_STATUS = 1005
"""The close code of a close frame without one (RFC 6455, 7.4.1)."""

ABNORMAL = 1006
"""The close code of an end without a close frame (RFC 6455, 7.4.1)."""

CLOSES = frozenset(
    {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
)


class WebSocketTransport:
    """Opens WebSocket connections with aiohttp.

    Args:
        session: A session of yours, which stays yours; each connection has one of its
            own if None. With yours, the body of a refused handshake may be missing,
            and redirects are followed, as aiohttp does: to any host, with the token.
        ssl: As aiohttp's: True checks certificates, False does not; a context or a
            fingerprint is used as it is.
        proxy: The URL of an HTTP proxy.
        trust_env: Whether proxies are taken from the environment, from ``wss_proxy`` or
            else ``https_proxy``; not with a session of yours.
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
        max_frame_size: int = MAX_FRAME_SIZE,
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
        return alive(lambda observer: self._live(endpoint, observer))

    async def _live(
        self, endpoint: Endpoint, observer: abc.ObserverBase[Connection]
    ) -> None:
        body = Body()
        async with self._session(body) as session:
            try:
                websocket = await self._open(session, endpoint)
            except WSServerHandshakeError as error:
                # aiohttp's error quotes the request, and what is secret in it.
                raise refused(endpoint, error, body.data) from None
            connection = WebSocketConnection(websocket, self._write_timeout)
            await connection.live(observer)

    async def _open(
        self, session: ClientSession, endpoint: Endpoint
    ) -> ClientWebSocketResponse[Literal[False]]:
        try:
            return await session.ws_connect(
                self._url(endpoint),
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
            text = f"no connection to {url}: {cause_of(error)}"
            raise ConnectError(text, url=url) from shown(error)

    def _url(self, endpoint: Endpoint) -> URL:
        url = URL(endpoint.address("websocket"), encoded=True)
        if self._trust_env and url.scheme not in getproxies():
            # aiohttp looks for a proxy of the URL's own scheme, and few have one for
            # ws. To a server both schemes are the same.
            return url.with_scheme(url.scheme.replace("ws", "http"))
        return url

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
    """Reads the body of a refused handshake, which aiohttp's error lacks.

    A redirect is a refusal, as in browsers.
    """

    def __init__(self) -> None:
        self.data = b""

    async def read(
        self, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        """The middleware."""
        response = await handler(request)
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.data = await response.read()
            # Before aiohttp follows a redirect, and takes the auth token along.
            raise WSServerHandshakeError(
                response.request_info,
                response.history,
                message="no upgrade",
                status=response.status,
                headers=response.headers,
            )
        return response


class Begun:
    """A coroutine that has come as far as its first wait, to be awaited from there.

    Args:
        coroutine: The coroutine.
        waits_for: What it waits for.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._waits_for
        yield from self._coroutine.__await__()


class WebSocketConnection(Duplex):
    """One open WebSocket.

    Args:
        websocket: aiohttp's.
        write_timeout: Seconds for one write.
    """

    def __init__(
        self,
        websocket: ClientWebSocketResponse[Literal[False]],
        write_timeout: float,
    ) -> None:
        super().__init__()
        self._websocket = websocket
        self._write_timeout = write_timeout

    async def read(self) -> None:
        """Emit each frame, text as bytes; end as the WebSocket ends."""
        receive, inbound = self._websocket.receive, self.inbound
        while True:
            message = await receive()
            if message.type in CLOSES:
                break
            # As emit, but this is where every frame goes: not one call more.
            for listener in inbound.listeners:
                listener(message.data)
        if message.type is WSMsgType.CLOSE:
            raise ConnectionLost(int(message.data or NO_STATUS), message.extra or "")
        cause = self._websocket.exception()
        code = int(self._websocket.close_code or ABNORMAL)
        raise ConnectionLost(code, str(cause or "")) from cause

    def begin(self, frame: Frame) -> Awaitable[None] | None:
        """Write a frame now: the network mostly takes it without a wait."""
        writing = self._writing(frame)
        try:
            waits_for = writing.send(None)
        except StopIteration:
            return None
        except (ClientError, OSError):
            # The writer meets the same, and ends the connection by it.
            self.enqueue(frame)
            return None
        return self._finish(Begun(writing, waits_for))

    async def write(self, batch: list[Frame]) -> None:
        """Write a frame, within the deadline."""
        (frame,) = batch
        await self._finish(self._writing(frame))

    def _writing(self, frame: Frame) -> Coroutine[Any, Any, None]:
        websocket = self._websocket
        if isinstance(frame, str):
            return websocket.send_str(frame)
        return websocket.send_bytes(frame)

    async def _finish(self, writing: Awaitable[None]) -> None:
        try:
            async with timeout(self._write_timeout):
                await writing
        except TimeoutError:
            text = f"a write did not complete within {self._write_timeout:g} s"
            raise ConnectionLost(ABNORMAL, text) from None
        except (ClientError, OSError) as error:
            raise ConnectionLost(ABNORMAL, cause_of(error)) from shown(error)

    async def say_goodbye(self, code: int, reason: str) -> None:
        """The closing handshake."""
        await self._websocket.close(code=code, message=reason.encode())

    async def let_go(self, code: int, reason: str) -> None:
        """A close frame, if the network takes it without a wait; then its end."""
        network = self._websocket.get_extra_info("socket")
        with suppress(TimeoutError):
            async with timeout(0):
                await self.say_goodbye(code, reason)
        if network is not None:
            # What a peer does not read would keep the descriptor until it does.
            with suppress(OSError):
                network.shutdown(SHUT_RDWR)


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
