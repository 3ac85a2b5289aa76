import aiohttp
import pytest


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/socket", "bad", 403),
        ("/socket", "unauthorized", 403),
        ("/socket", "rate", 403),
        ("/socket", "raise", 500),
        ("/tuned", "bad", 403),
        ("/tuned", "unauthorized", 401),
        ("/tuned", "rate", 429),
        ("/tuned", "raise", 500),
    ],
)
async def test_a_token_can_refuse_a_client(http, path, token, status):
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(f"{path}/websocket?vsn=2.0.0&token={token}")

    assert caught.value.status == status
    assert caught.value.headers.get("Retry-After") == ("7" if status == 429 else None)


@pytest.mark.parametrize(
    ("query", "socket_id"),
    [("", None), ("&user_id=u%201", "user:u 1"), ("&token=ok", None)],
)
async def test_a_user_id_names_the_socket(server, visit, query, socket_id):
    await visit("room:1", query)

    assert [socket.id for socket in server.sockets] == [socket_id]


@pytest.mark.slow
async def test_a_token_can_make_a_client_wait(http):
    async with http.ws_connect("/socket/websocket?token=slow") as websocket:
        assert not websocket.closed
