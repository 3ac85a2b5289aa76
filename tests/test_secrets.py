"""Whatever goes wrong, and whoever tells of it: no secret is told."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from reactivex import operators as ops

from rx_phoenix import (
    AttemptFailed,
    FallbackTransport,
    JoinRefused,
    LongPollTransport,
    Opened,
    Presence,
    Reconnect,
    Socket,
    UsageError,
    WebSocketTransport,
)
from rx_phoenix._connection.handle import connection_of
from rx_phoenix.testing._server import JoinError, PhoenixServer, ServerChannel
from tests.integration.waiting import PATIENCE
from tests.secrets import PLANTED, Watch, credentials, planted_url
from tests.transport.gate import running_gate, running_proxy

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


class Parrot(ServerChannel):
    """Refuses, and repeats what it was told."""

    def join(self, params):
        if params.get("refuse"):
            raise JoinError({"reason": f"bad token {PLANTED}", "params": params})

    def handle_in(self, event, payload, ref):
        if event == "crash":
            raise RuntimeError("as you wish")
        self.reply(ref, "error", payload)


@pytest.fixture(params=[WebSocketTransport, LongPollTransport])
def transport_class(request):
    return request.param


@pytest.fixture
def searcher():
    """One for what this test does, besides that of the whole suite."""
    return Watch()


@pytest.fixture
async def make(transport_class, searcher):
    """Makes sockets full of secrets, and searches what they tell of themselves."""
    sockets = []

    def make(url, *, transport=None, **options):
        transport = transport or transport_class()
        options = {**credentials(), "reconnect": Reconnect(lambda _: 60.0), **options}
        socket = Socket(planted_url(url), transport=transport, **options)
        sockets.append(socket)
        socket.lifecycle.subscribe(lambda event: searcher.search(repr(event), "event"))
        socket.unhandled.subscribe(searcher.look)
        return socket

    yield make
    for socket in sockets:
        searcher.search(f"{socket!r} {socket.url} {socket.diagnosis()}", "socket")
        await socket.aclose()
    assert searcher.take() == []


@pytest.fixture
async def attempt(make, searcher):
    """Makes an attempt, and searches its error; None when it opened."""

    async def attempt(url, **options):
        socket = make(url, **options)
        ends = socket.lifecycle.pipe(
            ops.filter(lambda event: isinstance(event, AttemptFailed | Opened)),
            ops.take(1),
        )
        ended = asyncio.get_running_loop().create_future()
        ends.subscribe(ended.set_result)
        socket.connect()
        async with asyncio.timeout(PATIENCE):
            event = await ended
        if isinstance(event, Opened):
            return None
        searcher.look(event.error)
        return event.error

    return attempt


@pytest.fixture
async def parrot():
    async with PhoenixServer({"room:*": Parrot}) as server:
        yield server


@pytest.fixture
async def answering():
    """Runs a server with one answer to all requests, which may repeat them."""
    async with AsyncExitStack() as stack:

        async def answering(answer):
            async def serve(request):
                return answer(request)

            app = web.Application()
            app.router.add_route("*", "/{path:.*}", serve)
            server = await stack.enter_async_context(TestServer(app))
            return str(server.make_url("/socket"))

        yield answering


# Connecting.


async def test_nobody_is_there(attempt, unused_tcp_port):
    assert await attempt(f"ws://127.0.0.1:{unused_tcp_port}/socket")


async def test_the_host_has_no_name(attempt):
    assert await attempt("ws://nobody.invalid/socket")


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 503])
async def test_the_server_says_no_and_repeats_what_it_was_sent(
    attempt, answering, status
):
    def answer(request):
        everything = f"{request.url} {dict(request.headers)}"
        return web.Response(
            status=status,
            text=everything,
            headers={"Location": str(request.url), "X-Echo": request.headers["x-key"]},
        )

    error = await attempt(await answering(answer))

    assert error.status == status


async def test_the_server_answers_what_is_none_of_phoenixs(attempt, answering):
    assert await attempt(await answering(lambda _: web.Response(text=PLANTED)))


@pytest.mark.parametrize("how", ["unknown", "expired", "elsewhere"])
async def test_the_certificate_is_not_good(attempt, transport_class, how):
    authority = trustme.CA()
    options = {"not_after": YESTERDAY} if how == "expired" else {}
    host = "elsewhere.test" if how == "elsewhere" else "127.0.0.1"
    server, trusting = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.create_default_context(),
    )
    authority.issue_cert(host, **options).configure_cert(server)
    if how != "unknown":
        authority.configure_trust(trusting)

    async with running_gate(server) as gate:
        url, transport = gate.url.replace("http", "ws"), transport_class(ssl=trusting)

        assert "certificate" in str(await attempt(url, transport=transport))


@pytest.mark.parametrize("refusal", ["407 Say Who You Are", "502 Bad Gateway", None])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_the_proxy_says_no(
    attempt, transport_class, refusal, scheme, unused_tcp_port
):
    async with running_proxy(unused_tcp_port, refusal) as proxy:
        url = proxy.url.replace("//", f"//{PLANTED}:{PLANTED}@")
        transport = transport_class(proxy=url)

        assert await attempt(f"{scheme}://elsewhere.test/socket", transport=transport)


async def test_the_proxy_is_none(attempt, transport_class):
    transport = transport_class(proxy=f"http://{PLANTED}:{PLANTED}@127.0.0.1:1")

    assert await attempt("ws://elsewhere.test/socket", transport=transport)


@pytest.mark.parametrize("proxy", ["socks5://{}@127.0.0.1:1", "http://{}@h:x", "{}"])
def test_the_proxy_is_not_one(transport_class, searcher, proxy):
    with pytest.raises(UsageError, match="proxy must be") as refused:
        transport_class(proxy=proxy.format(f"{PLANTED}:{PLANTED}"))

    searcher.look(refused.value)
    assert searcher.take() == []


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"auth_token": f"{PLANTED}\ud800"}, id="half a token"),
        pytest.param({"auth_token": PLANTED.encode()}, id="a token of bytes"),
        pytest.param({"headers": {"x-key": f"{PLANTED}\r\nX: 1"}}, id="two headers"),
        pytest.param({"headers": {"x-key": f"{PLANTED}\ud800"}}, id="half a header"),
        pytest.param({"headers": {"x-key": PLANTED.encode()}}, id="a header of bytes"),
        pytest.param({"headers": {f"{PLANTED}\ud800": "1"}}, id="half a name"),
        pytest.param({"headers": PLANTED}, id="a header without a name"),
        pytest.param({"params": {"token": f"{PLANTED}\ud800"}}, id="half a param"),
        pytest.param({"params": PLANTED}, id="a param without a name"),
        pytest.param({"params": lambda: [PLANTED]}, id="a list of params"),
    ],
)
@pytest.mark.parametrize("is_asked", [False, True], ids=["given", "asked"])
async def test_the_credentials_are_none(attempt, searcher, parrot, options, is_asked):
    [(name, value)] = options.items()
    if is_asked and not callable(value):
        options = {name: lambda: value}
    try:
        error = await attempt(parrot.url, **options)
    except UsageError as refused:
        error = refused

    searcher.look(error)
    assert isinstance(error, UsageError)


# Later.


async def test_a_join_is_refused_by_repeating_what_it_came_with(make, searcher, parrot):
    socket = make(parrot.url)
    channel = socket.channel("room:1", {"refuse": True, "password": PLANTED})

    with pytest.raises(JoinRefused) as refusal:
        await channel.join()

    told = refusal.value
    searcher.search(f"{told} {told!r} {channel!r} {channel.join()!r}", "refusal")


async def test_a_push_is_refused_by_repeating_it(make, searcher, parrot):
    socket = make(parrot.url)
    channel = socket.channel("room:1")
    await channel.join()
    push = channel.push("login", {"user": "me", "password": PLANTED})

    outcome = await push.outcome

    assert outcome.status == "error"
    with pytest.raises(Exception, match="login") as refusal:
        await push
    searcher.search(f"{refusal.value} {refusal.value!r} {push} {push!r}", "refusal")


async def test_what_there_is_shows_no_secret(make, searcher, parrot):
    transport = FallbackTransport(WebSocketTransport(), LongPollTransport())
    socket = make(parrot.url, transport=transport)
    channel = socket.channel("room:1", {"password": PLANTED})
    presence, join = Presence(channel), channel.join()
    await join
    push = channel.push("crash", {"password": PLANTED})
    things = socket, channel, presence, join, push, transport, connection_of(socket)

    searcher.search(f"{things} {[str(thing) for thing in things]}", "repr")
    assert (await push.outcome).status != "ok"
    searcher.search(f"{things} {connection_of(socket).snapshot()}", "repr")
