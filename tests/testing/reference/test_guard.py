import aiohttp
import pytest
from multidict import CIMultiDict

from rx_phoenix.testing._reference import reference_app
from rx_phoenix.testing._reference.guard import Guard

HERE = "127.0.0.1:4000"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (HERE, None),
        ("localhost:4000", None),
        ("LOCALHOST:4000", None),
        ("app.localhost:4000", None),
        ("[::1]:4000", None),
        ("127.8.9.1:4000", None),
        (HERE, "http://127.0.0.1:4000"),
        (HERE, "http://localhost:4000"),
        ("localhost", "http://localhost"),
    ],
)
def test_programs_and_own_pages_are_admitted(host, origin):
    assert Guard("127.0.0.1").admits(host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (HERE, "https://evil.example"),
        (HERE, "http://evil.example:4000"),
        (HERE, "null"),
        (HERE, ""),
        (HERE, "http://"),
        (HERE, "http://127.0.0.1:4001"),
        (HERE, "https://127.0.0.1:4000"),
        (HERE, "http://127.0.0.1.evil.example:4000"),
        (HERE, "file://"),
        (HERE, "http://[::1"),
        (HERE, "http://localhost:99999999"),
        (HERE, f"http://evil.example@{HERE}"),
        (HERE, f"http://{HERE}, http://evil.example"),
        (HERE, f"http://{HERE}/evil.example"),
        (f"evil.example@{HERE}", None),
        (f"{HERE}/evil.example", None),
        (f"{HERE}?evil.example", None),
        ("evil.example:4000", None),
        ("evil.example:4000", "http://evil.example:4000"),
        ("127.0.0.1.evil.example", None),
        ("localhost.evil.example", None),
        ("192.168.0.7:4000", None),
        ("", None),
        ("[::1", None),
    ],
)
def test_foreign_origins_and_rebound_names_are_refused(host, origin):
    assert not Guard("127.0.0.1").admits(host, origin)


@pytest.mark.parametrize(
    ("opened", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/", "https://app.example"),
        ("https://APP.example:8443", "https://app.example:8443"),
        ("null", "null"),
        ("*", "https://anything.example"),
    ],
)
def test_an_origin_can_be_opened(opened, origin):
    assert Guard("127.0.0.1", [opened]).admits(HERE, origin)
    assert not Guard("127.0.0.1").admits(HERE, origin)


def test_an_opened_origin_opens_no_other():
    guard = Guard("127.0.0.1", ["https://app.example"])

    assert not guard.admits(HERE, "http://app.example")
    assert not guard.admits(HERE, "https://app.example:8443")
    assert guard.admits("app.example", None)  # as a tunnel passes it on


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_for_all_addresses_is_reached_by_any_but_by_no_name(host):
    guard = Guard(host)

    assert guard.admits("192.168.0.7:4000", None)
    assert guard.admits("192.168.0.7:4000", "http://192.168.0.7:4000")
    assert not guard.admits("evil.example:4000", None)


@pytest.fixture
async def guarded():
    async with reference_app(origins=(), token="sesame") as server:
        yield server


PATHS = (
    "/socket/websocket?vsn=2.0.0",
    "/socket/longpoll?vsn=2.0.0",
    "/ctl/info?token=sesame",
    "/nowhere",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Host": "evil.example"}], ids=str
)
async def test_all_doors_of_a_guarded_server_are_shut(guarded, path, method, headers):
    async with aiohttp.ClientSession(f"http://127.0.0.1:{guarded.port}") as http:
        response = await http.request(method, path, headers=headers)

    assert response.status == 403
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_an_own_origin_lets_no_second_one_in(guarded):
    own = f"http://127.0.0.1:{guarded.port}"
    headers = CIMultiDict([("Origin", own), ("Origin", "https://evil.example")])
    async with aiohttp.ClientSession(own) as http:
        response = await http.get(PATHS[0], headers=headers)

    assert response.status == 403


async def test_a_program_and_an_own_page_connect(guarded):
    address = f"127.0.0.1:{guarded.port}"
    async with aiohttp.ClientSession(f"http://{address}") as http:
        for origin in None, f"http://{address}", f"http://localhost:{guarded.port}":
            websocket = await http.ws_connect(PATHS[0], origin=origin)
            assert not websocket.closed
            await websocket.close()
