"""Handshakes that are refused, and servers that are not there."""

import asyncio

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver

from rx_phoenix import (
    AttemptFailed,
    ConnectError,
    GaveUp,
    Heartbeat,
    Opened,
    Reconnect,
    Retrying,
    Socket,
    WebSocketTransport,
)
from rx_phoenix.errors import RxPhoenixError
from tests.integration.waiting import PATIENCE, changes_of, first_of, listing


class NoSuchHost(AbstractResolver):
    """A name server that knows nobody."""

    async def resolve(self, host, port=0, family=0):
        raise OSError(-2, "Name or service not known")

    async def close(self):
        pass


@pytest.fixture
async def nobody():
    """The URL of a server that is not there."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"ws://127.0.0.1:{port}/socket"


async def refusal_of(socket: Socket) -> ConnectError:
    """The error of the first attempt."""
    failing = first_of(socket.lifecycle, AttemptFailed)
    socket.connect()
    failure = await failing
    assert failure.attempt == 1
    assert isinstance(failure.error, ConnectError)
    return failure.error


@pytest.fixture
async def make(app, fast_retries):
    """Makes sockets that are ended after the test."""
    sockets = []

    def make(path="/socket", **options):
        socket = Socket(app.at(path), **(fast_retries | options))
        sockets.append(socket)
        return socket

    yield make
    for socket in sockets:
        await socket.aclose()


@pytest.mark.parametrize(
    ("path", "token", "status", "body"),
    [
        ("/socket", "bad", 403, b""),
        ("/socket", "raise", 500, None),
        ("/tuned", "unauthorized", 401, b"unauthorized"),
        ("/tuned", "rate", 429, None),
    ],
)
async def test_a_refused_handshake_says_why(make, path, token, status, body):
    socket = make(path, params={"token": token})

    error = await refusal_of(socket)

    assert error.status == status
    assert error.headers
    assert body is None or error.body == body
    assert error.url == socket_url(socket)


def socket_url(socket: Socket) -> str:
    """The URL in what a socket says of itself."""
    return repr(socket).split()[1].rstrip(":")


async def test_a_secret_is_in_no_error(make):
    socket = make("/tuned", params={"token": "unauthorized", "key": "s3cret"})

    error = await refusal_of(socket)

    assert "s3cret" not in repr(error) + str(error) + error.url + socket.diagnosis()


@pytest.mark.parametrize(
    ("path", "token"), [("/socket", "bad"), ("/tuned", "unauthorized")]
)
async def test_the_same_credentials_are_refused_once(make, path, token):
    asked = []
    socket = make(path, params=lambda: asked.append(token) or {"token": token})
    lifecycle = listing(socket.lifecycle)

    with pytest.raises(ConnectError) as refusal:
        await socket.connect()

    assert [type(event) for event in lifecycle] == [AttemptFailed, GaveUp]
    assert refusal.value.status in {401, 403}
    assert len(asked) == 2  # for the attempt, and whether there are others by now


async def test_other_credentials_get_another_attempt(make):
    tokens = iter(["bad", "good"])
    socket = make(params=lambda: {"token": next(tokens)})

    await socket.connect()

    assert next(tokens, None) is None


async def test_async_with_raises_the_final_error(app):
    with pytest.raises(ConnectError) as refusal:
        async with Socket(app.url, params={"token": "bad"}):
            pytest.fail("it did not connect")

    assert refusal.value.status == 403


async def test_a_server_that_is_too_busy_is_left_alone_for_as_long_as_it_asks(make):
    socket = make("/tuned", params={"token": "rate"})
    retrying = first_of(socket.lifecycle, Retrying)

    await refusal_of(socket)

    assert (await retrying).delay >= 7


async def test_a_server_in_trouble_is_tried_again(make):
    tokens = iter(["raise", "raise", "good"])
    socket = make(params=lambda: {"token": next(tokens)})
    lifecycle = listing(socket.lifecycle)

    await socket.connect()

    failures = [event for event in lifecycle if isinstance(event, AttemptFailed)]
    assert [failure.attempt for failure in failures] == [1, 2]
    assert lifecycle[-1] == Opened()


async def test_params_token_and_headers_are_asked_for_at_each_attempt(make, app):
    async def params():
        return {"token": next(tokens), "user_id": app.new("")}

    tokens = iter(["raise", "good"])
    auth_tokens = iter(["first", "second"])
    headers = iter([{"X-Try": "1"}, {"X-Try": "2"}])
    socket = make(
        params=params,
        auth_token=lambda: next(auth_tokens),
        headers=lambda: next(headers),
    )
    channel = socket.channel(app.new("room:"))

    await channel.join()
    me = await channel.push("whoami")

    assert me["params"]["token"] == "good"
    assert me["auth_token"] == "second"
    assert me["x_headers"] == {"x-try": "2"}


async def test_a_provider_that_raises_is_a_failed_attempt(make):
    async def params():
        if attempts.append(None) or len(attempts) == 1:
            raise OSError("the token service is away")
        return {}

    attempts = []
    socket = make(params=params)

    error = await refusal_of(socket)
    await socket.connect()

    assert "the token service is away" in str(error)


async def test_a_version_that_the_server_does_not_speak_is_refused(make):
    error = await refusal_of(make("/v1only"))

    assert error.status == 403


async def test_a_path_that_the_server_does_not_know_is_refused(make):
    error = await refusal_of(make("/nowhere"))

    assert error.status == 404


async def test_an_origin_may_be_required(make):
    strange = make("/origin", headers={"Origin": "http://example.org"})
    known = make("/origin", headers={"Origin": "http://localhost"})

    assert (await refusal_of(strange)).status == 403
    await known.connect()


async def test_a_refused_connection_is_tried_again(nobody, fast_retries):
    socket = Socket(nobody, **fast_retries)
    retrying = first_of(socket.lifecycle, Retrying)

    error = await refusal_of(socket)
    retry = await retrying
    await socket.aclose()

    assert error.status is None
    assert nobody in str(error)
    assert retry == Retrying(1, 0.01)


async def test_a_name_that_does_not_resolve_is_tried_again(fast_retries):
    connector = TCPConnector(resolver=NoSuchHost())
    async with ClientSession(connector=connector) as session:
        transport = WebSocketTransport(session=session)
        socket = Socket(
            "ws://nowhere.invalid/socket", transport=transport, **fast_retries
        )
        retrying = first_of(socket.lifecycle, Retrying)

        error = await refusal_of(socket)
        await retrying
        await socket.aclose()

    assert "nowhere.invalid" in str(error)


async def test_a_wait_can_be_skipped(make):
    tokens = iter(["raise", "good"])
    socket = make(
        params=lambda: {"token": next(tokens)}, reconnect=Reconnect(delays=lambda _: 60)
    )
    retrying = first_of(socket.lifecycle, Retrying)
    opening = socket.connect()
    await retrying

    socket.reconnect_now()

    async with asyncio.timeout(PATIENCE):
        await opening


async def test_a_slow_handshake_can_be_called_off(make):
    socket = make(params={"token": "slow"})
    opening = socket.connect()

    await socket.disconnect()

    with pytest.raises(RxPhoenixError, match="disconnect"):
        await opening


@pytest.mark.slow
async def test_heartbeats_keep_a_quiet_connection(make):
    socket = make("/tuned", heartbeat=Heartbeat(interval=0.4))
    await socket.connect()
    changes, sent = changes_of(socket), listing(socket.sent)

    for _ in range(5):
        await first_of(socket.frames, object)

    assert changes == []
    assert {message.event for message in sent} == {"heartbeat"}


@pytest.mark.slow
async def test_a_connection_without_heartbeats_is_closed_and_comes_back(make):
    socket = make("/tuned", heartbeat=None)
    await socket.connect()
    lifecycle = listing(socket.lifecycle)

    await first_of(socket.lifecycle, Opened)

    closed, retrying, opened = lifecycle
    assert closed.code in {1000, 1002}  # as the web server behind Phoenix has it
    assert retrying == Retrying(1, 0.01)
    assert opened == Opened()
