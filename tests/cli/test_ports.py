"""What a port speaks."""

import ssl

import pytest
import trustme

from rx_phoenix._cli.ports import speaks_http, speaks_tls
from tests.tcp import listening

HOST = "127.0.0.1"


async def answer(reader, writer):
    await reader.readuntil(b"\n")
    writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
    writer.close()


async def hang_up(reader, writer):
    writer.close()


@pytest.fixture
def encrypted():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(context)
    return context


async def test_plain_http_is_recognized():
    async with listening(answer) as port:
        assert await speaks_http(HOST, port)
        assert not await speaks_tls(HOST, port)


async def test_tls_is_recognized(encrypted):
    async with listening(hang_up, ssl=encrypted) as port:
        assert await speaks_tls(HOST, port)
        assert not await speaks_http(HOST, port)


async def test_a_port_where_nothing_listens_speaks_nothing():
    async with listening(hang_up) as port:
        pass

    assert not await speaks_http(HOST, port)
    assert not await speaks_tls(HOST, port)
