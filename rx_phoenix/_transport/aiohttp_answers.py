"""All that is used of aiohttp's requests beyond its documentation.

aiohttp loses the status of an answer whose body violates the protocol in the same read
of the network. Here the head of an answer is parsed before its body is looked at.
"""

from asyncio import get_running_loop
from functools import partial
from typing import Any

from aiohttp import (
    ClientHandlerType,
    ClientMiddlewareType,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from rx_phoenix._streams.failure import ISOLATED, contained

__all__ = [
    "authorizing",
    "head_first_connector",
    "is_pool_full",
    "keep_head",
    "middlewares_of",
]

HEAD_END = b"\r\n\r\n"

FIELD_SIZE = 64 * 1024
"""Bytes that a header may have; policies of content exceed the 8 KiB of aiohttp."""


async def keep_head(
    request: ClientRequest, handler: ClientHandlerType
) -> ClientResponse:
    """Have an answer keep its status and headers, whatever its body is: a middleware.

    Only answers whose body is read as it came may be asked for in this way.
    """
    request.response_class = HeadFirstResponse
    return await handler(request)


def authorizing(headers: dict[str, str]) -> ClientMiddlewareType:
    """Take Authorization out of headers; returns a middleware that sends it.

    aiohttp refuses to send one where a URL has credentials, or ``~/.netrc`` has some
    and the session trusts the environment. Those of the headers come first.
    """
    names = [name for name in headers if name.lower() == "authorization"]
    given = {name: headers.pop(name) for name in names}

    async def authorize(
        request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        request.headers.update(given)
        return await handler(request)

    return authorize


def middlewares_of(session: ClientSession) -> tuple[ClientMiddlewareType, ...]:
    """Return the middlewares that a session was given."""
    return tuple(getattr(session, "_middlewares", ()))


def is_pool_full(session: ClientSession) -> bool:
    """Return True if a session has no connection left for one more request."""
    connector: Any = session.connector
    limit: int = getattr(connector, "limit", 0)
    host_limit: int = getattr(connector, "limit_per_host", 0)
    by_host: dict[object, set[object]] = getattr(connector, "_acquired_per_host", {})
    in_use = len(getattr(connector, "_acquired", ()))
    most = max(map(len, by_host.values()), default=0)
    return 0 < limit <= in_use or 0 < host_limit <= most


def head_first_connector(**options: Any) -> TCPConnector:
    """Return a connector whose answers keep their heads, as by `keep_head`.

    So do those of proxies to CONNECT, of which no middleware gets to know.

    Args:
        options: The arguments of a `TCPConnector`.
    """
    connector: Any = TCPConnector(**options)
    loop = get_running_loop()
    connector._factory = partial(HeadFirstHandler, loop=loop)  # noqa: SLF001
    return connector


class HeadFirstHandler(ResponseHandler):
    """A protocol that parses the head of each answer before its body."""

    def set_response_params(self, **options: Any) -> None:
        """Begin to parse an answer."""
        # No request of ours has its answer decoded; that to CONNECT would be.
        options["auto_decompress"] = False
        options["max_field_size"] = FIELD_SIZE
        super().set_response_params(**options)
        put_head_first(self)


class HeadFirstResponse(ClientResponse):
    """A response whose head counts, even if its body violates the protocol."""

    async def start(self, connection: Connection) -> ClientResponse:
        """Read the head."""
        put_head_first(connection.protocol)
        return await super().start(connection)


def put_head_first(protocol: Any) -> None:
    """Have a protocol parse the head of the next answer before its body."""
    parser = getattr(protocol, "_parser", None)
    if parser is not None and not isinstance(parser, HeadParser):
        protocol._parser = HeadParser(protocol)  # noqa: SLF001


class HeadParser:
    """Stands before aiohttp's parser until the head of an answer is complete.

    Args:
        protocol: aiohttp's, whose parser it is in the meantime.
    """

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._parser: Any = protocol._parser  # noqa: SLF001
        self._tail = b""

    def feed_data(self, data: bytes) -> tuple[list[Any], bool, bytes]:
        """Parse a read, the head before what follows it."""
        end = (self._tail + data).find(HEAD_END)
        if end < 0:
            self._tail = (self._tail + data)[1 - len(HEAD_END) :]
            return self._parser.feed_data(data)
        end += len(HEAD_END) - len(self._tail)
        self._tail = b""
        head, body = data[:end], data[end:]
        messages, is_upgraded, rest = self._parser.feed_data(head)
        if is_upgraded or not messages:
            self._protocol._parser = self._parser  # noqa: SLF001
            return messages, is_upgraded, rest + body
        message, payload = messages[-1]
        if message.code < 200:  # noqa: PLR2004 - interim: another head follows
            more, is_upgraded, rest = self.feed_data(body)
            return messages + more, is_upgraded, rest
        self._protocol._parser = self._parser  # noqa: SLF001
        try:
            _, is_upgraded, rest = self._parser.feed_data(body)
        except ISOLATED as error:  # any violation: only the body is lost
            contained(error)
            if not payload.is_eof():
                payload.set_exception(ClientPayloadError("the body is not valid"))
            return messages, False, b""
        return messages, is_upgraded, rest

    def feed_eof(self) -> Any:
        """Parse the end of the network."""
        return self._parser.feed_eof()

    def pause_reading(self) -> None:
        """Stop parsing a body until more is asked for."""
        self._parser.pause_reading()
