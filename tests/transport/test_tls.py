"""Certificates, real ones: which are taken, which are refused, and who decides."""

import hashlib
import ssl
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp import ClientSession, Fingerprint, TCPConnector

from rx_phoenix import ConnectError
from rx_phoenix._protocol.endpoint import Endpoint
from tests.transport.gate import running_gate

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
async def serve(authority):
    """Runs a server with a certificate."""
    async with AsyncExitStack() as stack:

        async def serve(certificate=None, client_authority=None):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate = certificate or authority.issue_cert("127.0.0.1")
            certificate.configure_cert(context)
            if client_authority is not None:
                client_authority.configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED
            return await stack.enter_async_context(running_gate(context))

        yield serve


@pytest.fixture
def attempt(transport_class, live):
    """Tries to connect; returns None if it opened, or the error."""

    async def attempt(gate, **options):
        endpoint = Endpoint(url=gate.url)
        return await live(transport_class(**options), endpoint).outcome()

    return attempt


@pytest.fixture
def trusting(authority):
    """A context that knows the authority, and no other."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def fingerprint_of(certificate):
    pem = certificate.cert_chain_pems[0].bytes().decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()


async def test_a_certificate_that_nobody_vouches_for_is_refused(serve, attempt):
    error = await attempt(await serve())

    assert isinstance(error, ConnectError)
    assert "certificate verify failed" in str(error)


async def test_a_context_of_yours_may_vouch_for_it(serve, attempt, trusting):
    assert await attempt(await serve(), ssl=trusting) is None


async def test_a_certificate_that_expired_is_refused(
    serve, attempt, trusting, authority
):
    expired = authority.issue_cert("127.0.0.1", not_after=YESTERDAY)

    error = await attempt(await serve(expired), ssl=trusting)

    assert isinstance(error, ConnectError)
    assert "certificate has expired" in str(error)


async def test_a_certificate_of_another_host_is_refused(
    serve, attempt, trusting, authority
):
    other = authority.issue_cert("elsewhere.test")

    error = await attempt(await serve(other), ssl=trusting)

    assert isinstance(error, ConnectError)
    assert "not valid for '127.0.0.1'" in str(error)


async def test_checks_can_be_switched_off(serve, attempt, authority):
    expired = authority.issue_cert("elsewhere.test", not_after=YESTERDAY)

    assert await attempt(await serve(expired), ssl=False) is None


async def test_a_pinned_certificate_needs_nobody_to_vouch_for_it(
    serve, attempt, authority
):
    certificate = authority.issue_cert("127.0.0.1")
    pinned = Fingerprint(fingerprint_of(certificate))

    assert await attempt(await serve(certificate), ssl=pinned) is None


async def test_any_other_than_the_pinned_one_is_refused(serve, attempt, authority):
    pinned = Fingerprint(fingerprint_of(authority.issue_cert("127.0.0.1")))

    error = await attempt(await serve(), ssl=pinned)

    assert isinstance(error, ConnectError)
    assert "127.0.0.1" in str(error)


async def test_a_client_may_show_a_certificate(serve, attempt, trusting):
    clients = trustme.CA()
    clients.issue_cert("client@example.test").configure_cert(trusting)
    gate = await serve(client_authority=clients)

    assert await attempt(gate, ssl=trusting) is None
    shown = gate.requests[0].transport.get_extra_info("peercert")
    assert ("email", "client@example.test") in shown["subjectAltName"]


async def test_a_client_without_the_certificate_is_refused(serve, attempt, trusting):
    gate = await serve(client_authority=trustme.CA())

    error = await attempt(gate, ssl=trusting)

    assert isinstance(error, ConnectError)
    assert gate.requests == []


async def test_the_context_of_a_session_of_yours_counts(serve, attempt, trusting):
    gate = await serve()

    async with ClientSession(connector=TCPConnector(ssl=trusting)) as session:
        assert await attempt(gate, session=session) is None
