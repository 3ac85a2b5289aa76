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
