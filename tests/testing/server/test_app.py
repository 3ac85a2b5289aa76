import asyncio

import aiohttp
import pytest
from aiohttp import web

from rx_phoenix.testing._server import PhoenixServer, ServerChannel, SocketOptions
from tests.integration.golden.client import RawClient

TARGET = "/socket/websocket?vsn=2.0.0"
JOIN = '["1","1","room:1","phx_join",{}]'
BURST = '["1","2","room:1","burst",{"n":20,"size":1000000}]'


def name_it(socket):
    socket.id = f"user:{socket.params['user_id']}"


@pytest.fixture
def sockets():
    return {"/socket": SocketOptions(), "/named": SocketOptions(connect=name_it)}


async def joined(connect, target=TARGET):
    websocket = await connect(target)
    await websocket.send_str(JOIN)
    await websocket.receive()
    return websocket


def test_a_server_has_one_socket_by_default():
    server = PhoenixServer({}, port=4000)
    other = PhoenixServer({}, sockets={"/live": SocketOptions()}, port=4000)

    assert server.url == "ws://127.0.0.1:4000/socket"
    assert other.url == "ws://127.0.0.1:4000/live"


@pytest.mark.parametrize(
    ("path", "status"), [("socket", 403), ("open", 400), ("listed", 403)]
)
async def test_a_socket_checks_the_origin_as_its_server_unless_it_says_otherwise(
    path, status
):
    sockets = {
        "/socket": SocketOptions(),
        "/open": SocketOptions(check_origin=False),
        "/listed": SocketOptions(check_origin=["//a.example"]),
    }
    server = PhoenixServer({}, sockets=sockets, check_origin=True)
    async with server, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{server.port}/{path}/websocket?vsn=2.0.0"
        response = await http.get(url, headers={"Origin": "http://evil.example"})

    # A request without an upgrade gets 400 only once its origin is accepted.
    assert response.status == status


async def test_an_unknown_path_is_not_found(http):
    response = await http.get("/nope")

    assert response.status == 404
    assert await response.text() == "not found"


@pytest.mark.parametrize("end", ["", "/"])
async def test_a_socket_answers_with_and_without_a_slash(connect, end):
    async with connect(f"/socket/websocket{end}?vsn=2.0.0") as websocket:
        assert not websocket.closed


async def test_more_routes_can_be_served():
    async def hello(request):
        return web.Response(text="hello")

    server = PhoenixServer({})
    server.routes.append(web.get("/hello", hello))
    async with server:
        client = await RawClient.connect(server.port)
        await client.request("GET", "/hello", {}, is_upgrade=False)
        _, _, body = await client.response()
        client.close()

    assert body == b"hello"


async def test_a_broadcast_reaches_joined_clients(server, connect):
    websocket = await joined(connect)

    server.broadcast("room:1", "news", {"n": 1})

    assert await websocket.receive_str() == '[null,null,"room:1","news",{"n":1}]'


async def test_a_user_is_disconnected(server, connect):
    ann = await connect("/named/websocket?vsn=2.0.0&user_id=ann")
    bob = await joined(connect, "/named/websocket?vsn=2.0.0&user_id=bob")

    server.disconnect("user:ann")

    assert (await ann.receive()).data == 1001
    assert [socket.id for socket in server.sockets] == ["user:bob"]
    assert not bob.closed


async def test_the_presences_of_the_server_can_be_seen(server):
    assert server.presence.list("room:1") == {}


async def test_the_close_code_depends_on_joins_when_the_server_stops(server, connect):
    at_home, stranger = await joined(connect), await connect(TARGET)

    await server.stop()

    assert (await at_home.receive()).data == 1012
    assert (await stranger.receive()).data == 1000
    assert server.sockets == []


async def test_a_server_that_stopped_does_not_listen(server):
    await server.stop()

    with pytest.raises(ConnectionRefusedError):
        await RawClient.connect(server.port)


async def test_a_server_that_stopped_has_no_task_left(server, connect):
    websocket = await joined(connect)

    await server.stop()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (await websocket.receive()).data == 1012


async def test_a_server_can_start_again_at_its_port(server, connect):
    port = server.port
    await server.stop()
    await server.start()

    websocket = await joined(connect)

    assert server.port == port
    assert not websocket.closed


async def test_a_server_starts_once(server):
    with pytest.raises(RuntimeError, match=r"call stop\(\)"):
        await server.start()


async def test_a_taken_port_is_an_error(server):
    other = PhoenixServer({}, port=server.port)

    with pytest.raises(OSError, match="in use"):
        await other.start()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_server_that_is_not_running_can_be_stopped():
    server = PhoenixServer({})

    await server.stop()
    await server.wait_stopped()


async def test_a_server_may_be_stopped_concurrently(server, connect):
    websocket = await joined(connect)

    await asyncio.gather(server.stop(), server.stop(), server.wait_stopped())

    assert (await websocket.receive()).data == 1012


async def test_a_channel_may_stop_its_server():
    class Suicidal(ServerChannel):
        async def handle_in(self, event, payload, ref):
            await server.stop()

    server = PhoenixServer({"room:*": Suicidal})
    async with server:
        client = await RawClient.connect(server.port)
        await client.request("GET", TARGET, {}, is_upgrade=True)
        await client.response()
        await client.send([f"TEXT {JOIN}", 'TEXT ["1","2","room:1","stop",{}]'])
        await client.receive()

        assert await client.receive() == "CLOSE code=1012 reason=b''"
        await server.wait_stopped()
        client.close()


async def test_a_client_that_does_not_read_does_not_block_the_stop(server):
    client = await RawClient.connect(server.port)
    await client.request("GET", TARGET, {}, is_upgrade=True)
    await client.response()
    await client.send([f"TEXT {JOIN}", f"TEXT {BURST}"])
    await client.receive()

    await server.stop()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    client.close()


async def test_a_pending_connect_does_not_block_the_stop():
    began = asyncio.Event()

    async def connect(socket):
        began.set()
        await asyncio.Event().wait()

    async with PhoenixServer({}, sockets={"/s": SocketOptions(connect=connect)}) as it:
        client = await RawClient.connect(it.port)
        await client.request("GET", "/s/websocket", {}, is_upgrade=True)
        await began.wait()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    client.close()
