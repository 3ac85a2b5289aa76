"""The options that go to aiohttp; `tests/test_wrong_arguments.py` has wrong types."""

import ssl

import pytest
from aiohttp import ClientSession, Fingerprint
from yarl import URL

from rx_phoenix import Socket, UsageError

ENDPOINT = "ws://127.0.0.1:9/socket"


async def test_a_session_that_is_closed_already_is_refused(transport_class):
    async with ClientSession() as session:
        pass

    with pytest.raises(UsageError, match="session must be open"):
        transport_class(session=session)


async def test_a_session_that_was_closed_since_is_final(transport_class):
    async with ClientSession() as session:
        transport = transport_class(session=session)

    with pytest.raises(UsageError, match="session must be open"):
        await Socket(ENDPOINT, transport=transport).connect()


def test_socks_is_refused_and_the_remedy_named(transport_class):
    with pytest.raises(UsageError, match="SOCKS is not supported, HTTP proxies are"):
        transport_class(proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "http://user:pass@proxy:3128"},
        {"proxy": "HTTPS://proxy"},
        {"proxy": URL("http://proxy:3128")},
        {"ssl": False},
        {"ssl": ssl.create_default_context()},
        {"ssl": Fingerprint(b"0" * 32)},
        {"trust_env": True, "max_frame_size": 1},
    ],
    ids=range(7),
)
def test_what_aiohttp_takes_is_taken(transport_class, options):
    assert transport_class(**options)
