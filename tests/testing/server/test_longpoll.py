import asyncio
from base64 import b64encode

import pytest

from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions

JOIN = '["1","1","room:1","phx_join",{}]'
JOINED = '["1","1","room:1","phx_reply",{"response":{},"status":"ok"}]'
ECHO = '["1","2","room:1","echo",{"n":1}]'
ECHOED = '["1","2","room:1","phx_reply",{"response":{"n":1},"status":"ok"}]'
BEAT = '[null,"h","phoenix","heartbeat",{}]'
BATCH = {"Content-Type": "application/x-ndjson"}


def refuse(socket):
    raise ConnectRefused(429, "too many")


def crash(socket):
    raise RuntimeError("connect was asked to raise")


@pytest.fixture
def sockets():
    return {
        "/socket": SocketOptions(),
        "/brief": SocketOptions(poll_window=0.5),
        "/refuse": SocketOptions(connect=refuse),
        "/crash": SocketOptions(connect=crash),
        "/origin": SocketOptions(check_origin=("//localhost",)),
    }


class Visitor:
    """A client that polls manually."""

    def __init__(self, http, path="/socket"):
        self.http = http
        self.target = f"{path}/longpoll?vsn=2.0.0"
        self.token = ""

    async def get(self, **options):
        url = f"{self.target}&token={self.token}"
        response = await self.http.get(url, **options)
        return await response.json()

    async def post(self, body, **options):
        url = f"{self.target}&token={self.token}"
        response = await self.http.post(url, data=body, **options)
        return await response.json()

    async def arrive(self):
        self.token = (await self.get())["token"]
        return self


@pytest.fixture
async def visitor(http):
    return await Visitor(http).arrive()


@pytest.fixture
async def brief(http):
    """A client of a socket whose polls wait for half a second."""
    return await Visitor(http, "/brief").arrive()


async def test_the_first_poll_opens_a_session(http):
    response = await Visitor(http).get()

    assert response.keys() == {"messages", "status", "token"}
    assert (response["messages"], response["status"]) == ([], 410)


async def test_messages_are_fetched_in_order(visitor):
    assert await visitor.post(JOIN) == {"status": 200}
    assert await visitor.post(ECHO) == {"status": 200}

    response = await visitor.get()

    assert response == {
        "messages": [JOINED, ECHOED],
        "status": 200,
        "token": visitor.token,
    }


async def test_a_poll_waits_for_a_message(visitor):
    await visitor.post(JOIN)
    await visitor.get()
    waiting = asyncio.create_task(visitor.get())
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()

    await visitor.post(BEAT)

    response = await waiting

    assert response["status"] == 200
    assert len(response["messages"]) == 1


async def test_a_poll_without_a_message_is_a_204(brief):
    assert await brief.get() == {"messages": [], "status": 204, "token": brief.token}


async def test_a_batch_has_one_message_per_line(visitor):
    lines = "\r\n".join([JOIN, ECHO])

    assert await visitor.post(lines, headers=BATCH) == {"status": 200}
    assert (await visitor.get())["messages"] == [JOINED, ECHOED]


async def test_the_lines_past_a_hundred_are_dropped(visitor):
    await visitor.post("\n".join([BEAT] * 101), headers=BATCH)

    assert len((await visitor.get())["messages"]) == 100


async def test_a_binary_message_is_a_line_of_base64(visitor):
    push = b"\0\0\1\7\x09" + b"h" + b"phoenix" + b"heartbeat"

    await visitor.post(b64encode(push), headers=BATCH)

    assert len((await visitor.get())["messages"]) == 1


async def test_a_line_that_is_not_base64_is_an_internal_error(http, visitor):
    url = f"{visitor.target}&token={visitor.token}"

    response = await http.post(url, data="!!!", headers=BATCH)

    assert response.status == 500
    assert await visitor.post(BEAT) == {"status": 200}


@pytest.mark.parametrize("body", ["{nope", "", b'[1,2,3,4,"\xff"]'])
async def test_a_body_that_is_not_a_message_kills_the_session(server, brief, body):
    assert await brief.post(body) == {"status": 408}
    assert server.sockets == []


async def test_a_binary_frame_from_the_server_is_lost(http, visitor):
    await visitor.post("\n".join([JOIN, ECHO.replace("echo", "bytes")]), headers=BATCH)

    response = await http.get(f"{visitor.target}&token={visitor.token}")

    assert response.status == 500
    await visitor.post(BEAT)
    assert (await visitor.get())["status"] == 200


@pytest.mark.parametrize("token", ["", "nonsense", "a.b"])
async def test_an_invalid_token_is_gone_at_once(http, token):
    visitor = Visitor(http)
    visitor.token = token

    assert await visitor.post(JOIN) == {"status": 410}
    assert (await visitor.get())["status"] == 410


async def test_a_token_may_come_in_a_header(http, visitor):
    headers = {"X-Phoenix-LongPoll-Token": visitor.token}

    response = await http.post(visitor.target, data=BEAT, headers=headers)

    assert await response.json() == {"status": 200}


@pytest.mark.slow
async def test_a_request_waits_for_a_session_that_ended(brief):
    loop = asyncio.get_running_loop()
    await brief.post("{nope")
    began = loop.time()

    posted, response = await asyncio.gather(brief.post(JOIN), brief.get())

    assert loop.time() - began > 1.9
    assert posted == {"status": 410}
    assert response["status"] == 410
    assert response["token"] != brief.token


@pytest.mark.parametrize("path", ["/refuse", "/origin"])
async def test_a_refused_client_gets_a_403_in_the_body(http, path):
    headers = {"Origin": "http://evil.example"}

    assert await Visitor(http, path).get(headers=headers) == {"status": 403}


async def test_a_connect_that_raises_is_an_internal_error(http):
    response = await http.get("/crash/longpoll?vsn=2.0.0")

    assert response.status == 500


async def test_a_preflight_request_is_answered(http):
    headers = {"Access-Control-Request-Headers": "x-a, x-b"}

    response = await http.options("/socket/longpoll", headers=headers)

    assert response.headers["Access-Control-Allow-Headers"] == "x-a, x-b"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_other_methods_are_bad_requests(http):
    response = await http.put("/socket/longpoll?vsn=2.0.0", data="[]")

    assert response.status == 400


async def test_a_response_is_gzipped_for_clients_that_accept_it(http):
    plain = {"Accept-Encoding": "identity"}
    zipped = {"Accept-Encoding": "gzip, deflate"}

    as_it_is = await http.get("/socket/longpoll?vsn=2.0.0", headers=plain)
    packed = await http.get("/socket/longpoll?vsn=2.0.0", headers=zipped)

    assert "Content-Encoding" not in as_it_is.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert (await packed.json())["status"] == 410


async def test_the_stop_of_the_server_ends_every_wait(server, visitor, is_joining):
    waiting = asyncio.create_task(visitor.get())
    joining = asyncio.create_task(visitor.post('["1","1","slow:1","phx_join",{}]'))
    await is_joining.wait()

    await server.stop()

    assert (await waiting)["status"] == 204
    assert (await joining)["status"] == 408
