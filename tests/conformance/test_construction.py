"""Construction, URL and auth token."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from rx_phoenix import (
    Heartbeat,
    Reconnect,
    Retrying,
    SerializerV2,
    Socket,
    UsageError,
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


@pytest.mark.case(1)
@pytest.mark.defect(9)
def test_without_options_a_heartbeat_goes_every_25_seconds_and_waits_10(make_stage):
    stage = make_stage(heartbeat=Heartbeat())
    stage.connect()

    stage.wait_until(35.0)

    assert stage.times("h") == [25.0]
    assert stage.transport.connection.closed_by_us == (1000, "heartbeat timeout")


@pytest.mark.case(1)
def test_a_new_socket_is_closed_and_has_said_nothing(stage):
    assert stage.socket.state == "closed"
    assert stage.attempts == 0


@pytest.mark.case(2)
@pytest.mark.case(7)
@pytest.mark.parametrize("url", ["/socket", "//example.org/chat", "example.org"])
def test_an_endpoint_without_scheme_and_host_is_refused(url):
    with pytest.raises(UsageError, match="must be a full URL"):
        Socket(url)


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


@pytest.mark.case(6)
def test_the_transports_piece_and_the_version_complete_the_endpoint(make_stage):
    stage = make_stage(url="wss://example.org/chat")

    assert address(stage) == "wss://example.org/chat/websocket?vsn=2.0.0"


@pytest.mark.case(9)
@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("http://example.org/socket", "ws"),
        ("https://example.org/socket", "wss"),
        ("ws://example.org/socket", "ws"),
        ("wss://example.org/socket", "wss"),
    ],
)
def test_the_scheme_is_ws_or_wss(make_stage, url, scheme):
    stage = make_stage(url=url)

    assert address(stage) == f"{scheme}://example.org/socket/websocket?vsn=2.0.0"


@pytest.mark.case(10)
@pytest.mark.case(11)
@pytest.mark.parametrize(
    ("params", "query"),
    [
        (
            {"token": "a b", "x": {"y": [1, 2]}},
            "token=a%20b&x%5By%5D%5B0%5D=1&x%5By%5D%5B1%5D=2",
        ),
        (
            {"a": [1, "é&"], "b": True, "c": False, "f": 1.5, "g": "x y+z~!*'()"},
            "a%5B0%5D=1&a%5B1%5D=%C3%A9%26&b=true&c=false&f=1.5&g=x%20y%2Bz~!*'()",
        ),
    ],
)
def test_params_are_encoded_as_in_a_browser_with_the_version_last(
    make_stage, params, query
):
    stage = make_stage(params=params)

    assert address(stage) == f"ws://localhost/socket/websocket?{query}&vsn=2.0.0"


@pytest.mark.case(12)
@pytest.mark.defect(38)
@pytest.mark.parametrize("nothing", [None, {}, [], {"inner": None}])
def test_an_empty_param_leaves_no_trace(make_stage, nothing):
    stage = make_stage(params={"a": 1, "nothing": nothing, "b": 2})

    assert address(stage) == "ws://localhost/socket/websocket?a=1&b=2&vsn=2.0.0"


@pytest.mark.case(13)
def test_the_version_is_the_serializers_own(make_stage):
    class Renamed(SerializerV2):
        vsn = "1.0.0"

    stage = make_stage(serializer=Renamed())

    assert address(stage).endswith("?vsn=1.0.0")
    connection = stage.open()
    stage.channel().join()
    assert connection.sent == ['["1","1","room:1","phx_join",{}]']


@pytest.mark.case(14)
@pytest.mark.defect(38)
@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("ws://h/socket/", "ws://h/socket/websocket?vsn=2.0.0"),
        ("ws://h/socket?a=1", "ws://h/socket/websocket?a=1&vsn=2.0.0"),
        ("ws://h/socket/?a=1", "ws://h/socket/websocket?a=1&vsn=2.0.0"),
    ],
)
def test_a_trailing_slash_and_a_query_find_their_places(make_stage, url, whole):
    stage = make_stage(url=url)

    assert address(stage) == whole


@pytest.mark.case(15)
def test_a_function_of_params_is_asked_at_every_attempt(make_stage):
    numbers = iter(range(10))
    stage = make_stage(params=lambda: {"n": next(numbers)})
    stage.connect()

    stage.lose()
    stage.wait(0.01)

    asked = [attempt.endpoint.params for attempt in stage.transport.attempts]
    assert asked == [{"n": 0}, {"n": 1}]


@pytest.mark.defect(23)
def test_an_async_function_of_params_is_awaited_at_every_attempt(make_stage):
    numbers = iter(range(10))

    async def params():
        return {"n": next(numbers)}

    stage = make_stage(params=params)
    stage.socket.connect()
    stage.wait(0)
    stage.fail()
    stage.wait(0.01)

    asked = [attempt.endpoint.params for attempt in stage.transport.attempts]
    assert asked == [{"n": 0}, {"n": 1}]


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


@pytest.mark.defect(7)
@pytest.mark.parametrize(("chance", "delay"), [(0.0, 0), (0.5, 0.125), (1.0, 0.25)])
def test_without_options_retries_are_spread_by_chance(make_stage, chance, delay):
    stage = make_stage(reconnect=Reconnect(), random=lambda: chance)
    happened = []
    stage.socket.lifecycle.subscribe(happened.append)
    stage.socket.connect()

    stage.fail()

    assert happened[-1] == Retrying(1, delay)


@pytest.mark.defect(7)
def test_without_options_delays_grow_to_half_a_minute():
    delays = [Reconnect().delays(attempt) for attempt in range(1, 10)]

    assert delays == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
