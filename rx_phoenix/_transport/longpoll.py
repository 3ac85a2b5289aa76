"""Frames over HTTP requests, for networks that let no WebSocket through."""

from asyncio import get_running_loop, sleep
from base64 import b64encode
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext

from aiohttp import ClientSession, Fingerprint
from reactivex import Observable, abc
from yarl import URL

from rx_phoenix._protocol.endpoint import Endpoint, check_header_value
from rx_phoenix._protocol.http_status import hint_on
from rx_phoenix._protocol.serializer import Frame
from rx_phoenix._transport.aiohttp_answers import head_first_connector
from rx_phoenix._transport.body import deadline_of
from rx_phoenix._transport.contract import MAX_FRAME_SIZE, Connection
from rx_phoenix._transport.duplex import Duplex
from rx_phoenix._transport.http_options import (
    check_http_options,
    check_size,
    check_usable,
    proxy_for,
    without_password,
)
from rx_phoenix._transport.kernel_buffer import make_socket
from rx_phoenix._transport.lifetime import lifetime, session_of
from rx_phoenix._transport.poll_requests import Failure, PollRequests, Requests
from rx_phoenix.errors import ConnectError, ConnectionLost, TransportError, UsageError
from rx_phoenix.policy import Duration, seconds

__all__ = ["LongPollTransport"]

BATCH = 100
"""Lines that a server takes of one request; it drops the rest without an error."""

GONE, OK, NOTHING_YET, REFUSED = 410, 200, 204, 403
"""The statuses in the *body* of an answer; that of HTTP is 200 for all of them."""

BODY_SIZE = 7_900_000
"""Bytes of one request: Plug, which Phoenix stands on, takes fewer than 8,000,000."""

TOO_BIG = 1009
"""The close code for a message that is too large (RFC 6455, 7.4.1)."""


SESSION_GONE = 3410
"""phoenix.js's close code for a session that the server forgot."""

FLOOR, CEILING = 0.1, 1.0
"""Seconds from one poll to the next, while they are answered at once with nothing."""

BINARY_KINDS = "\x00\x01\x02"
"""The first characters of binary frames; JSON begins with a bracket."""


class LongPollTransport:
    """Connects to Phoenix's long poll endpoint with aiohttp.

    One request waits for messages, one more carries what is sent: up to 100 messages
    and 8 MB at a time, binary ones in base64. Binary messages *from* a server come this
    way only if their bytes are valid UTF-8: else Phoenix answers such a poll with HTTP
    500.

    Args:
        session: A session of yours, which stays yours, without its middlewares; each
            connection has one of its own if None. Each socket needs two connections of
            its pool.
        ssl: As aiohttp's: True checks certificates, False does not; a context or a
            fingerprint is used as it is.
        proxy: The URL of an HTTP proxy; SOCKS is not supported.
        trust_env: Whether proxies are taken from the environment; not with a session
            of yours.
        max_frame_size: Bytes of the largest answer taken, however many messages are in
            it; a larger one ends the connection with 1009.
        poll_timeout: Seconds for one poll in which nothing of its answer comes;
            servers answer within 10 by default.
        send_timeout: Seconds for one request that sends, in which the network takes
            nothing of it and no answer comes.

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
        self._poll_timeout = seconds(poll_timeout, "poll_timeout")
        self._send_timeout = seconds(send_timeout, "send_timeout")

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
        deadline = deadline_of(endpoint)
        async with self._requests(endpoint) as requests:
            await open_session(requests, endpoint, deadline)
            await LongPollConnection(requests).live(observer)

    @asynccontextmanager
    async def _requests(self, endpoint: Endpoint) -> AsyncGenerator[Requests]:
        """Make the requests of one session; a fake makes others."""
        address = URL(endpoint.address("longpoll"), encoded=True)
        given = self._given_session
        proxy = proxy_for(address, self._proxy, given, trust_env=self._trust_env)
        async with session_of(endpoint, given, new_session) as session:
            requests = PollRequests(
                session,
                endpoint,
                options={"ssl": self._ssl, "proxy": proxy},
                is_pool_shared=self._given_session is not None,
                max_frame_size=self._max_frame_size,
                poll_timeout=self._poll_timeout,
                send_timeout=self._send_timeout,
            )
            try:
                yield requests
            except TransportError as error:
                without_password(error, proxy)
                raise


def new_session() -> ClientSession:
    """Make the session of an attempt that was given none."""
    return ClientSession(connector=head_first_connector(socket_factory=make_socket))


async def open_session(
    requests: Requests, endpoint: Endpoint, deadline: float | None
) -> None:
    """Open a session by the first poll.

    Raises:
        ConnectError: The server did not answer, or refused.
    """
    url = endpoint.public_url
    answer = await requests.open(deadline)
    if isinstance(answer, Failure):
        hint = hint_on(answer.status)
        raise ConnectError(
            f"{url} could not be polled: {answer.text}{hint}",
            url=url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        ) from answer.cause
    if answer.status != GONE or answer.token is None:
        text = f"{url} refused the long poll with status {answer.status}"
        raise ConnectError(text, url=url, status=answer.status)


class LongPollConnection(Duplex):
    """A session of a long poll.

    Args:
        requests: The requests to the server.

    Attributes:
        outlives_close: See `Connection`.
    """

    def __init__(self, requests: Requests) -> None:
        super().__init__()
        # Its server ends a session 30 s after the last poll.
        self.outlives_close = True
        self._body_size = BODY_SIZE
        self._requests = requests
        self._url = requests.public_url

    @property
    def bytes_received(self) -> int:
        """The bytes received so far of answers that bring messages."""
        return self._requests.bytes_received

    @property
    def bytes_sent(self) -> int:
        """The bytes that the network has taken so far."""
        return self._requests.bytes_sent

    async def read(self) -> None:
        """Poll again and again; every status but two ends the session."""
        time = get_running_loop().time
        floor = FLOOR
        while True:
            began = time()
            answer = await self._requests.poll()
            if isinstance(answer, Failure):
                raise self._lost(answer)
            if answer.status == OK and answer.messages:
                self.emit([*map(as_frame, answer.messages)])
                floor = FLOOR
            elif answer.status in (OK, NOTHING_YET):
                # A proxy that answers for a server would be asked without end.
                elapsed = time() - began
                floor = FLOOR if elapsed >= CEILING else floor
                await sleep(floor - elapsed)
                floor = min(2 * floor, CEILING)
            else:
                raise ended(answer.status)

    def next_batch(self, queue: deque[Frame]) -> list[Frame]:
        """Take as many frames as a server takes at once, each as its line."""
        lines: list[Frame] = []
        size = 0
        while queue and len(lines) < BATCH:
            line = as_line(queue[0])
            size += len(line) + 1
            if lines and size > self._body_size:
                break
            queue.popleft()
            lines.append(line)
        return lines

    async def write(self, batch: list[Frame]) -> None:
        """Send a line a frame."""
        body = b"\n".join(line for line in batch if isinstance(line, bytes))
        answer = await self._requests.send(body)
        if isinstance(answer, Failure):
            if not is_too_large(answer, body):
                raise self._lost(answer)
            if len(batch) == 1:
                raise self._lost(answer, TOO_BIG)
            # A proxy takes less than servers do, and has passed nothing of it on.
            self._body_size = (len(body) + 1) // 2
            half = len(batch) // 2
            await self.write(batch[:half])
            await self.write(batch[half:])
        elif answer.status != OK:
            raise ended(answer.status)

    def _lost(self, failure: Failure, code: int | None = None) -> ConnectionLost:
        """Return the end of a session; an answer of HTTP is kept as its cause."""
        # The server's own word on our message, as a close frame would be.
        is_clean = code is not None
        lost = ConnectionLost(code or failure.code, failure.text, clean=is_clean)
        lost.__cause__ = failure.cause
        if failure.status is not None:
            lost.__cause__ = ConnectError(
                f"{self._url} answered HTTP {failure.status}",
                url=self._url,
                status=failure.status,
                headers=failure.headers,
                body=failure.body,
            )
        return lost


def as_frame(text: str) -> Frame:
    """Return a message as its frame, which for a binary one is its bytes.

    Phoenix puts a binary frame into its answer as if it were text.
    """
    return text.encode() if text[:1] and text[0] in BINARY_KINDS else text


def as_line(frame: Frame) -> bytes:
    """Encode a frame so that a server can tell JSON, with its bracket, from binary."""
    return frame.encode() if isinstance(frame, str) else b64encode(frame)


def is_too_large(failure: Failure, body: bytes) -> bool:
    """Return True if a server, or a proxy, refused a body for its size."""
    # Phoenix refuses those above its limit like any that it cannot read.
    is_above = len(body) > BODY_SIZE and failure.status == HTTPStatus.BAD_REQUEST
    return is_above or failure.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def ended(status: int) -> ConnectionLost:
    """Return the error for the status in the body of an answer that ends a session."""
    if status == GONE:
        return ConnectionLost(SESSION_GONE, "session_gone")
    if status == REFUSED:
        return ConnectionLost(1008, "forbidden")
    return ConnectionLost(1011, f"the server answered with status {status}")
