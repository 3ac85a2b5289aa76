"""Construction, URL and auth token."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rx_phoenix import (
    Heartbeat,
    SerializerV2,
    Socket,
)


@pytest.fixture
def secret_options():
    """No secrets: addresses are compared as a whole."""
    return {}


def address(stage, transport="websocket"):
    """Where the client connects to."""
    stage.socket.connect()
    return stage.transport.attempt.endpoint.address(transport)


@pytest.mark.case(1)
@pytest.mark.defect(9)
def test_without_options_an_answer_may_take_ten_seconds(make_stage):
    stage = make_stage(heartbeat=Heartbeat())
    stage.connect()

    join = stage.channel().join()

    assert join.within == 10.0


@pytest.mark.case(111)
@pytest.mark.case(3)
def test_options_are_taken_as_given(make_stage):
    stage = make_stage(
        timeout=40, heartbeat=Heartbeat(interval=60, timeout=5), params={"a": "b"}
    )
    stage.connect()

    join = stage.channel().join()
    stage.answer("phx_join")
    stage.wait_until(60)

    assert join.within == 40
    assert stage.times("h") == [60]
    assert stage.transport.attempt.endpoint.params == {"a": "b"}
    stage.answer("heartbeat")


@pytest.mark.case(5)
@pytest.mark.defect(38)
def test_a_timeout_of_zero_is_zero(make_stage):
    stage = make_stage(timeout=0)
    stage.connect()

    join = stage.channel().join()
    join.mark_seen()
    stage.wait(0)

    assert join.status == "timeout"


@pytest.mark.case(13)
def test_the_version_is_the_serializers_own(make_stage):
    class Renamed(SerializerV2):
        vsn = "1.0.0"

    stage = make_stage(serializer=Renamed())

    assert address(stage).endswith("?vsn=1.0.0")
    connection = stage.open()
    stage.channel().join()
    assert connection.sent == ['["1","1","room:1","phx_join",{}]']


@pytest.mark.case(17)
def test_a_function_of_the_auth_token_is_asked_at_the_attempt(make_stage):
    tokens = ["1234"]
    stage = make_stage(auth_token=lambda: tokens[-1])

    tokens.append("5678")
    stage.socket.connect()

    assert stage.transport.attempt.endpoint.auth_token == "5678"


@pytest.mark.case(18)
def test_a_reconnect_offers_the_auth_token_of_that_moment(make_stage):
    tokens = ["old-token"]
    stage = make_stage(auth_token=lambda: tokens[-1])
    stage.connect()

    tokens.append("new-token")
    stage.lose()
    stage.wait(0.01)

    offered = [attempt.endpoint.auth_token for attempt in stage.transport.attempts]
    assert offered == ["old-token", "new-token"]


@pytest.fixture
async def handshakes():
    """The subprotocols that clients offer to a server, which takes the first."""
    offers = []

    async def handle(request):
        offer = request.headers.get("Sec-WebSocket-Protocol", "")
        offers.append(offer.replace(",", " ").split())
        websocket = web.WebSocketResponse(protocols=["phoenix"])
        await websocket.prepare(request)
        async for _ in websocket:
            pass
        return websocket

    app = web.Application()
    app.router.add_get("/socket/websocket", handle)
    async with TestServer(app, host="127.0.0.1") as server:
        yield offers, f"ws://127.0.0.1:{server.port}/socket"


@pytest.mark.integration
@pytest.mark.case(17)
@pytest.mark.case(19)
@pytest.mark.defect(24)
@pytest.mark.parametrize(
    ("token", "offer"),
    [
        ("5678", ["phoenix", "base64url.bearer.phx.NTY3OA"]),
        ("abc>?~", ["phoenix", "base64url.bearer.phx.YWJjPj9+"]),
        ("clé", ["phoenix", "base64url.bearer.phx.Y2zDqQ"]),
        (None, []),
    ],
)
async def test_the_auth_token_travels_as_a_subprotocol(handshakes, token, offer):
    offers, url = handshakes

    async with Socket(url, auth_token=token):
        pass

    assert offers == [offer]
