"""Frames over HTTP requests, on a real socket of loopback."""

import asyncio

import pytest
from aiohttp import web

from rx_phoenix import (
    Backoff,
    Closed,
    ConnectError,
    GaveUp,
    LongPollTransport,
    Reconnect,
    Socket,
)
from rx_phoenix._protocol.endpoint import Endpoint
from tests.conformance.poll_server import NEW_SESSION, run_poll_server

pytestmark = pytest.mark.integration

BROADCAST = '[null,null,"room:1","event",{}]'


@pytest.fixture
async def server():
    async with run_poll_server() as server:
        yield server


@pytest.fixture
async def make_socket(server):
    """A socket on a long poll, with phoenix.js's table."""
    sockets = []

    def make(transport=None, **options):
        options = {
            "transport": transport or LongPollTransport(),
            "heartbeat": None,
            "reconnect": Reconnect(Backoff.phoenix_reconnect()),
        } | options
        sockets.append(Socket(server.url, **options))
        return sockets[-1]

    yield make
    server.end()
    for socket in sockets:
        await socket.aclose()


@pytest.fixture
async def socket(make_socket, server):
    """One that is open."""
    server.polls.append(NEW_SESSION)
    socket = make_socket()
    await socket.connect()
    await server.asked(gets=2)
    return socket


async def until(stream, kind):
    """The next value of a kind."""
    found = asyncio.get_running_loop().create_future()

    def look(event):
        if isinstance(event, kind) and not found.done():
            found.set_result(event)

    subscription = stream.subscribe(look)
    async with asyncio.timeout(5):
        event = await found
    subscription.dispose()
    return event


@pytest.mark.case(211)
def test_the_poll_endpoint_is_http_and_its_path_says_so():
    endpoint = Endpoint(url="wss://example.com/socket")

    address = endpoint.address("longpoll")

    assert address == "https://example.com/socket/longpoll?vsn=2.0.0"


@pytest.mark.case(21)
@pytest.mark.case(214)
async def test_a_poll_asks_for_json_and_carries_the_auth_token(make_socket, server):
    server.polls.append(NEW_SESSION)

    await make_socket(auth_token="1234").connect()

    headers = server.gets[0].headers
    assert headers["accept"] == "application/json"
    assert headers["x-phoenix-authtoken"] == "1234"


@pytest.mark.case(214)
async def test_a_poll_without_an_auth_token_has_no_header_for_it(socket, server):
    assert "x-phoenix-authtoken" not in server.gets[0].headers


@pytest.mark.case(215)
@pytest.mark.defect(26)
async def test_the_sessions_token_travels_from_the_second_request_on(socket, server):
    socket.channel("room:1").join()
    await server.asked(gets=2, posts=1)

    queries = [request.query for request in server.requests]
    assert queries == ["vsn=2.0.0", "vsn=2.0.0&token=T", "vsn=2.0.0&token=T"]
    tokens = [r.headers.get("x-phoenix-longpoll-token") for r in server.requests]
    assert tokens == [None, "T", "T"]


@pytest.mark.case(215)
async def test_a_newer_token_takes_the_place_of_the_older(make_socket, server):
    server.polls += [NEW_SESSION, {"status": 204, "token": "U", "messages": []}]

    await make_socket().connect()
    await server.asked(gets=3)

    queries = [request.query for request in server.gets]
    assert queries == ["vsn=2.0.0", "vsn=2.0.0&token=T", "vsn=2.0.0&token=U"]


@pytest.mark.case(217)
@pytest.mark.case(233)
async def test_a_disconnect_right_after_the_connect_makes_no_request(
    make_socket, server
):
    socket = make_socket()

    socket.connect().subscribe(None, lambda _: None)
    await socket.disconnect()
    await asyncio.sleep(0.05)

    assert server.requests == []


@pytest.mark.case(218)
async def test_a_new_session_is_the_open_and_is_polled(socket, server):
    assert socket.state == "open"
    assert len(server.gets) == 2


@pytest.mark.case(219)
async def test_a_session_that_is_gone_is_a_close_and_a_new_one_follows(
    make_socket, server
):
    server.polls += [NEW_SESSION, {"status": 410, "token": "V"}, NEW_SESSION]
    socket = make_socket()
    reasons = []
    channel = socket.channel("room:1")
    channel.on_error(reasons.append)
    channel.join().mark_seen()

    closed = await until(socket.lifecycle, Closed)
    await server.asked(gets=4)

    assert (closed.code, closed.reason) == (3410, "session_gone")
    assert reasons == [{"source": "transport", "reason": "connection_closed"}]
    assert server.gets[2].query == "vsn=2.0.0"
    assert socket.state == "open"


@pytest.mark.case(221)
async def test_nothing_yet_is_followed_by_the_next_poll(make_socket, server):
    server.polls += [NEW_SESSION, {"status": 204, "token": "T", "messages": []}]
    socket = make_socket()
    messages = []
    socket.on_message(messages.append)

    await socket.connect()
    await server.asked(gets=3)

    assert messages == []


@pytest.mark.case(222)
@pytest.mark.defect(3)
async def test_a_refused_session_is_final_and_says_its_status(make_socket, server):
    server.polls.append({"status": 403})
    socket = make_socket()

    with pytest.raises(ConnectError) as raised:
        await socket.connect()

    assert raised.value.status == 403
    assert len(server.gets) == 1


@pytest.mark.case(222)
async def test_a_session_that_is_refused_later_closes_with_1008(make_socket, server):
    server.polls += [NEW_SESSION, {"status": 403}]
    socket = make_socket()
    socket.connect()

    gave_up = await until(socket.lifecycle, GaveUp)

    assert (gave_up.error.code, gave_up.error.reason) == (1008, "forbidden")


@pytest.mark.case(223)
@pytest.mark.case(224)
@pytest.mark.defect(25)
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 418},
        {"no": "status"},
        web.Response(text="<html>"),
        web.Response(text="", status=502),
    ],
    ids=["500", "418", "no status", "no JSON", "HTTP 502"],
)
async def test_any_other_answer_is_a_close_with_1011_and_is_retried(
    make_socket, server, answer
):
    server.polls += [NEW_SESSION, answer, NEW_SESSION]
    socket = make_socket()
    socket.connect()

    closed = await until(socket.lifecycle, Closed)
    await server.asked(gets=4)

    assert closed.code == 1011
    assert socket.state == "open"


@pytest.mark.case(225)
@pytest.mark.case(226)
async def test_what_is_sent_in_one_turn_is_one_batch(socket, server):
    for number in range(3):
        socket.channel(f"room:{number}").join()
    await server.asked(posts=1)

    (post,) = server.posts
    assert post.headers["content-type"] == "application/x-ndjson"
    assert post.body.split(b"\n") == [
        f'["{n + 1}","{n + 1}","room:{n}","phx_join",{{}}]'.encode() for n in range(3)
    ]


@pytest.mark.case(226)
async def test_what_is_sent_during_a_batch_is_the_next_one(socket, server):
    answered = asyncio.Event()
    server.batches.append(answered)
    socket.channel("room:0").join()
    await server.asked(posts=1)

    socket.channel("room:1").join()
    socket.channel("room:2").join()
    await asyncio.sleep(0.02)
    assert len(server.posts) == 1
    answered.set()
    await server.asked(posts=2)

    assert [post.body.count(b"\n") + 1 for post in server.posts] == [1, 2]


@pytest.mark.case(227)
async def test_a_batch_has_100_messages_at_most(socket, server):
    answered = asyncio.Event()
    server.batches.append(answered)
    for number in range(150):
        socket.channel(f"room:{number}").join()
    await server.asked(posts=1)
    await asyncio.sleep(0.02)
    assert len(server.posts) == 1
    answered.set()
    await server.asked(posts=2)

    lines = [post.body.split(b"\n") for post in server.posts]
    assert [len(batch) for batch in lines] == [100, 50]
    assert [line.split(b'"')[5] for batch in lines for line in batch] == [
        f"room:{n}".encode() for n in range(150)
    ]


@pytest.mark.case(229)
async def test_a_batch_without_an_answer_ends_the_connection_and_a_new_one_sends(
    make_socket, server
):
    server.polls += [NEW_SESSION]
    server.batches.append(asyncio.Event())
    socket = make_socket(LongPollTransport(send_timeout=0.05))
    socket.channel("room:1").join().mark_seen()
    await server.asked(gets=2, posts=1)

    server.polls.append(NEW_SESSION)
    closed = await until(socket.lifecycle, Closed)
    await server.asked(posts=2)

    assert closed.code == 1011
    assert b"phx_join" in server.posts[1].body


@pytest.mark.case(230)
@pytest.mark.parametrize(("status", "code"), [(410, 3410), (408, 1011), (500, 1011)])
async def test_a_batch_that_is_not_taken_ends_the_connection(
    socket, server, status, code
):
    server.batches.append({"status": status})
    server.polls.append(NEW_SESSION)
    socket.channel("room:1").join().mark_seen()

    closed = await until(socket.lifecycle, Closed)
    await server.asked(posts=2)

    assert closed.code == code


@pytest.mark.case(231)
async def test_a_binary_frame_is_a_line_of_base64(make_socket, server):
    joined = ('["1","1","t","phx_reply",{"status":"ok","response":{}}]',)
    server.polls += [NEW_SESSION, {"status": 200, "token": "T", "messages": joined}]
    channel = make_socket().channel("t")
    channel.join()

    channel.push("bin", b"\xff\x00").mark_seen()
    await server.asked(posts=2)

    assert server.posts[1].body == b"AAEBAQMxMnRiaW7/AA=="


@pytest.mark.case(234)
async def test_messages_behind_a_disconnect_are_not_delivered(make_socket, server):
    messages = [BROADCAST, BROADCAST]
    server.polls += [NEW_SESSION, {"status": 200, "token": "T", "messages": messages}]
    socket = make_socket()
    heard = []

    def leave(message):
        heard.append(message)
        socket.disconnect()

    socket.on_message(leave)
    await socket.connect()
    await until(socket.lifecycle, Closed)
    await asyncio.sleep(0.02)

    assert len(heard) == 1
