import aiohttp
import pytest

from rx_phoenix.testing._reference import reference_app

TOKEN = "sesame"


@pytest.fixture
async def server():
    async with reference_app(token=TOKEN) as server:
        yield server


@pytest.fixture
def control(http):
    async def control(target):
        separator = "&" if "?" in target else "?"
        response = await http.post(f"/ctl/{target}{separator}token={TOKEN}")
        return await response.json()

    return control


async def test_the_clients_can_be_counted(visit, control):
    await visit("room:1", "&user_id=ann")

    assert await control("info") == {"server": "rx_phoenix", "sockets": ["user:ann"]}


async def test_a_user_can_be_disconnected(visit, control):
    client = await visit("room:1", "&user_id=ann")

    await control("disconnect/ann")

    assert (await client.websocket.receive()).data == 1001


@pytest.mark.parametrize(
    ("query", "payload"),
    [("", {}), ("&payload[k]=v&payload[l]=1%202", {"k": "v", "l": "1 2"})],
)
async def test_an_event_can_be_broadcast(enter, control, query, payload):
    client = await enter("room:1")

    await control(f"broadcast?topic=room:1&event=news{query}")

    assert await client.receive() == ("news", payload)


async def test_the_server_can_be_stopped(server, enter, control):
    client = await enter("room:1")

    assert await control("stop") == {"status": "ok"}

    assert (await client.websocket.receive()).data == 1012
    await server.wait_stopped()


@pytest.mark.parametrize("path", ["info", "disconnect/ann", "broadcast", "stop"])
@pytest.mark.parametrize(
    ("line", "bearer", "status"),
    [
        (("GET", ""), None, 405),
        (("GET", f"?token={TOKEN}"), None, 405),
        (("HEAD", f"?token={TOKEN}"), None, 405),
        (("POST", ""), None, 403),
        (("POST", "?token="), None, 403),
        (("POST", "?token=wröng"), None, 403),
        (("POST", ""), "wrong", 403),
    ],
)
async def test_a_request_without_the_token_is_refused(http, path, line, bearer, status):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    method, query = line

    response = await http.request(method, f"/ctl/{path}{query}", headers=headers)

    assert response.status == status
    assert (await http.get("/socket/longpoll?vsn=2.0.0")).status == 200


async def test_the_token_may_be_in_a_header(http):
    headers = {"Authorization": f"Bearer {TOKEN}"}

    response = await http.post("/ctl/info", headers=headers)

    assert response.status == 200


async def test_without_a_token_there_is_nothing_to_control():
    async with reference_app() as server, aiohttp.ClientSession() as http:
        response = await http.post(f"http://127.0.0.1:{server.port}/ctl/stop")

    assert response.status == 404
