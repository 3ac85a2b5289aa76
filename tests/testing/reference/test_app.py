import aiohttp
import pytest

from rx_phoenix.testing._reference import reference_app


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/socket/websocket", 101),
        ("/tuned/websocket?vsn=2.0.0", 101),
        ("/v1only/websocket?vsn=1.0.0", 101),
        ("/v1only/websocket?vsn=2.0.0", 403),
        ("/v2only/websocket?vsn=1.0.0", 403),
        ("/v2only/websocket?vsn=2.0.0", 101),
        ("/nope/websocket", 404),
    ],
)
async def test_each_socket_has_its_options(http, target, status):
    if status == 101:
        async with http.ws_connect(target) as websocket:
            assert not websocket.closed
    else:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(target)
        assert caught.value.status == status


async def test_deflate_compresses_if_the_client_offers_it(http):
    async with http.ws_connect("/deflate/websocket", compress=15) as websocket:
        assert websocket.compress == 15


async def test_origin_refuses_other_origins(http):
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect("/origin/websocket", origin="http://evil.example")


async def test_subproto_accepts_one_and_two(http):
    websocket = await http.ws_connect("/subproto/websocket", protocols=["two", "three"])

    assert websocket.protocol == "two"


async def test_two_apps_share_nothing(enter):
    async with reference_app() as other:
        await enter("room:1")

        assert other.sockets == []


def test_an_app_can_have_a_port():
    assert reference_app(4000).url == "ws://127.0.0.1:4000/socket"
