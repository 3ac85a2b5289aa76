"""Refusals keep status and headers, whatever becomes of their bodies."""

import asyncio
import gzip
import tracemalloc
import zlib
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, TCPConnector

from rx_phoenix import (
    AttemptFailed,
    ConnectError,
    GaveUp,
    LongPollTransport,
    Reconnect,
    Socket,
    WebSocketTransport,
)
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._transport.aiohttp_answers import is_pool_full
from tests.tcp import listening
from tests.transport.peer import PATIENCE, Life

HEAD = b"HTTP/1.1 %d Refused\r\nX-Why: because\r\nRetry-After: 7\r\n"
SIZED = HEAD + b"Content-Length: %d\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"
TEXT = b"a" * 1000
MANY = 10_000_000


def sized(status, body, announced=None, encoding=b"identity"):
    length = len(body) if announced is None else announced
    coded = b"Content-Encoding: " + encoding + b"\r\n"
    return (SIZED + coded + b"\r\n") % (status, length) + body


BODIES = {
    "whole": lambda status: sized(status, TEXT),
    "cut": lambda status: sized(status, TEXT, 2000),
    "longer than announced": lambda status: sized(status, TEXT + b"b", 1000),
    "without an end": lambda status: HEAD % status + b"\r\n" + TEXT,
    "cut between chunks": lambda status: (
        CHUNKED % status + b"\r\n3e8\r\n" + TEXT + b"\r\n"
    ),
    "encoded": lambda status: sized(status, gzip.compress(TEXT), encoding=b"gzip"),
    "raw deflate": lambda status: sized(
        status, zlib.compress(TEXT, wbits=-15), encoding=b"deflate"
    ),
    "encoded and cut": lambda status: sized(
        status, gzip.compress(TEXT)[:-8], 2000, b"gzip"
    ),
}
SPOILT = {
    "corrupt chunks": lambda status: CHUNKED % status + b"\r\nzz\r\n" + TEXT,
    "not encoded as announced": lambda status: sized(status, b"?", encoding=b"gzip"),
    "in an encoding that is not known": lambda status: sized(
        status, b"?", encoding=b"br"
    ),
    "in a charset that does not exist": lambda status: (
        SIZED % (status, 2) + b"Content-Type: text/plain; charset=no\r\n\r\n\xff\xfe"
    ),
}


@asynccontextmanager
async def refusing(answer, pieces=1):
    """Serve an answer, its head apart from its body if it is in two pieces."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head, body = answer.split(b"\r\n\r\n", 1)
        head += b"\r\n\r\n"
        if pieces == 1:
            writer.write(head + body)
        else:
            for byte in head:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(body)
        writer.close()

    async with listening(serve) as port:
        yield f"ws://127.0.0.1:{port}/socket"


async def refusal(url, transport, within=None):
    life = Life(transport, Endpoint(url=url, timeout=within))
    async with asyncio.timeout(PATIENCE):
        error = await life.ended
    assert isinstance(error, ConnectError)
    assert error.__cause__ is error.__context__ is None
    return error


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
@pytest.mark.parametrize("name", BODIES)
async def test_as_much_of_a_body_is_kept_as_came(transport_class, name, status):
    async with refusing(BODIES[name](status)) as url:
        error = await refusal(url, transport_class())

    assert (error.status, error.headers["X-Why"]) == (status, "because")
    assert error.body == TEXT


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("name", SPOILT)
async def test_a_body_that_is_not_valid_spoils_no_status(transport_class, name, pieces):
    async with refusing(SPOILT[name](401), pieces) as url:
        error = await refusal(url, transport_class(), within=0.4)

    assert (error.status, error.headers["X-Why"]) == (401, "because")


@pytest.mark.parametrize("name", ["cut", *SPOILT])
async def test_the_answer_of_a_proxy_to_connect_keeps_its_status_too(
    transport_class, name
):
    async with refusing((BODIES | SPOILT)[name](407)) as url:
        proxy = url.replace("ws://", "http://").removesuffix("/socket")
        error = await refusal("wss://h.test/socket", transport_class(proxy=proxy))

    assert (error.status, error.headers["X-Why"]) == (407, "because")


async def test_a_header_may_be_longer_than_8_kib(transport_class):
    policy = b"X-Policy: " + b"a" * 20_000 + b"\r\nX-Why"
    async with refusing(BODIES["whole"](401).replace(b"X-Why", policy)) as url:
        error = await refusal(url, transport_class())

    assert (error.status, error.headers["X-Why"]) == (401, "because")


async def test_a_session_of_yours_changes_nothing_of_this(transport_class):
    async with ClientSession() as session, refusing(SPOILT["corrupt chunks"](403)) as u:
        error = await refusal(u, transport_class(session=session))

    assert error.status == 403


async def test_an_interim_answer_is_not_the_answer(transport_class):
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with refusing(interim + SPOILT["corrupt chunks"](403)) as url:
        error = await refusal(url, transport_class())

    assert error.status == 403


@pytest.mark.parametrize("status", [200, 401])
async def test_of_an_endless_body_64_kib_are_read(transport_class, status):
    written = 0

    async def serve(reader, writer):
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED % status + b"\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            written += 1024
            await writer.drain()

    async with listening(serve) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        tracemalloc.start()
        error = await refusal(url, transport_class())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (error.status, len(error.body)) == (status, 64 * 1024)
    assert written < MANY  # what lies in the buffers of the network
    assert most < MANY


async def test_a_body_counts_after_decoding(transport_class):
    answer = sized(401, gzip.compress(b"x" * MANY), encoding=b"gzip")
    async with refusing(answer) as url:
        error = await refusal(url, transport_class())

    assert (error.status, error.body) == (401, b"x" * 64 * 1024)


async def test_a_body_that_stops_is_awaited_for_no_longer_than_the_attempt(
    transport_class, monkeypatch
):
    # Far from the attempt's end, which a busy machine would reach at the same time.
    monkeypatch.setattr("rx_phoenix._transport.body.RESULT_SHARE", 0.05)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SIZED % (401, 20) + b"\r\nno")
        await asyncio.Event().wait()

    async with listening(serve) as port:
        socket = Socket(
            f"ws://127.0.0.1:{port}/socket",
            transport=transport_class(),
            reconnect=Reconnect(timeout=6.0),
        )
        events = []
        socket.lifecycle.subscribe(events.append)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectError):
                await socket.connect()
        await socket.aclose()

    assert [type(event) for event in events] == [AttemptFailed, GaveUp]
    assert (events[0].error.status, events[0].error.body) == (401, b"no")


async def test_a_server_that_speaks_no_http_did_not_say_400(transport_class):
    async with refusing(b"SSH-2.0-OpenSSH\r\n\r\n") as url:
        error = await refusal(url, transport_class())

    assert "400" not in str(error).replace(url, "")
    assert error.status is None


async def test_a_404_has_a_hint(transport_class):
    async with refusing(sized(404, b"")) as url:
        error = await refusal(url, transport_class())

    assert "often it is /socket, without /websocket" in str(error)


@pytest.mark.parametrize("transport_class", [WebSocketTransport, LongPollTransport])
@pytest.mark.parametrize("limits", [{"limit": 1}, {"limit_per_host": 1}, {"limit": 0}])
async def test_a_pool_is_full_when_all_its_connections_are_in_use(
    transport_class, limits
):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.Event().wait()

    async with (
        listening(serve) as port,
        ClientSession(connector=TCPConnector(**limits)) as session,
    ):
        before = is_pool_full(session)
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/"))
        async with asyncio.timeout(PATIENCE):
            while not session.connector._acquired:  # noqa: ASYNC110, SLF001 - no event
                await asyncio.sleep(0)
        during = is_pool_full(session)
        asking.cancel()

    assert (before, during) == (False, limits != {"limit": 0})
