import asyncio

import pytest
from aiohttp import WSMsgType

from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions
from tests.integration.golden.client import RawClient

TARGET = "/socket/websocket?vsn=2.0.0"
JOIN = '["1","1","room:1","phx_join",{}]'
JOINED = '["1","1","room:1","phx_reply",{"response":{},"status":"ok"}]'
SLOW = '["2","2","slow:1","phx_join",{}]'


async def refuse(socket):
    raise ConnectRefused(429, "too many", {"Retry-After": "7"})


async def crash(socket):
    raise RuntimeError("connect was asked to raise")


class Gate:
    """A `connect` that waits until its gate is opened."""

    def __init__(self):
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def connect(self, socket):
        self.reached.set()
        await self.opened.wait()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def sockets(gate):
    return {
        "/socket": SocketOptions(),
        "/refuse": SocketOptions(connect=refuse),
        "/crash": SocketOptions(connect=crash),
        "/gated": SocketOptions(connect=gate.connect),
        "/brief": SocketOptions(idle_timeout=0.05),
        "/small": SocketOptions(max_frame_size=100),
        "/large": SocketOptions(max_frame_size=2**40),
        "/deflate": SocketOptions(compress=True),
    }


@pytest.mark.parametrize("name", ["socket", "large"])
async def test_a_client_joins(connect, name):
    async with connect(f"/{name}/websocket?vsn=2.0.0") as websocket:
        await websocket.send_str(JOIN)

        assert await websocket.receive_str() == JOINED


async def test_a_binary_push_has_a_binary_reply(connect):
    async with connect() as websocket:
        await websocket.send_str(JOIN)
        await websocket.send_bytes(
            b"\0\1\1\6\4" + b"12" + b"room:1" + b"echo" + b"\xff"
        )

        await websocket.receive_str()
        assert (await websocket.receive_bytes())[-1:] == b"\xff"


async def test_a_client_is_known_while_it_is_connected(server, connect):
    async with connect() as websocket:
        assert len(server.sockets) == 1
        await websocket.close()

    assert server.sockets == []


async def test_a_ping_is_answered(connect):
    async with connect(autoping=False) as websocket:
        await websocket.ping(b"hello")
        await websocket.pong(b"unasked")
        message = await websocket.receive()

    assert (message.type, message.data) == (WSMsgType.PONG, b"hello")


async def test_a_refusal_has_a_status_a_body_and_headers(http):
    response = await http.get("/refuse/websocket?vsn=2.0.0")

    assert response.status == 429
    assert response.headers["Retry-After"] == "7"
    assert await response.text() == "too many"


async def test_a_connect_that_raises_is_an_internal_error(http):
    response = await http.get("/crash/websocket?vsn=2.0.0")

    assert response.status == 500
    assert await response.json() == {"error": "Internal Server Error"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_handshake_is_a_get(http, method):
    response = await http.request(method, "/socket/websocket?vsn=2.0.0")

    assert response.status == 400


async def test_a_handshake_needs_an_upgrade_header(http):
    headers = {"Connection": "keep-alive"}
    response = await http.get("/socket/websocket?vsn=2.0.0", headers=headers)

    assert response.status == 400
    assert await response.text() == (
        "'connection' header must contain 'upgrade', got [\"keep-alive\"]"
    )


async def test_a_client_that_closes_is_answered(connect):
    async with connect() as websocket:
        await websocket.close(code=4001)

    assert websocket.close_code == 1000


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [("/socket", "{not json", 1011), ("/small", JOIN + " " * 100, 1009)],
)
async def test_a_client_that_misbehaves_is_disconnected(connect, path, text, code):
    async with connect(f"{path}/websocket?vsn=2.0.0") as websocket:
        await websocket.send_str(text)

        assert (await websocket.receive()).data == code


async def test_a_silent_client_is_disconnected(connect):
    async with connect("/brief/websocket?vsn=2.0.0") as websocket:
        assert (await websocket.receive()).data == 1002


async def test_a_client_that_waits_for_a_join_is_not_silent(
    server, connect, is_joining
):
    loop = asyncio.get_running_loop()
    async with connect("/brief/websocket?vsn=2.0.0") as websocket:
        await websocket.send_str(SLOW)
        await is_joining.wait()
        is_late = asyncio.Event()
        loop.call_later(0.15, is_late.set)
        await is_late.wait()
        await server.stop()

        assert "join crashed" in await websocket.receive_str()
        assert (await websocket.receive()).data == 1000


async def test_a_killed_connection_ends_without_a_close_frame(connect):
    async with connect() as websocket:
        await websocket.send_str(JOIN)
        await websocket.receive()
        await websocket.send_str('["1","2","room:1","kill",{}]')

        message = await websocket.receive()

    assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert websocket.close_code == 1006


BURST = '["1","2","room:1","burst",{"n":20,"size":1000000}]'


@pytest.mark.parametrize("is_upgraded", [True, False], ids=["open", "opening"])
@pytest.mark.parametrize(
    "texts",
    [[], [JOIN], [SLOW], [JOIN, BURST], ["{not json"]],
    ids=["idle", "joined", "joining", "deaf", "mad"],
)
async def test_a_client_may_vanish_at_any_moment(server, caplog, is_upgraded, texts):
    client = await RawClient.connect(server.port)
    await client.request("GET", TARGET, {}, is_upgrade=True)
    if is_upgraded:
        await client.response()
    await client.send(f"TEXT {text}" for text in texts)
    client.close()

    await server.stop()

    assert server.sockets == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert caplog.records == []


async def test_a_client_may_vanish_while_it_waits_for_connect(
    server, http, gate, caplog
):
    client = await RawClient.connect(server.port)
    target = TARGET.replace("/socket", "/gated")
    await client.request("GET", target, {}, is_upgrade=True)
    await gate.reached.wait()
    client.close()
    await http.get("/nope")  # by now the server has seen the client go
    await http.close()

    gate.opened.set()
    await server.stop()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [(" " * 16_000, True), (" " * 32_000, False), ("0.0," * 30_000, False)],
)
async def test_a_message_that_is_inflated_too_much_is_too_big(connect, text, is_taken):
    async with connect("/deflate/websocket?vsn=2.0.0", compress=15) as websocket:
        await websocket.send_str(JOIN)
        assert await websocket.receive_str() == JOINED
        await websocket.send_str(f'["1","2","room:1","e",{{"text":"{text}"}}]')
        message = await websocket.receive()

    assert (message.type is WSMsgType.TEXT) == is_taken
    assert is_taken or websocket.close_code == 1009


@pytest.mark.slow
async def test_a_frame_may_have_9_megabytes(connect):
    async with connect(max_msg_size=0) as websocket:
        await websocket.send_str(JOIN)
        assert await websocket.receive_str() == JOINED
        await websocket.send_str(f'["1","2","room:1","e",["{"x" * 9_000_000}"]]')
        message = await websocket.receive()

    assert message.type is WSMsgType.TEXT


async def test_the_second_of_two_leaves_has_no_reply(connect):
    async with connect() as websocket:
        await websocket.send_str(JOIN)
        await websocket.receive_str()
        await websocket.send_str('["1","2","room:1","phx_leave",{}]')
        await websocket.send_str('["1","3","room:1","phx_leave",{}]')
        left = [await websocket.receive_str() for _ in range(2)]
        await websocket.send_str('[null,"9","phoenix","heartbeat",{}]')
        last = await websocket.receive_str()

    assert '"2","room:1","phx_reply"' in left[0]
    assert '"phx_close"' in left[1]
    assert '"9"' in last
