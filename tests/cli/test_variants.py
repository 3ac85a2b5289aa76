"""What would have made a connection open?"""

import pytest

from rx_phoenix._cli.target import TransportKind
from rx_phoenix._cli.variants import advice_for, variants
from rx_phoenix.testing._server import ConnectRefused, PhoenixServer, SocketOptions
from tests.cli.targets import target_for


def refuse_if(reason):
    """A server that takes in whoever gives it no reason not to."""

    def connect(socket):
        if reason(socket):
            raise ConnectRefused

    return PhoenixServer({}, sockets={"/socket": SocketOptions(connect=connect)})


async def advice_of(server, **target):
    async with server:
        return await advice_for(target_for(server.url, **target))


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/v1only", "use --vsn 1"),
        ("/socket/websocket", "Omit /websocket"),
        ("/socket/longpoll/", "Omit /longpoll"),
        ("", "Add the path of the socket"),
        ("/nonsense", ""),
    ],
)
async def test_a_mistake_in_the_url_is_found(server, path, advice):
    url = server.url.replace("/socket", path)

    assert advice in await advice_for(target_for(url))


async def test_a_client_of_an_old_version_is_sent_to_the_new_one(server):
    url = server.url.replace("/socket", "/v2only")

    assert "use --vsn 2" in await advice_for(target_for(url, vsn=1))


async def test_a_bad_token_is_found():
    server = refuse_if(lambda socket: socket.auth_token is not None)

    assert "refuses this token" in await advice_of(server, token="expired")


async def test_bad_params_are_found():
    server = refuse_if(lambda socket: "user" in socket.params)

    assert "refuses these params" in await advice_of(server, params={"user": "me"})


async def test_a_server_that_insists_on_an_origin_is_found():
    server = refuse_if(lambda socket: "origin" not in socket.headers)

    advice = await advice_of(server)

    assert f"Origin: http://127.0.0.1:{server.port}" in advice


async def test_a_server_that_takes_no_websocket_is_found():
    server = refuse_if(lambda socket: socket.transport == "websocket")

    assert "--transport longpoll" in await advice_of(server)


async def test_a_server_that_is_not_there_has_no_second_opinion(nobody):
    assert await advice_for(target_for(nobody)) == ""


def test_no_advice_shows_a_secret():
    url = "wss://me:secret@example.org/socket/websocket?token=secret"
    target = target_for(url, token="secret", params={"token": "secret"})

    assert all("secret" not in advice for _, advice in variants(target))


@pytest.mark.parametrize("changes", [{"vsn": 1}, {"transport": TransportKind.LONGPOLL}])
def test_a_long_poll_is_no_way_out_for_some(changes):
    target = target_for("ws://example.org/socket", **changes)

    assert all("longpoll" not in advice for _, advice in variants(target))
