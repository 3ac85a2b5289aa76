"""The requests of a long poll, and what servers answer."""

from asyncio import get_running_loop, timeout
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
)
from yarl import URL

from rx_phoenix._protocol.endpoint import Endpoint, query
from rx_phoenix._transport.aiohttp_answers import authorizing, is_pool_full, keep_head
from rx_phoenix._transport.body import ENCODINGS, read_body, refusal_body
from rx_phoenix._transport.cause import cause_of, root_of

__all__ = ["Answer", "Failure", "PollRequests", "Requests"]

TOO_BIG = 1009
"""The close code for a message that is too large (RFC 6455, 7.4.1)."""

EMPTY_SIZE = 1024
"""More bytes than an answer without messages has."""

PIECE = 64 * 1024
"""Bytes of a large body that are given to the network at a time."""

POOL_SHARE = 0.5
"""The part of a request's time that it waits for a connection of a shared pool."""


NO_FREE_CONNECTION = (
    "no free connection in the session's pool: raise the limit of its connector to two "
    "for each socket, or leave out the session"
)


class Answer(msgspec.Struct):
    """The body of a server's answer."""

    status: int
    token: str | None = None
    messages: list[str] = []


@dataclass(frozen=True, slots=True)
class Failure:
    """The result of a request without an answer that could be read.

    A value: an exception would keep those of aiohttp, with URL and headers.

    Attributes:
        text: The cause, in words.
        cause: The error of the operating system, if there is one.
        status: The status of HTTP, if the server answered.
        headers: The headers of that answer.
        body: Its body, as much as was read.
        code: The close code of a session that ends with it.
    """

    text: str
    cause: OSError | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    code: int = 1011


class Requests(Protocol):
    """The requests of a long poll: `PollRequests`, or those of a fake.

    Attributes:
        public_url: The endpoint, fit for logs.
        bytes_received: The bytes of answers that bring messages.
        bytes_sent: The bytes of requests that the network has taken.
    """

    public_url: str
    bytes_received: int
    bytes_sent: int

    async def open(self, deadline: float | None) -> Answer | Failure:
        """Ask for a session."""
        ...

    async def poll(self) -> Answer | Failure:
        """Wait for messages."""
        ...

    async def send(self, lines: bytes) -> Answer | Failure:
        """Send messages, a line each."""
        ...


class PollRequests:
    """The two requests of a long poll, and the session's token between them.

    Args:
        session: aiohttp's.
        endpoint: Where to.
        options: What each request takes of aiohttp's options.
        is_pool_shared: Whether others take connections of the session's pool.
        max_frame_size: Bytes of the largest answer taken.
        poll_timeout: Seconds for a poll in which nothing of its answer comes.
        send_timeout: Seconds for a request that sends, in which the network takes
            nothing of it and no answer comes.

    Attributes:
        public_url: The endpoint, fit for logs.
        bytes_received: The bytes of answers that bring messages.
        bytes_sent: The bytes of requests that the network has taken.
    """

    def __init__(  # noqa: PLR0913 - options, all by name
        self,
        session: ClientSession,
        endpoint: Endpoint,
        *,
        options: dict[str, Any],
        is_pool_shared: bool,
        max_frame_size: int,
        poll_timeout: float,
        send_timeout: float,
    ) -> None:
        self.public_url = endpoint.public_url
        self._session = session
        self._address = endpoint.address("longpoll")
        self._headers = dict(endpoint.headers)
        self._auth: dict[str, str] = {}
        if endpoint.auth_token:
            self._auth["X-Phoenix-AuthToken"] = endpoint.auth_token
        self._is_tls = self._address.startswith("https:")
        self._options = options
        self._is_pool_shared = is_pool_shared
        self._max_frame_size = max_frame_size
        self._poll_timeout = poll_timeout
        self._send_timeout = send_timeout
        self._token: str | None = None
        # Of answers with messages only, but before they are complete: an empty one
        # proves nothing, as any proxy could give it.
        self.bytes_received = 0
        self.bytes_sent = 0

    async def open(self, deadline: float | None) -> Answer | Failure:
        """Ask for a session.

        Args:
            deadline: The loop's time by which there must be a result.
        """
        return await self._poll(Opening(deadline))

    async def poll(self) -> Answer | Failure:
        """Wait for messages; the answer's token is the session's from now on."""
        return await self._poll()

    async def _poll(self, opening: "Opening | None" = None) -> Answer | Failure:
        headers = {"Accept": "application/json", **self._auth}
        limit = self._poll_timeout
        answer = await self._ask("GET", headers, limit=limit, opening=opening)
        if isinstance(answer, Answer) and answer.token is not None:
            self._token = answer.token
        return answer

    async def send(self, lines: bytes) -> Answer | Failure:
        """Send messages, a line each, without a newline at the end."""
        # Exactly this type: with a charset behind it, the server fails.
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._ask("POST", headers, lines, limit=self._send_timeout)

    async def _ask(
        self,
        method: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        limit: float,
        opening: "Opening | None" = None,
    ) -> Answer | Failure:
        address, headers = self._addressed(headers, body)
        authorize = authorizing(headers)
        time = get_running_loop().time
        try:
            async with timeout(limit) as deadline:

                def extend() -> None:
                    deadline.reschedule(time() + limit)

                async with self._session.request(
                    method,
                    address,
                    headers=headers,
                    data=None if body is None else self._pieces(body, extend),
                    timeout=self._timeout(limit, opening),
                    # Where it leads to is not whom the tokens are for.
                    allow_redirects=False,
                    auto_decompress=False,
                    middlewares=(authorize, never_again, keep_head),
                    **self._options,
                ) as response:
                    if opening is None and response.status == HTTPStatus.OK:
                        return await self._read(response, extend)
                    # It is small, or of no use.
                    refusal = await refusal_body(response, opening and opening.deadline)
                    return answer_of(response, refusal)
        except NotRepeatedError as error:
            return self._failure(error.error, opening)
        except TimeoutError as error:
            is_queued = self._is_pool_shared and isinstance(
                error, ConnectionTimeoutError
            )
            if is_queued and is_pool_full(self._session):
                return Failure(NO_FREE_CONNECTION)
            return Failure(f"no answer within {limit:g} s")
        except (ClientError, OSError) as error:
            return self._failure(error, opening)

    def _addressed(
        self, headers: dict[str, str], body: bytes | None
    ) -> tuple[URL, dict[str, str]]:
        """Return the address and the headers of a request."""
        address = self._address
        headers = {**self._headers, **headers, "Accept-Encoding": ENCODINGS}
        if body is not None:
            headers["Content-Length"] = str(len(body))
        if self._token is not None:
            # The header for servers that keep tokens out of URLs (since 1.8.10), and
            # the query for those before.
            headers["X-Phoenix-LongPoll-Token"] = self._token
            address = f"{address}&{query({'token': self._token})}"
        return URL(address, encoded=True), headers

    def _timeout(self, limit: float, opening: "Opening | None") -> ClientTimeout:
        if not self._is_pool_shared:
            return ClientTimeout()
        wait = limit * POOL_SHARE
        if opening is not None and opening.deadline is not None:
            wait = min(wait, opening.deadline - get_running_loop().time())
        # Not 0, which aiohttp takes as no limit.
        return ClientTimeout(connect=max(wait, 0.001))

    async def _pieces(
        self, body: bytes, taken: Callable[[], None]
    ) -> AsyncIterator[bytes]:
        """Give a body to the network, and note what it takes."""
        for start in range(0, len(body), PIECE):
            piece = body[start : start + PIECE]
            yield piece
            self.bytes_sent += len(piece)
            taken()

    def _failure(self, error: Exception, opening: "Opening | None") -> Failure:
        is_refused = isinstance(error, ClientHttpProxyError)
        return Failure(
            cause_of(error, is_tls=self._is_tls if opening else None),
            root_of(error),
            status=error.status if is_refused else None,
            headers=dict(error.headers or {}) if is_refused else {},
        )

    async def _read(
        self, response: ClientResponse, came: Callable[[], None]
    ) -> Answer | Failure:
        """Read an answer that may be large, and note its bytes as they come."""
        begin = self.bytes_received

        def note(size: int) -> None:
            self.bytes_received = begin + max(size - EMPTY_SIZE, 0)
            came()

        body = await read_body(response, self._max_frame_size, note)
        if body is None:
            text = f"an answer of more than {self._max_frame_size:,} bytes"
            return Failure(text, code=TOO_BIG)
        answer = answer_of(response, body)
        if isinstance(answer, Answer) and answer.messages:
            self.bytes_received += min(len(body), EMPTY_SIZE)
        return answer


@dataclass(frozen=True, slots=True)
class Opening:
    """The first poll of a session.

    Attributes:
        deadline: The loop's time by which there must be a result, if there is one.
    """

    deadline: float | None


class NotRepeatedError(Exception):
    """Carries an error past aiohttp, which would repeat the request."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


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
        raise NotRepeatedError(error) from error


def answer_of(response: ClientResponse, body: bytes) -> Answer | Failure:
    """Return what a server answered."""
    status, text = response.status, f"the server answered HTTP {response.status}"
    if status == HTTPStatus.OK:
        try:
            return msgspec.json.decode(body, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            text = f"the answer is not one of Phoenix's: {error}"
    return Failure(text, status=status, headers=dict(response.headers), body=body)
