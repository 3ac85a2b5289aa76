"""Causes in our words, and what no error of ours carries along."""

import asyncio
import ssl
from traceback import format_exception

import pytest
from aiohttp import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ConnectionTimeoutError,
    RequestInfo,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
)
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from rx_phoenix import ConnectError, LongPollTransport, WebSocketTransport
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._transport.cause import cause_of, connect_error, loss_cause, root_of
from tests.tcp import listening
from tests.transport.peer import Life

HEADERS = CIMultiDictProxy(CIMultiDict({"Authorization": "a secret"}))
REQUEST = RequestInfo(URL("http://localhost/?token=secret"), "GET", HEADERS)
KEY = ConnectionKey("localhost", 4000, False, True, None, None, None)
REFUSED = ClientHttpProxyError(REQUEST, (), status=407, message="Who are you?")
NOTHING_LISTENS = ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)")


def garbled() -> ClientResponseError:
    error = ClientResponseError(REQUEST, (), status=400, message="Bad status line")
    error.__cause__ = HttpProcessingError(code=400, message="Bad status line")
    return error


def untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


CAUSES = [
    (ClientConnectorError(KEY, NOTHING_LISTENS), "nothing listens there"),
    (
        ClientConnectorError(KEY, OSError(113, "Connect call failed ('::1', 1)")),
        "No route to host",
    ),
    (
        ClientConnectorError(KEY, OSError("no matching local address")),
        "no matching local address",
    ),
    (
        ClientProxyConnectionError(KEY, NOTHING_LISTENS),
        "no connection to the proxy (nothing listens there)",
    ),
    (ClientConnectorSSLError(KEY, ssl.SSLError(1, "x")), "the TLS handshake failed"),
    (
        untrusted(),
        (
            "its certificate is not trusted "
            "(certificate verify failed: self-signed certificate)"
        ),
    ),
    (
        ServerFingerprintMismatch(b"a", b"b", "localhost", 4000),
        "its certificate does not match the fingerprint",
    ),
    (OSError(104, "Reset by peer"), "the connection was reset"),
    (ClientOSError(32, "Broken pipe"), "the connection was reset"),
    (ServerDisconnectedError(), "the server ended the connection"),
    (
        ClientConnectionResetError("Cannot write to closing transport"),
        "the connection was reset",
    ),
    (ClientPayloadError("400, …"), "the answer was cut, or cannot be decoded"),
    (
        ClientOSError(None, "Can not write request body for http://h/?token=secret"),
        "the connection broke in the middle of a request",
    ),
    (
        ClientConnectionError("Connector is closed."),
        "the connection broke in the middle of a request",
    ),
    (
        ConnectionTimeoutError("Connection timeout to host http://h/?token=secret"),
        "it does not answer",
    ),
    (TimeoutError(), "it does not answer"),
    (REFUSED, "the proxy answered HTTP 407 Who are you?"),
    (garbled(), "the answer is not valid HTTP"),
]


@pytest.mark.parametrize(("error", "cause"), CAUSES)
def test_a_cause_is_in_our_words(error, cause):
    assert cause_of(error) == cause


@pytest.mark.parametrize("error", [error for error, _ in CAUSES])
def test_no_error_of_aiohttps_is_kept_as_a_cause(error):
    root = root_of(error)

    assert root is None or not type(root).__module__.startswith("aiohttp")
    assert "secret" not in repr(root)


@pytest.mark.parametrize(
    ("error", "is_tls", "advice"),
    [
        (ServerDisconnectedError(), False, "if it has TLS, use wss://"),
        (ClientOSError(104, "Reset by peer"), False, "if it has TLS, use wss://"),
        (garbled(), False, "if it has TLS, use wss://"),
        (
            ClientConnectorSSLError(KEY, ssl.SSLError(1, "x")),
            True,
            "if it has no TLS, use ws://",
        ),
        (
            ClientConnectorError(KEY, ConnectionResetError()),
            True,
            "if it has no TLS, use ws://",
        ),
        (ClientConnectorError(KEY, NOTHING_LISTENS), False, None),
        (ClientConnectorError(KEY, NOTHING_LISTENS), True, None),
        (ClientConnectorError(KEY, untrusted()), True, None),
        (ServerDisconnectedError(), True, None),
        (REFUSED, False, None),
    ],
)
def test_the_scheme_is_doubted_where_it_may_be_to_blame(error, is_tls, advice):
    text = cause_of(error, is_tls=is_tls)

    assert advice in text if advice else "if it has" not in text


def test_a_refusal_by_a_proxy_keeps_its_status():
    error = connect_error(Endpoint(url="wss://localhost/socket"), REFUSED)

    assert error.status == 407
    assert error.__cause__ is error.__context__ is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (None, "the server closed the connection without a close frame"),
        (
            ClientConnectionResetError("Cannot write to closing transport"),
            "the server closed the connection without a close frame",
        ),
        (ConnectionResetError(104, "reset"), "the connection was reset"),
        (TimeoutError(110, "timed out"), "it does not answer"),
    ],
)
def test_an_end_without_a_close_frame_is_in_our_words(error, cause):
    assert loss_cause(error) == cause


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
