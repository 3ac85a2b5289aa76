"""What is said of aiohttp's errors, and what is kept quiet."""

import asyncio
from traceback import format_exception

import pytest
from aiohttp import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientOSError,
    ConnectionTimeoutError,
    InvalidURL,
    RequestInfo,
    ServerDisconnectedError,
)
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from rx_phoenix import ConnectError, LongPollTransport, WebSocketTransport
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._transport.cause import cause_of, shown
from tests.tcp import listening
from tests.transport.peer import Life

HEADERS = CIMultiDictProxy(CIMultiDict({"Authorization": "a secret"}))
REQUEST = RequestInfo(URL("http://localhost/?token=secret"), "GET", HEADERS)
KEY = ConnectionKey("localhost", 4000, False, True, None, None, None)
REFUSED = ClientHttpProxyError(REQUEST, (), status=407, message="Who are you?")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ClientConnectionError("Connection reset"), "Connection reset"),
        (OSError(104, "Reset by peer"), "[Errno 104] Reset by peer"),
        (ServerDisconnectedError(), "the server ended the connection"),
        (
            ClientConnectionResetError("Cannot write to closing transport"),
            "the connection was reset",
        ),
        (
            ClientConnectorError(KEY, OSError(111, "Connection refused")),
            "cannot connect to localhost:4000 (connection refused)",
        ),
        (
            ClientConnectorError(KEY, OSError("Multiple exceptions: …")),
            "cannot connect to localhost:4000 (Multiple exceptions: …)",
        ),
        (
            ClientConnectorError(KEY, OSError(113, "No route to host")),
            "cannot connect to localhost:4000 (No route to host)",
        ),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_an_error_says_is_said(error, cause):
    assert cause_of(error) == cause
    assert shown(error) is error


def test_an_error_that_quotes_the_request_gives_the_status_alone():
    assert cause_of(REFUSED) == "HTTP 407 Who are you?"
    assert shown(REFUSED) is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            ClientOSError(
                None, "Can not write request body for http://h/?token=secret"
            ),
            "The connection broke in the middle of a request",
        ),
        (
            ConnectionTimeoutError("Connection timeout to host http://h/?token=secret"),
            "ConnectionTimeoutError",
        ),
        (InvalidURL("http://h:port/?token=secret"), "InvalidURL"),
    ],
)
def test_an_error_that_quotes_the_url_says_what_happened_alone(error, cause):
    assert cause_of(error) == cause
    assert shown(error) is None


@pytest.mark.parametrize("transport", [WebSocketTransport, LongPollTransport])
async def test_an_answer_cut_in_the_middle_is_not_quoted(transport):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\n")
        writer.write(b"Content-Length: 1000\r\n\r\n{")
        await writer.drain()
        writer.close()

    async with listening(answer) as port:
        life = Life(transport(), Endpoint(url=f"ws://127.0.0.1:{port}/socket"))
        async with asyncio.timeout(5):
            error = await life.ended

    assert isinstance(error, ConnectError)
    assert "secret" not in "".join(format_exception(error))
