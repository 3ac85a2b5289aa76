"""The WebSocket transport on loopback: what the contract says, and its own options."""

import asyncio
import ssl
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession, WSMsgType, web
from yarl import URL

from rx_phoenix import ConnectError, ConnectionLost, WebSocketTransport
from rx_phoenix._protocol.endpoint import Endpoint
from tests.transport.peer import PATIENCE, Peer, running_peer, soon

CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""For localhost and 127.0.0.1, signed by itself; with its key, for a hundred years."""


@pytest.fixture
async def peer():
    peer = Peer()
    async with running_peer(peer.serve) as peer.url:
        yield peer


@pytest.fixture
def server_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
async def secure_peer(server_tls):
    peer = Peer()
    async with running_peer(peer.serve, server_tls) as peer.url:
        yield peer


@pytest.fixture
def begin(live):
    """Subscribes to a transport's attempt."""

    def begin(url, transport=None, **endpoint):
        return live(transport or WebSocketTransport(), Endpoint(url=url, **endpoint))

    return begin


# The contract.


async def test_a_frame_that_comes_with_the_handshake_is_not_lost(peer, begin):
    life = begin(peer.url)

    await soon(life.opened)

    assert await soon(life.frames.get()) == b"welcome"


async def test_frames_travel_both_ways_in_order(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)

    for frame in "text ü", b"\x00\xff", "", b"":
        connection.send(frame)
    received = [await peer.get() for _ in range(4)]
    await peer.websocket.send_bytes(b"\x00\xff")

    assert received == ["text ü", b"\x00\xff", "", b""]
    assert await soon(life.frames.get()) == b"welcome"
    assert await soon(life.frames.get()) == b"\x00\xff"


async def test_what_waits_to_be_written_is_counted(peer, begin):
    connection = await soon(begin(peer.url).opened)

    connection.send("taken at once")
    before = connection.buffered
    for _ in range(20):
        connection.send(20_000 * "more than the network takes ")
    stalled = connection.buffered
    for _ in range(21):
        await peer.get()

    assert before == 0
    assert stalled >= 2
    assert connection.buffered == 0


async def test_our_close_writes_what_is_queued_first(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)

    for n in range(100):
        connection.send(str(n))
    connection.close(4000, "enough")
    connection.close(4001, "too late")
    connection.send("too late")

    assert await soon(life.ended) is None
    received = [await peer.get() for _ in range(101)]
    assert received == [*map(str, range(100)), (4000, "enough")]


async def test_what_a_full_network_did_not_take_is_written_in_order_and_then_the_close(
    peer, begin
):
    life = begin(peer.url)
    connection = await soon(life.opened)
    frames = [f"{n}" + n % 7 * 30_000 * "x" for n in range(300)]

    for frame in frames:
        connection.send(frame)
    waiting = connection.buffered
    connection.close(4000, "enough")
    connection.send("too late")

    assert [await peer.get() for _ in range(301)] == [*frames, (4000, "enough")]
    assert await soon(life.ended) is None
    assert (waiting > 100, connection.buffered) == (True, 0)


async def test_the_peer_may_close(peer, begin):
    life = begin(peer.url)
    await soon(life.opened)

    await peer.websocket.close(code=1012, message=b"restart")
    error = await soon(life.ended)

    assert isinstance(error, ConnectionLost)
    assert (error.code, error.reason, error.clean) == (1012, "restart", True)


async def test_a_close_without_a_code_is_one(begin):
    async def serve(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        request.transport.write(b"\x88\x00")
        return await websocket.receive() and websocket

    async with running_peer(serve) as url:
        error = await soon(begin(url).ended)

    assert (error.code, error.clean) == (1005, True)


async def test_a_cut_is_told_from_a_close(peer, begin):
    life = begin(peer.url)
    await soon(life.opened)

    peer.request.transport.abort()
    error = await soon(life.ended)

    assert isinstance(error, ConnectionLost)
    assert (error.code, error.clean) == (1006, False)


async def test_an_open_connection_can_be_abandoned(peer, begin):
    life = begin(peer.url)
    await soon(life.opened)

    life.dispose()

    assert await peer.get() == (1000, "")
    assert not life.ended.done()


async def test_an_abandoned_connection_says_goodbye_if_it_was_told_to(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)

    connection.close(1000, "heartbeat timeout")
    life.dispose()

    assert await peer.get() == (1000, "heartbeat timeout")
    assert not life.ended.done()


async def test_an_attempt_can_be_abandoned(begin):
    async def serve(request):
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    arrived, gone = asyncio.Event(), asyncio.Event()
    async with running_peer(serve) as url:
        life = begin(url)
        await soon(asyncio.ensure_future(arrived.wait()))

        life.dispose()

        assert not life.opened.done()
        assert not life.ended.done()


async def test_a_peer_that_ignores_our_close_does_not_keep_us(begin):
    async def serve(request):
        await web.WebSocketResponse(autoclose=False).prepare(request)
        await asyncio.Event().wait()

    async with running_peer(serve) as url:
        life = begin(url)
        connection = await soon(life.opened)
        connection.close()

        assert (await soon(life.ended)).code == 1006


async def test_a_cut_after_our_close_is_no_answer_to_it(begin):
    async def serve(request):
        websocket = web.WebSocketResponse(autoclose=False)
        await websocket.prepare(request)
        await websocket.receive()
        request.transport.abort()

    async with running_peer(serve) as url:
        life = begin(url)
        connection = await soon(life.opened)
        connection.close()

        assert (await soon(life.ended)).code == 1006


async def test_each_subscription_is_a_connection_of_its_own(peer):
    attempt = WebSocketTransport().connect(Endpoint(url=peer.url))
    connections = [asyncio.get_running_loop().create_future() for _ in range(2)]
    subscriptions = [attempt.subscribe(c.set_result) for c in connections]

    one, other = [await soon(connection) for connection in connections]

    assert one is not other
    for subscription in subscriptions:
        subscription.dispose()


async def test_what_one_read_brings_is_one_batch(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)
    await soon(life.frames.get())
    batches = asyncio.Queue()
    connection.batches.subscribe(batches.put_nowait)

    peer.request.transport.write(b"\x81\x01a\x82\x01b\x81\x01c")

    assert await soon(batches.get()) == [b"a", b"b", b"c"]


async def test_bytes_are_counted_as_they_come(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)
    await soon(life.frames.get())
    before = connection.bytes_received

    peer.request.transport.write(b"\x81\x05ab")
    async with asyncio.timeout(PATIENCE):
        while connection.bytes_received == before:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)

    assert (before, connection.bytes_received) == (9, 13)
    assert life.frames.empty()


async def test_bytes_count_as_sent_once_the_network_has_taken_them(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)
    before = connection.bytes_sent

    await echoed(peer, connection)

    # Four bytes, and six of a masked frame's head.
    assert (before, connection.bytes_sent) == (0, 10)


async def test_a_paused_connection_reads_nothing_until_it_is_resumed(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)
    await soon(life.frames.get())

    connection.pause()
    connection.pause()
    await peer.websocket.send_str("later")
    await echoed(peer, connection)
    assert life.frames.empty()
    connection.resume()
    connection.resume()

    assert await soon(life.frames.get()) == b"later"


async def echoed(peer, connection):
    """A way to the peer and some turns of the loop, in which a frame would come."""
    connection.send("sent")
    assert await peer.get() == "sent"
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_aborted_connection_is_a_cut_one(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)

    connection.abort()
    connection.send("nowhere")
    error = await soon(life.ended)

    assert (error.code, error.clean) == (1006, False)


async def test_an_abort_leaves_no_descriptor_whatever_the_peer_reads(begin):
    async def serve(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        request.transport.pause_reading()
        await enough.wait()
        request.transport.abort()
        return websocket

    enough = asyncio.Event()
    async with running_peer(serve) as url:
        life = begin(url)
        connection = await soon(life.opened)
        for _ in range(32):
            connection.send(b"x" * 1_000_000)
        connection.abort()
        await soon(life.ended)
        async with asyncio.timeout(PATIENCE):
            while connections_to(url):  # noqa: ASYNC110 - the kernel sets no event
                await asyncio.sleep(0)
        enough.set()


async def test_a_ping_is_answered_with_its_data(begin):
    async def serve(request):
        websocket = web.WebSocketResponse(autoping=False)
        await websocket.prepare(request)
        await websocket.ping(b"are you there")
        answered.set_result(await websocket.receive())
        return websocket

    answered = asyncio.get_running_loop().create_future()
    async with running_peer(serve) as url:
        life = begin(url)
        message = await soon(answered)

    assert (message.type, message.data) == (WSMsgType.PONG, b"are you there")
    assert life.frames.empty()


async def test_what_a_subscriber_raises_ends_the_connection(peer, begin):
    life = begin(peer.url)
    connection = await soon(life.opened)
    connection.batches.subscribe(lambda batch: 1 / 0)

    await peer.websocket.send_str("x")

    assert isinstance(await soon(life.ended), ZeroDivisionError)


async def test_a_violation_of_the_protocol_is_answered_with_its_code(peer, begin):
    life = begin(peer.url)
    await soon(life.opened)

    peer.request.transport.write(b"\x83\x00")

    assert (await soon(life.ended)).code == 1002
    assert (await peer.get())[0] == 1002


# The handshake.


async def test_the_handshake_carries_params_token_and_headers(begin):
    peer = Peer(protocols=["phoenix"])
    async with running_peer(peer.serve) as url:
        life = begin(
            f"{url}?own=1",
            params={"a": {"b": "ü&"}},
            auth_token="t>?",
            headers={"X-One": "1"},
        )
        await soon(life.opened)

        request = peer.request
        assert request.rel_url.raw_query_string == "own=1&a%5Bb%5D=%C3%BC%26&vsn=2.0.0"
        assert request.headers["Sec-WebSocket-Protocol"] == (
            "phoenix,base64url.bearer.phx.dD4/"
        )
        assert request.headers["X-One"] == "1"
        assert peer.websocket.ws_protocol == "phoenix"
        life.dispose()


async def test_an_empty_auth_token_offers_no_subprotocol(begin):
    peer = Peer()
    async with running_peer(peer.serve) as url:
        life = begin(url, auth_token="")
        await soon(life.opened)

        assert "Sec-WebSocket-Protocol" not in peer.request.headers
        life.dispose()


async def test_a_refused_handshake_is_told_with_all_that_was_answered(begin):
    async def serve(request):
        return web.Response(status=401, text="no", headers={"X-Why": "expired"})

    async with running_peer(serve) as url:
        error = await soon(begin(url, params={"key": "s3cret"}).ended)

    assert isinstance(error, ConnectError)
    assert (error.status, error.body) == (401, b"no")
    assert error.headers["X-Why"] == "expired"
    assert "s3cret" not in str(error) + error.url


async def test_an_answer_that_is_no_upgrade_is_a_refusal(begin):
    async def serve(request):
        return web.Response(text="<html>")

    async with running_peer(serve) as url:
        error = await soon(begin(url).ended)

    assert isinstance(error, ConnectError)
    assert (error.status, error.body) == (200, b"<html>")


async def test_a_server_that_is_not_there_is_told(peer, begin, unused_tcp_port):
    error = await soon(begin(f"ws://127.0.0.1:{unused_tcp_port}/socket").ended)

    assert isinstance(error, ConnectError)
    assert error.status is None


# Its options.


async def test_a_session_of_yours_stays_yours(peer, begin):
    async with ClientSession(headers={"X-Session": "mine"}) as session:
        life = begin(peer.url, WebSocketTransport(session=session))
        connection = await soon(life.opened)
        connection.close()
        await soon(life.ended)

        assert peer.request.headers["X-Session"] == "mine"
        assert not session.closed


async def test_a_refusal_with_a_session_of_yours_has_its_body(begin):
    async def serve(request):
        return web.Response(status=403, text="no")

    async with running_peer(serve) as url, ClientSession() as session:
        error = await soon(begin(url, WebSocketTransport(session=session)).ended)

    assert (error.status, error.body) == (403, b"no")


@pytest.mark.parametrize(("compress", "offer"), [(0, None), (15, "permessage-deflate")])
async def test_compression_is_offered_if_it_is_wanted(peer, begin, compress, offer):
    life = begin(peer.url, WebSocketTransport(compress=compress))
    connection = await soon(life.opened)
    connection.send("a" * 1000)

    assert await peer.get() == "a" * 1000
    extensions = peer.request.headers.get("Sec-WebSocket-Extensions")
    assert (extensions and extensions.partition(";")[0]) == offer
    assert bool(peer.websocket.compress) == bool(compress)


async def test_a_message_that_is_too_large_ends_the_connection(peer, begin):
    life = begin(peer.url, WebSocketTransport(max_frame_size=1000))
    await soon(life.opened)

    await peer.websocket.send_str("x" * 1001)
    error = await soon(life.ended)

    assert isinstance(error, ConnectionLost)
    assert error.code == 1009
    assert (await peer.get())[0] == 1009


async def test_a_peer_that_stops_reading_is_given_up(begin):
    async def serve(request):
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        request.transport.pause_reading()
        await enough.wait()
        request.transport.abort()
        return websocket

    enough = asyncio.Event()
    async with running_peer(serve) as url:
        life = begin(url, WebSocketTransport(write_timeout=0.1))
        connection = await soon(life.opened)

        for _ in range(32):
            connection.send(b"x" * 1_000_000)
        error = await soon(life.ended)
        async with asyncio.timeout(PATIENCE):
            while connections_to(url):  # noqa: ASYNC110 - the kernel sets no event
                await asyncio.sleep(0)
        enough.set()

    assert isinstance(error, ConnectionLost)
    assert "the network took nothing for 0.1 s" in str(error)


def connections_to(url):
    """The connections of this process to a server, seen from the client's end."""
    port = URL(url).port
    connections = psutil.Process().net_connections("tcp4")
    return [c for c in connections if c.raddr and c.raddr.port == port]


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure_peer, begin):
    error = await soon(begin(secure_peer.url).ended)

    assert isinstance(error, ConnectError)
    assert "certificate" in str(error).lower()


async def test_a_certificate_may_be_vouched_for_or_ignored(secure_peer, begin):
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    for choice in trusting, False:
        life = begin(secure_peer.url, WebSocketTransport(ssl=choice))

        await soon(life.opened)

        assert await soon(life.frames.get()) == b"welcome"
        life.dispose()


async def test_a_proxy_is_used(peer, begin):
    proxy = peer.url.partition("/socket")[0]
    life = begin("ws://elsewhere.invalid/socket", WebSocketTransport(proxy=proxy))

    await soon(life.opened)

    assert peer.request.headers["Host"] == "elsewhere.invalid"


async def test_a_proxy_of_the_environment_is_used_if_it_is_trusted(
    peer, begin, monkeypatch
):
    monkeypatch.setenv("ws_proxy", peer.url.partition("/socket")[0])
    transport = WebSocketTransport(trust_env=True)
    life = begin("ws://elsewhere.invalid/socket", transport)

    await soon(life.opened)

    assert peer.request.headers["Host"] == "elsewhere.invalid"
