"""Connections that do not come about: what the user sees, and that it heals."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp import ClientSession, DefaultResolver, TCPConnector
from aiohttp.abc import AbstractResolver

from rx_phoenix import (
    AttemptFailed,
    ConnectError,
    GaveUp,
    Heartbeat,
    Retrying,
)
from rx_phoenix._streams.scheduler import LoopScheduler
from tests.faults.peers import answering, secured
from tests.integration.waiting import PATIENCE, first_of, listing

YESTERDAY = datetime.now(UTC) - timedelta(days=1)

SPEED = 40
"""How much faster the hasty clock runs: the 15 s of an attempt take 0.4."""


class HastyClock(LoopScheduler):
    """A clock on which a second is short."""

    def monotonic(self):
        return super().monotonic() * SPEED

    def call_later(self, delay, function):
        return super().call_later(delay / SPEED, function)


class Names(AbstractResolver):
    """A name server that can be ill."""

    def __init__(self):
        self.is_ill = True
        self.healthy = DefaultResolver()

    async def resolve(self, host, port=0, family=0):
        if self.is_ill:
            raise OSError(-2, "Name or service not known")
        return await self.healthy.resolve("127.0.0.1", port, family)

    async def close(self):
        await self.healthy.close()


async def opened(socket):
    async with asyncio.timeout(PATIENCE):
        await socket.connect()


async def test_a_refused_connection_is_tried_again_until_it_is_taken(proxy, make):
    await proxy.refuse()
    socket = make()
    failed = first_of(socket.lifecycle, AttemptFailed)
    opening = socket.connect()

    error = (await failed).error
    await proxy.accept()
    await opening

    assert isinstance(error, ConnectError)
    assert error.status is None


async def test_a_name_that_does_not_resolve_is_tried_until_it_does(
    server, make, transport_class
):
    names = Names()
    async with ClientSession(connector=TCPConnector(resolver=names)) as session:
        url = f"ws://somewhere.invalid:{server.port}/socket"
        socket = make(url=url, transport=transport_class(session=session))
        failed = first_of(socket.lifecycle, AttemptFailed)
        opening = socket.connect()

        error = (await failed).error
        names.is_ill = False
        await opening
        await socket.aclose()

    assert "somewhere.invalid" in str(error)


async def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up(
    proxy, make
):
    proxy.silence()
    clock = HastyClock(asyncio.get_running_loop())
    socket = make(scheduler=clock, heartbeat=Heartbeat())
    failed = first_of(socket.lifecycle, AttemptFailed)
    opening = socket.connect()

    async with asyncio.timeout(PATIENCE):
        error = (await failed).error
    proxy.heal()
    await opening

    assert "within 15 s" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425, 429])
async def test_a_status_that_means_later_is_tried_again(make, transport_class, status):
    async with answering(status) as answers:
        socket = make(url=answers.url, transport=transport_class())
        retrying = first_of(socket.lifecycle, Retrying)
        failed = first_of(socket.lifecycle, AttemptFailed)
        socket.connect()

        assert (await failed).error.status == status
        assert (await retrying).attempt == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_status_that_means_no_is_final(make, transport_class, status):
    async with answering(status) as answers:
        socket = make(url=answers.url, transport=transport_class())
        events = listing(socket.lifecycle)

        with pytest.raises(ConnectError) as refusal:
            await opened(socket)

        assert refusal.value.status == status
        assert [type(event) for event in events] == [AttemptFailed, GaveUp]


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_for(make, transport_class, status):
    async with answering(status, {"Retry-After": "7"}) as answers:
        socket = make(url=answers.url, transport=transport_class())
        retrying = first_of(socket.lifecycle, Retrying)
        socket.connect()

        assert (await retrying).delay == 7.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_for_it_would_take_secrets_along(
    make, transport_class, status
):
    async with (
        answering(200) as elsewhere,
        answering(status, {"Location": elsewhere.url}) as answers,
    ):
        socket = make(url=answers.url, transport=transport_class(), auth_token="s3cr3t")
        failed = first_of(socket.lifecycle, AttemptFailed)
        socket.connect()
        error = (await failed).error
        await socket.aclose()

    assert error.status == status
    assert elsewhere.count == 0


async def test_a_certificate_that_expired_is_refused_until_it_is_renewed(
    server, make, transport_class, unused_tcp_port
):
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    url = f"wss://127.0.0.1:{unused_tcp_port}/socket"
    expired = authority.issue_cert("127.0.0.1", not_after=YESTERDAY)
    renewed = authority.issue_cert("127.0.0.1")

    async with secured(unused_tcp_port, expired, server.port):
        socket = make(url=url, transport=transport_class(ssl=trusting))
        failed = first_of(socket.lifecycle, AttemptFailed)
        opening = socket.connect()
        error = (await failed).error
    async with secured(unused_tcp_port, renewed, server.port):
        await opening
        await socket.aclose()

    assert "certificate has expired" in str(error)
