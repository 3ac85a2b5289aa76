"""Frames over HTTP requests, for networks that let no WebSocket through."""

from base64 import b64encode
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext
from typing import Any

import msgspec
from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    Fingerprint,
    ServerDisconnectedError,
)
from reactivex import Observable, abc
from yarl import URL

from rx_phoenix._protocol.endpoint import Endpoint, check_header_value, query
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._transport.cause import cause_of, shown
from rx_phoenix._transport.contract import MAX_FRAME_SIZE, Connection
from rx_phoenix._transport.duplex import Duplex
from rx_phoenix._transport.http_options import (
    check_http_options,
    check_size,
    check_usable,
)
from rx_phoenix._transport.lifetime import lifetime
from rx_phoenix.errors import ConnectError, ConnectionLost, UsageError
from rx_phoenix.policy import Duration, seconds

__all__ = ["LongPollTransport"]

BATCH = 100
"""Lines that a server takes of one request; it drops the rest without an error."""

GONE, OK, NOTHING_YET, REFUSED = 410, 200, 204, 403
"""The statuses in the *body* of an answer; that of HTTP is 200 for all of them."""

TOO_BIG = 1009
"""The close code for a message that is too large (RFC 6455, 7.4.1)."""

EMPTY_SIZE = 1024
"""More bytes than an answer without messages has."""

SESSION_GONE = 3410
"""phoenix.js's close code for a session that the server forgot."""


class Answer(msgspec.Struct):
    """The body of a server's answer."""

    status: int
    token: str | None = None
    messages: list[str] = []


class LongPollTransport:
    """Connects to Phoenix's long poll endpoint with aiohttp.

    One request waits for messages, one more carries what is sent: up to 100 messages
    at a time, binary ones in base64. Binary messages *from* a server cannot come this
    way: Phoenix answers such a poll with HTTP 500.

    Args:
        session: A session of yours, which stays yours, without its middlewares; each
            connection has one of its own if None.
        ssl: As aiohttp's: True checks certificates, False does not; a context or a
            fingerprint is used as it is.
        proxy: The URL of an HTTP proxy; SOCKS is not supported.
        trust_env: Whether proxies are taken from the environment; not with a session
            of yours.
        max_frame_size: Bytes of the largest answer taken, however many messages are in
            it; a larger one ends the connection with 1009.
        poll_timeout: Seconds for one poll; servers answer within 10 by default.
        send_timeout: Seconds for one request that sends.

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
        max_frame_size: int = MAX_FRAME_SIZE,
        poll_timeout: Duration = 20.0,
        send_timeout: Duration = 10.0,
    ) -> None:
        check_http_options(session=session, ssl=ssl, proxy=proxy, trust_env=trust_env)
        check_size("max_frame_size", max_frame_size)
        self._given_session = session
        self._ssl = ssl
        self._proxy = proxy
        self._trust_env = trust_env
        self._max_frame_size = max_frame_size
        self._poll_timeout = ClientTimeout(total=seconds(poll_timeout, "poll_timeout"))
        self._send_timeout = ClientTimeout(total=seconds(send_timeout, "send_timeout"))

    def connect(self, endpoint: Endpoint) -> Observable[Connection]:
        """Return one attempt; see `Transport.connect`.

        Raises:
            UsageError: The serializer is of version 1, which no long poll can carry;
                the auth token has a control character; or your session was closed.
        """
        check_usable(self._given_session)
        if endpoint.auth_token:
            check_header_value("auth_token", endpoint.auth_token)
        if endpoint.vsn.startswith("1."):
            raise UsageError(
                "version 1 of the protocol cannot be carried over a long poll: "
                "use SerializerV2"
            )
        return lifetime(lambda observer: self._live(endpoint, observer))

    async def _live(
        self, endpoint: Endpoint, observer: abc.ObserverBase[Connection]
    ) -> None:
        async with self._session() as session:
            requests = Requests(
                session,
                endpoint,
                options={"ssl": self._ssl, "proxy": self._proxy},
                max_frame_size=self._max_frame_size,
                poll_timeout=self._poll_timeout,
                send_timeout=self._send_timeout,
            )
            await self._open(requests, endpoint)
            await LongPollConnection(requests).live(observer)

    async def _open(self, requests: "Requests", endpoint: Endpoint) -> None:
        url = endpoint.public_url
        try:
            answer = await requests.poll()
        except Failure as failure:
            raise ConnectError(
                f"{url} could not be polled: {failure}",
                url=url,
                status=failure.status,
                headers=failure.headers,
                body=failure.body,
            ) from failure.__cause__
        if answer.status != GONE or answer.token is None:
            text = f"{url} refused the long poll with status {answer.status}"
            raise ConnectError(text, url=url, status=answer.status)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[ClientSession]:
        if self._given_session is not None:
            yield self._given_session
            return
        async with ClientSession(trust_env=self._trust_env) as session:
            yield session


class Failure(Exception):
    """A request without an answer that could be read."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        code: int = 1011,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.headers = headers or {}
        self.body = body


class Requests:
    """The two requests of a long poll, and the session's token between them.

    Args:
        session: aiohttp's.
        endpoint: Where to.
        options: What each request takes of aiohttp's options.
        max_frame_size: Bytes of the largest answer taken.
        poll_timeout: For a poll.
        send_timeout: For a request that sends.
    """

    def __init__(
        self,
        session: ClientSession,
        endpoint: Endpoint,
        *,
        options: dict[str, Any],
        max_frame_size: int,
        poll_timeout: ClientTimeout,
        send_timeout: ClientTimeout,
    ) -> None:
        self._session = session
        self._address = endpoint.address("longpoll")
        self._headers = dict(endpoint.headers)
        self._auth: dict[str, str] = {}
        if endpoint.auth_token:
            self._auth["X-Phoenix-AuthToken"] = endpoint.auth_token
        self._options = options
        self._max_frame_size = max_frame_size
        self._poll_timeout = poll_timeout
        self._send_timeout = send_timeout
        self._token: str | None = None
        # Of answers with messages only, but before they are complete: an empty one
        # proves nothing, as any proxy could give it.
        self.bytes_received = 0

    async def poll(self) -> Answer:
        """Wait for messages; the answer's token is the session's from now on.

        Raises:
            Failure: There was no answer, or not one that could be read.
        """
        headers = {"Accept": "application/json", **self._auth}
        answer = await self._ask("GET", self._poll_timeout, headers, None)
        if answer.token is not None:
            self._token = answer.token
        return answer

    async def send(self, lines: bytes) -> Answer:
        """Send messages, a line each, without a newline at the end.

        Raises:
            Failure: There was no answer, or not one that could be read.
        """
        # Exactly this type: with a charset behind it, the server fails.
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._ask("POST", self._send_timeout, headers, lines)

    async def _ask(
        self,
        method: str,
        limit: ClientTimeout,
        headers: dict[str, str],
        data: bytes | None,
    ) -> Answer:
        address, headers = self._address, {**self._headers, **headers}
        if self._token is not None:
            # The header for servers that keep tokens out of URLs (since 1.8.10), and
            # the query for those before.
            headers["X-Phoenix-LongPoll-Token"] = self._token
            address = f"{address}&{query({'token': self._token})}"
        try:
            async with self._session.request(
                method,
                URL(address, encoded=True),
                headers=headers,
                data=data,
                timeout=limit,
                # Where it leads to is not whom the tokens are for.
                allow_redirects=False,
                middlewares=(never_again,),
                **self._options,
            ) as response:
                body = await self._read(response)
        except TimeoutError as error:
            raise Failure(f"no answer within {limit.total:g} s") from shown(error)
        except (ClientError, OSError) as error:
            raise Failure(cause_of(error)) from shown(error)
        try:
            if response.status == HTTPStatus.OK:
                answer = msgspec.json.decode(body, type=Answer)
                if answer.messages:
                    self.bytes_received += min(len(body), EMPTY_SIZE)
                return answer
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Failure(f"the answer is not one of Phoenix's: {error}") from error
        raise Failure(
            f"the server answered HTTP {response.status}",
            status=response.status,
            headers=dict(response.headers),
            body=body,
        )

    async def _read(self, response: ClientResponse) -> bytes:
        body = bytearray()
        async for piece in response.content.iter_any():
            before = max(len(body), EMPTY_SIZE)
            body += piece
            self.bytes_received += max(len(body) - before, 0)
            if len(body) > self._max_frame_size:
                text = f"an answer of more than {self._max_frame_size:,} bytes"
                raise Failure(text, code=TOO_BIG)
        return bytes(body)


async def never_again(
    request: ClientRequest, handler: ClientHandlerType
) -> ClientResponse:
    """Have a request that was cut fail: by itself, aiohttp asks again.

    A server forgets what it has put into an answer, so another poll would go on behind
    a gap that remains unnoticed.
    """
    try:
        return await handler(request)
    except (ClientOSError, ServerDisconnectedError) as error:
        raise Failure(cause_of(error)) from shown(error)


class LongPollConnection(Duplex):
    """A session of a long poll.

    Args:
        requests: The requests to the server.
    """

    def __init__(self, requests: Requests) -> None:
        super().__init__()
        self._requests = requests

    @property
    def bytes_received(self) -> int:
        """The bytes received so far of answers that bring messages."""
        return self._requests.bytes_received

    async def read(self) -> None:
        """Poll again and again; every status but two ends the session."""
        while True:
            try:
                answer = await self._requests.poll()
            except Failure as failure:
                code, text = failure.code, str(failure)
                raise ConnectionLost(code, text, clean=False) from failure.__cause__
            if answer.status == OK:
                if answer.messages:
                    self.emit(answer.messages)
            elif answer.status != NOTHING_YET:
                raise ended(answer.status)

    def next_batch(self, queue: deque[Frame]) -> list[Frame]:
        """Take as many frames as a server takes at once."""
        return [queue.popleft() for _ in range(min(len(queue), BATCH))]

    async def write(self, batch: list[Frame]) -> None:
        """Send a line a frame: JSON as it is, binary in base64."""
        lines = b"\n".join(map(as_line, batch))
        try:
            answer = await self._requests.send(lines)
        except Failure as failure:
            code, text = failure.code, str(failure)
            raise ConnectionLost(code, text, clean=False) from failure.__cause__
        if answer.status != OK:
            raise ended(answer.status)


def as_line(frame: Frame) -> bytes:
    """Encode a frame so that a server can tell JSON, with its bracket, from binary."""
    return frame.encode() if isinstance(frame, str) else b64encode(frame)


def ended(status: int) -> ConnectionLost:
    """Return the error for the status in the body of an answer that ends a session."""
    if status == GONE:
        return ConnectionLost(SESSION_GONE, "session_gone")
    if status == REFUSED:
        return ConnectionLost(1008, "forbidden")
    return ConnectionLost(1011, f"the server answered with status {status}")
