"""The long poll on loopback: every answer that a server gives, and none."""

import asyncio
import json
from base64 import b64decode

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from rx_phoenix import (
    AttemptFailed,
    ConnectError,
    ConnectionLost,
    GaveUp,
    LongPollTransport,
    Message,
    SerializerV1,
    SerializerV2,
    Socket,
    UsageError,
)
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix.testing import FakeLongPollTransport, FaultProxy
from rx_phoenix.testing._reference import reference_app
from tests.transport.peer import PATIENCE, soon
from tests.transport.poll_peer import running_poll_peer

A, B = '[null,null,"room:1","a",{}]', '[null,null,"room:1","b",{}]'


@pytest.fixture
async def peer():
    async with running_poll_peer() as peer:
        yield peer


@pytest.fixture
def begin(peer, live):
    """Subscribes to a transport's attempt."""

    def begin(transport=None, url=None, **endpoint):
        endpoint = Endpoint(url=url or peer.url, **endpoint)
        return live(transport or LongPollTransport(), endpoint)

    return begin


@pytest.fixture
async def life(begin):
    return begin()


@pytest.fixture
async def poll(peer, life):
    """The poll that waits for messages, of a session that has begun."""
    return await peer.welcome()


# Opening.


@pytest.mark.case(218)
async def test_a_new_session_is_the_open(peer, life):
    poll = await peer.polled()
    assert not life.opened.done()

    poll.answer(410, token="T")

    await soon(life.opened)
    await peer.polled()


@pytest.mark.case(21)
@pytest.mark.case(214)
async def test_the_first_poll_says_who_comes(peer, begin):
    begin(
        url=f"{peer.url}?own=1",
        params={"a": {"b": "ü&"}},
        auth_token="t>?",
        headers={"X-One": "1"},
    )

    request = (await peer.polled()).request

    assert request.method == "GET"
    assert request.rel_url.raw_query_string == "own=1&a%5Bb%5D=%C3%BC%26&vsn=2.0.0"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X-Phoenix-AuthToken"] == "t>?"
    assert request.headers["X-One"] == "1"
    assert "X-Phoenix-LongPoll-Token" not in request.headers


@pytest.mark.case(214)
async def test_without_an_auth_token_there_is_no_header_for_it(peer, life):
    request = (await peer.polled()).request

    assert "X-Phoenix-AuthToken" not in request.headers


async def test_an_empty_auth_token_is_none(peer, begin):
    begin(auth_token="")
    request = (await peer.polled()).request

    assert "X-Phoenix-AuthToken" not in request.headers


def test_an_auth_token_that_no_header_can_carry_is_refused():
    endpoint = Endpoint(url="ws://host/socket", auth_token="t0ken\n")

    with pytest.raises(UsageError, match="auth_token must be") as refused:
        LongPollTransport().connect(endpoint)

    assert "t0ken" not in str(refused.value)


@pytest.mark.case(215)
@pytest.mark.defect(26)
async def test_the_sessions_token_goes_where_servers_old_and_new_look(peer, begin):
    life = begin(auth_token="secret", headers={"X-One": "1"})
    (await peer.polled()).answer(410, token="a+b&c")
    (await soon(life.opened)).send(A)

    for asked in await peer.polled(), await peer.posted():
        request = asked.request
        assert request.headers["X-Phoenix-LongPoll-Token"] == "a+b&c"
        assert request.rel_url.raw_query_string == "vsn=2.0.0&token=a%2Bb%26c"
        assert request.headers["X-One"] == "1"
        assert ("X-Phoenix-AuthToken" in request.headers) is (request.method == "GET")


@pytest.mark.parametrize(
    ("status", "token"),
    [
        (403, None),
        (403, "T"),
        (410, None),
        (200, "T"),
        (204, "T"),
        (500, None),
        (0, ""),
    ],
)
async def test_any_other_answer_refuses(peer, life, status, token):
    (await peer.polled()).answer(status, token=token)

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert error.status == status
    assert str(error).endswith(f"refused the long poll with status {status}")
    assert not life.opened.done()


@pytest.mark.parametrize("status", [301, 307, 401, 404, 429, 500, 503])
async def test_an_answer_of_http_alone_refuses_with_all_that_was_answered(
    peer, life, status
):
    headers = {"Location": peer.url, "Retry-After": "7"}
    (await peer.polled()).reply(b"why", status=status, headers=headers)

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert (error.status, error.body) == (status, b"why")
    assert error.headers["Retry-After"] == "7"
    assert f"could not be polled: the server answered HTTP {status}" in str(error)
    assert not peer.expects_more()


NONSENSE = [
    b"",
    b"<html>",
    b"[]",
    b"{}",
    b'{"status":"410","token":"T"}',
    b'{"status":410,"token":7}',
    b'{"status":410,"token":"T","messages":null}',
    b'{"status":410,"token":"T","messages":[[]]}',
    b'{"status":410,"token":"\xff"}',
]


@pytest.mark.parametrize("body", NONSENSE)
async def test_an_answer_that_is_none_is_an_error_before_the_session(peer, life, body):
    (await peer.polled()).reply(body)

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert "the answer is not one of Phoenix's" in str(error)
    assert (error.status, error.body) == (200, body)


async def test_a_server_that_is_not_there_is_told(begin, unused_tcp_port):
    life = begin(url=f"ws://127.0.0.1:{unused_tcp_port}/socket")

    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert error.status is None


async def test_a_first_poll_without_an_answer_is_an_error(peer, begin):
    life = begin(LongPollTransport(poll_timeout=0.5))

    poll = await peer.polled()
    error = await soon(life.ended)

    assert isinstance(error, ConnectError)
    assert str(error).endswith("could not be polled: no answer within 0.5 s")
    await poll.is_aborted.wait()


async def test_an_attempt_can_be_abandoned(peer, life):
    poll = await peer.polled()

    life.dispose()

    async with asyncio.timeout(PATIENCE):
        await poll.is_aborted.wait()
    assert not life.ended.done()


# Polling.


async def test_messages_are_heard_in_order_and_the_next_poll_follows(peer, life, poll):
    poll.answer(200, A, B, token="T")
    poll = await peer.polled()
    poll.answer(200, B, token="T")
    await peer.polled()

    assert [life.frames.get_nowait() for _ in range(3)] == [A, B, B]
    assert peer.most["GET"] == 1


@pytest.mark.case(221)
async def test_nothing_yet_is_followed_by_the_next_poll(peer, life, poll):
    poll.answer(204, token="T")
    await peer.polled()

    assert life.frames.empty()
    assert not life.ended.done()


def test_polls_that_are_answered_at_once_with_nothing_become_rare(phx):
    polls = FakeLongPollTransport()
    phx.use(transport=polls, heartbeat=None)
    phx.socket.connect()
    phx.run(server="-")
    polls.poll.answer(status=410, token="T")
    asked = []
    for tick in range(40):
        phx.run(server="-")
        if polls.unanswered:
            asked.append(tick)
            polls.poll.answer(status=204)
    phx.run(server="-" * 10)
    polls.poll.answer(Message(None, None, "room:1", "a", {}))
    phx.run(server="-")

    assert asked == [0, 1, 3, 7, 15, 25, 35]  # a second apart at most
    assert polls.unanswered == [polls.poll]


@pytest.mark.parametrize("payload", [b"abc", b"", b"[1]", "größer".encode()])
async def test_a_binary_reply_that_arrives_as_text_is_one(peer, life, poll, payload):
    reply = Message("1", "2", "room:1", "phx_reply", {"status": "ok", "response": {}})
    frame = b"\x01\x01\x01\x06\x02" + b"12room:1ok" + payload
    poll.answer(200, frame.decode())
    await peer.polled()

    message = SerializerV2().decode(life.frames.get_nowait())

    assert message.ref == reply.ref
    assert message.payload == {"status": "ok", "response": payload}


async def test_a_batch_stays_below_8_mb(peer, life, poll):
    connection = await soon(life.opened)
    frames = [b"\x00" + bytes([n]) * 1_000_000 for n in range(14)]
    for frame in frames:
        connection.send(frame)
    received = []
    while len(received) < len(frames):
        asked = await peer.posted()
        assert len(asked.body) < 8_000_000
        received += map(b64decode, asked.lines)
        asked.answer(200)

    assert received == frames


async def test_a_frame_that_is_too_large_for_a_batch_is_sent_alone(peer, life, poll):
    connection = await soon(life.opened)
    for frame in A, b"x" * 8_000_000, B:
        connection.send(frame)
    first, large = await peer.posted(), None
    first.answer(200)
    large = await peer.posted()
    large.reply(status=413)

    error = await soon(life.ended)

    assert (first.lines, len(large.lines)) == ([A.encode()], 1)
    assert (error.code, error.reason) == (1009, "the server answered HTTP 413")
    assert error.clean  # so that the push is not sent again


async def test_a_batch_that_is_too_large_for_a_proxy_is_sent_in_parts(peer, life, poll):
    connection = await soon(life.opened)
    frames = [f"[{n}]" + 1000 * "x" for n in range(8)]
    for frame in frames:
        connection.send(frame)
    received, sizes = [], []
    while len(received) < len(frames):
        asked = await peer.posted()
        sizes.append(len(asked.lines))
        if len(asked.body) > 2500:
            asked.reply(status=413)
        else:
            received += [line.decode() for line in asked.lines]
            asked.answer(200)

    assert received == frames
    assert sizes == [8, 4, 2, 2, 4, 2, 2]


async def test_what_a_proxy_takes_is_remembered(peer, life, poll):
    connection = await soon(life.opened)
    sizes = []
    for _ in range(2):
        for n in range(4):
            connection.send(f"[{n}]" + 1000 * "x")
        left = 4
        while left:
            asked = await peer.posted()
            sizes.append(len(asked.lines))
            if len(asked.body) > 2500:
                asked.reply(status=413)
            else:
                left -= len(asked.lines)
                asked.answer(200)

    assert sizes == [4, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("status", "code"), [(413, 1009), (400, 1011)], ids=["413", "400"]
)
async def test_a_small_frame_is_too_large_only_where_that_is_said(
    peer, life, poll, status, code
):
    (await soon(life.opened)).send(A)
    (await peer.posted()).reply(status=status)

    error = await soon(life.ended)

    assert (error.code, error.clean) == (code, code == 1009)
    assert error.reason == f"the server answered HTTP {status}"


async def test_the_deadline_of_a_poll_begins_again_with_what_comes(begin):
    answer = json.dumps({"status": 200, "token": "T", "messages": [A, B]}).encode()
    polls = []

    async def serve(request):
        polls.append(request)
        if len(polls) == 1:
            body = {"status": 410, "token": "T", "messages": []}
            return web.json_response(body)
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(answer), 4):
            await response.write(answer[start : start + 4])
            await asyncio.sleep(0.05)
        return response

    app = web.Application()
    app.router.add_get("/socket/longpoll", serve)
    async with TestServer(app) as server:
        # In all it takes more than a second.
        url = str(server.make_url("/socket"))
        life = begin(LongPollTransport(poll_timeout=1.0), url=url)

        async with asyncio.timeout(PATIENCE):
            frames = [await life.frames.get() for _ in range(2)]

        life.dispose()
    assert frames == [A, B]


async def test_the_deadline_of_a_send_begins_again_with_what_is_taken(peer, begin):
    large = 1_200_000 * "x"
    async with FaultProxy(URL(peer.url).port) as proxy:
        life = begin(LongPollTransport(send_timeout=1.0), url=proxy.url)
        await peer.welcome()
        connection = await soon(life.opened)
        # More than a second, of which the kernel's buffers hide half.
        proxy.to_server.rate = 800_000
        connection.send(large)
        asked = await peer.posted()
        asked.answer(200)

        assert asked.body == large.encode()
        assert connection.bytes_sent == len(large)
        life.dispose()


async def test_bytes_count_of_answers_that_bring_messages_only(peer, life, poll):
    connection = await soon(life.opened)
    begin = connection.bytes_received
    poll.answer(204)
    poll = await peer.polled()
    empty = connection.bytes_received
    poll.answer(200, A)
    await peer.polled()

    assert empty == begin
    assert connection.bytes_received > empty


async def test_bytes_of_a_large_answer_count_before_it_is_complete(life, poll):
    connection = await soon(life.opened)
    begin = connection.bytes_received
    response = web.StreamResponse()
    await response.prepare(poll.request)
    await response.write(b"x" * 100_000)
    async with asyncio.timeout(PATIENCE):
        while connection.bytes_received == begin:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)

    assert life.frames.empty()
    poll.response.set_result(response)


@pytest.mark.case(215)
async def test_a_newer_token_takes_the_place_of_the_older(peer, life, poll):
    poll.answer(204, token="T2")
    poll = await peer.polled()
    poll.answer(204)
    poll = await peer.polled()

    assert poll.request.query["token"] == "T2"


ENDS = [
    (410, 3410, "session_gone"),
    (403, 1008, "forbidden"),
    (500, 1011, "the server answered with status 500"),
    (408, 1011, "the server answered with status 408"),
    (418, 1011, "the server answered with status 418"),
    (0, 1011, "the server answered with status 0"),
]


@pytest.mark.parametrize(("status", "code", "reason"), ENDS)
async def test_any_other_status_is_the_end(peer, life, poll, status, code, reason):
    poll.answer(status, A, token="T2")

    error = await soon(life.ended)

    assert isinstance(error, ConnectionLost)
    assert (error.code, error.reason) == (code, reason)
    assert life.frames.empty()
    assert not peer.expects_more()


@pytest.mark.parametrize("body", NONSENSE)
async def test_an_answer_that_is_none_is_the_end(life, poll, body):
    poll.reply(body)

    error = await soon(life.ended)

    assert error.code == 1011
    assert "the answer is not one of Phoenix's" in error.reason


@pytest.mark.parametrize("status", [302, 500, 502])
async def test_an_answer_of_http_alone_is_the_end(peer, life, poll, status):
    poll.reply(b"{}", status=status, headers={"Location": peer.url})

    error = await soon(life.ended)

    reason = f"the server answered HTTP {status}"
    assert (error.code, error.reason) == (1011, reason)


async def test_a_poll_that_is_cut_is_the_end_as_its_messages_are_lost(life, poll):
    poll.cut()

    error = await soon(life.ended)

    assert (error.code, error.reason) == (1011, "the server ended the connection")


async def test_a_poll_without_an_answer_is_the_end(peer, begin):
    life = begin(LongPollTransport(poll_timeout=0.5))
    poll = await peer.welcome()

    error = await soon(life.ended)

    assert (error.code, error.reason) == (1011, "no answer within 0.5 s")
    await poll.is_aborted.wait()


@pytest.mark.parametrize("size", [1001, 5000])
async def test_an_answer_that_is_too_large_is_the_end(peer, begin, size):
    life = begin(LongPollTransport(max_frame_size=1000))
    poll = await peer.welcome()

    poll.reply(b" " * size)
    error = await soon(life.ended)

    assert (error.code, error.reason) == (1009, "an answer of more than 1,000 bytes")


async def test_an_answer_of_just_the_size_is_taken(peer, begin):
    life = begin(LongPollTransport(max_frame_size=1000))
    poll = await peer.welcome()

    answer = {"status": 200, "token": "T", "messages": [A]}
    poll.reply(json.dumps(answer).encode().ljust(1000))
    await peer.polled()

    assert life.frames.get_nowait() == A


# Sending.


@pytest.mark.case(225)
@pytest.mark.case(226)
async def test_what_is_sent_at_once_is_one_batch_and_meanwhile_the_next(
    peer, life, poll
):
    connection = await soon(life.opened)
    for frame in A, B, A:
        connection.send(frame)
    one = await peer.posted()
    connection.send(B)
    connection.send(A)
    assert connection.buffered == 5

    one.answer(200)
    two = await peer.posted()

    assert one.body.decode() == f"{A}\n{B}\n{A}"
    assert two.body.decode() == f"{B}\n{A}"
    assert connection.buffered == 2
    assert peer.most["POST"] == 1


@pytest.mark.case(225)
@pytest.mark.case(226)
async def test_a_batch_is_of_the_type_that_servers_take(peer, life, poll):
    (await soon(life.opened)).send(A)

    posted = await peer.posted()

    assert posted.request.headers["Content-Type"] == "application/x-ndjson"
    assert "Accept" not in posted.request.headers or (
        posted.request.headers["Accept"] == "*/*"
    )


@pytest.mark.case(227)
async def test_a_batch_has_100_messages_at_most(peer, life, poll):
    connection = await soon(life.opened)
    for n in range(250):
        connection.send(f"[{n}]")
    batches = []
    for _ in range(3):
        batch = await peer.posted()
        batches.append(batch.lines)
        batch.answer(200)

    assert [len(batch) for batch in batches] == [100, 100, 50]
    lines = [line for batch in batches for line in batch]
    assert lines == [f"[{n}]".encode() for n in range(250)]


@pytest.mark.case(231)
async def test_binary_messages_are_lines_of_base64(peer, life, poll):
    connection = await soon(life.opened)
    frame = bytes(range(256))

    connection.send(frame)
    connection.send('["ü"]')

    binary, text = (await peer.posted()).lines
    assert b64decode(binary, validate=True) == frame
    assert text == '["ü"]'.encode()


@pytest.mark.case(230)
@pytest.mark.parametrize(("status", "code", "reason"), ENDS)
async def test_a_batch_that_is_not_taken_is_the_end(
    peer, life, poll, status, code, reason
):
    connection = await soon(life.opened)
    connection.send(A)
    posted = await peer.posted()
    connection.send(B)

    posted.answer(status)
    error = await soon(life.ended)

    assert (error.code, error.reason) == (code, reason)
    await poll.is_aborted.wait()
    assert not peer.expects_more()


async def test_a_batch_that_is_cut_is_the_end(peer, life, poll):
    (await soon(life.opened)).send(A)

    (await peer.posted()).cut()

    assert (await soon(life.ended)).code == 1011


async def test_a_batch_without_an_answer_is_the_end(peer, begin):
    life = begin(LongPollTransport(send_timeout=0.5))
    poll = await peer.welcome()
    (await soon(life.opened)).send(A)

    posted = await peer.posted()
    error = await soon(life.ended)

    assert (error.code, error.reason) == (1011, "no answer within 0.5 s")
    await posted.is_aborted.wait()
    await poll.is_aborted.wait()


async def test_polling_goes_on_while_a_batch_waits_for_its_answer(peer, life, poll):
    (await soon(life.opened)).send(A)
    await peer.posted()

    poll.answer(200, B, token="T")
    await peer.polled()

    assert life.frames.get_nowait() == B


# The end.


async def test_our_close_ends_the_poll_and_asks_for_nothing_more(peer, life, poll):
    connection = await soon(life.opened)

    connection.close()
    connection.close()
    connection.send(A)

    assert await soon(life.ended) is None
    await poll.is_aborted.wait()
    assert not peer.expects_more()


async def test_our_close_sends_what_is_queued_first(peer, life, poll):
    connection = await soon(life.opened)
    for n in range(150):
        connection.send(f"[{n}]")
    connection.close()

    for _ in range(2):
        assert not life.ended.done()
        (await peer.posted()).answer(200)

    assert await soon(life.ended) is None


async def test_a_failure_after_our_close_is_its_end(peer, life, poll):
    connection = await soon(life.opened)
    connection.send(A)
    connection.close()

    (await peer.posted()).answer(410)

    assert await soon(life.ended) is None


async def test_an_open_connection_can_be_abandoned(peer, life, poll):
    connection = await soon(life.opened)
    connection.send(A)
    posted = await peer.posted()

    life.dispose()

    async with asyncio.timeout(PATIENCE):
        await poll.is_aborted.wait()
        await posted.is_aborted.wait()
    assert not life.ended.done()
    assert not peer.expects_more()


async def test_a_connection_may_be_abandoned_while_an_answer_is_delivered(peer, begin):
    life = begin()
    poll = await peer.welcome()
    connection = await soon(life.opened)
    connection.batches.subscribe(lambda _: life.dispose())

    poll.answer(200, A, B, token="T")
    async with asyncio.timeout(PATIENCE):
        assert [await life.frames.get() for _ in range(2)] == [A, B]

    assert not life.ended.done()


# Secrets and sessions.


async def test_no_secret_is_in_an_error(peer, begin):
    life = begin(params={"key": "s3cret"}, auth_token="t0ken")
    (await peer.polled()).answer(403, token="sess1on")
    failed = await soon(life.ended)
    life = begin(params={"key": "s3cret"}, auth_token="t0ken")
    (await peer.polled()).answer(410, token="sess1on")
    (await peer.polled()).answer(410, token="sess1on")
    lost = await soon(life.ended)

    for error in failed, lost:
        for secret in "s3cret", "t0ken", "sess1on":
            assert secret not in f"{error!r} {error} {vars(error)} {error.__cause__!r}"


async def test_a_session_of_yours_stays_yours(peer, begin):
    async with ClientSession(headers={"X-Session": "mine"}) as session:
        life = begin(LongPollTransport(session=session))
        poll = await peer.welcome()
        (await soon(life.opened)).close()
        await soon(life.ended)

        assert poll.request.headers["X-Session"] == "mine"
        assert not session.closed


async def test_cookies_are_kept_from_one_request_to_the_next(peer, begin):
    async with asyncio.timeout(PATIENCE):
        begin(url=peer.url.replace("127.0.0.1", "localhost"))
        body = json.dumps({"status": 410, "token": "T"}).encode()
        cookie = {"Set-Cookie": "node=7; Path=/"}
        (await peer.polled()).reply(body, headers=cookie)

        assert (await peer.polled()).request.cookies == {"node": "7"}


# The first version of the protocol.


async def test_version_1_cannot_be_carried(begin):
    with pytest.raises(UsageError, match="use SerializerV2"):
        begin(vsn="1.0.0")


async def test_version_1_is_final_and_connect_says_so(peer):
    socket = Socket(peer.url, transport=LongPollTransport(), serializer=SerializerV1())
    events = []
    socket.lifecycle.subscribe(events.append)

    with pytest.raises(UsageError, match="use SerializerV2"):
        await socket.connect()

    assert [type(event) for event in events] == [AttemptFailed, GaveUp]
    await socket.aclose()


# What the server in the box does with it.


@pytest.fixture
async def server():
    async with reference_app() as server:
        yield server


async def say(life, event, payload="{}", topic="room:1", ref="2"):
    (await soon(life.opened)).send(f'["1","{ref}","{topic}","{event}",{payload}]')


async def test_a_binary_push_of_the_server_is_an_end_and_no_hang(begin, server):
    life = begin(url=server.url)
    await say(life, "phx_join", ref="1")
    await soon(life.frames.get())

    await say(life, "push_binary")

    error = await soon(life.ended)
    assert (error.code, error.reason) == (1011, "the server answered HTTP 500")


async def test_a_thousand_messages_travel_both_ways(begin, server):
    life = begin(url=server.url)
    await say(life, "phx_join", ref="1")
    await soon(life.frames.get())

    for n in range(1000):
        await say(life, "echo", f'{{"n":{n}}}', ref=f"{n}")
    answers = [json.loads(await soon(life.frames.get())) for _ in range(1000)]

    assert [answer[4]["response"]["n"] for answer in answers] == [*range(1000)]
