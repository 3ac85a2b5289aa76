import pytest
from aiohttp.test_utils import make_mocked_request

from rx_phoenix.testing._server.codec import V1Serializer, V2Serializer
from rx_phoenix.testing._server.handshake import admit, negotiate
from rx_phoenix.testing._server.socket import ConnectRefused, SocketOptions

OPEN = SocketOptions()
PLAIN = SocketOptions(auth_token=False)
CHOOSY = SocketOptions(auth_token=False, subprotocols=("one", "two"))
BEARER = "base64url.bearer.phx."


@pytest.mark.parametrize(
    ("options", "header", "chosen"),
    [
        (OPEN, None, (None, None)),
        (OPEN, "phoenix", ("phoenix", None)),
        (OPEN, f"phoenix, {BEARER}dG9rLWVuIDEyMw", ("phoenix", "tok-en 123")),
        (OPEN, f"phoenix,{BEARER}YQ==", ("phoenix", "a")),
        (OPEN, f"phoenix, {BEARER}w7/Dvj8+fg", ("phoenix", "ÿþ?>~")),
        (OPEN, f"{BEARER}YWJj", (None, "abc")),
        (OPEN, f"phoenix, {BEARER}", ("phoenix", "")),
        (PLAIN, "phoenix", (None, None)),
        (PLAIN, f"phoenix, {BEARER}YWJj", (None, None)),
        (CHOOSY, None, (None, None)),
        (CHOOSY, "one", ("one", None)),
        (CHOOSY, "two, zzz", ("two", None)),
    ],
)
def test_a_subprotocol_is_chosen_and_a_token_extracted(options, header, chosen):
    assert negotiate(header, options) == chosen


@pytest.mark.parametrize(("options", "header"), [(CHOOSY, "zzz"), (OPEN, "zzz")])
def test_a_client_that_offers_another_subprotocol_is_refused(options, header):
    with pytest.raises(ConnectRefused):
        negotiate(header, options)


@pytest.mark.parametrize(
    ("encoded", "why"), [("w7_Dvj8-fg", "base64"), ("!!!", "base64"), ("/w", "utf-8")]
)
def test_a_token_is_standard_base64_of_utf_8(encoded, why):
    with pytest.raises(ValueError, match=why):
        negotiate(f"phoenix, {BEARER}{encoded}", OPEN)


def request(target="/socket/websocket?vsn=2.0.0", **headers):
    return make_mocked_request("GET", target, {"Host": "localhost:4000", **headers})


@pytest.mark.parametrize(
    ("query", "serializer"),
    [
        ("vsn=2.0.0", V2Serializer),
        ("vsn=2.0.7", V2Serializer),
        ("vsn=1.0.0", V1Serializer),
        ("", V1Serializer),
    ],
)
async def test_the_version_chooses_the_protocol(query, serializer):
    socket = await admit(request(f"/s/websocket?{query}"), OPEN, "websocket", None)

    assert isinstance(socket.serializer, serializer)


@pytest.mark.parametrize(
    "query", ["vsn=3.0.0", "vsn=2", "vsn=2.1.0", "vsn=", "vsn[]=2.0.0", "vsn=2.0.0-rc"]
)
async def test_an_unsupported_version_is_refused(query):
    with pytest.raises(ConnectRefused):
        await admit(request(f"/s/websocket?{query}"), OPEN, "websocket", None)


async def test_a_socket_may_support_one_protocol_only():
    options = SocketOptions(versions=(2,))

    with pytest.raises(ConnectRefused):
        await admit(request("/s/websocket"), options, "websocket", None)


@pytest.mark.parametrize(
    ("allowed", "origin", "is_allowed"),
    [
        (("//localhost",), "http://localhost", True),
        (("//localhost",), "https://localhost:4000", True),
        (("//localhost",), "http://evil.example", False),
        (("//localhost",), None, True),
        (("https://a.example", "//b.example:8080"), "https://a.example", True),
        (("https://a.example", "//b.example:8080"), "http://a.example", False),
        (("https://a.example", "//b.example:8080"), "https://a.example:1", False),
        (("https://a.example", "//b.example:8080"), "http://b.example:8080", True),
        (("https://a.example", "//b.example:8080"), "http://b.example", False),
        (("//*.a.example",), "https://x.a.example", True),
        (("//*.a.example",), "https://xa.example", False),
        (("//localhost",), "null", False),
        (("//localhost",), "http://localhost:99999999", False),
        (True, "http://localhost:3000", True),
        (True, "http://127.0.0.1:3000", True),
        (True, "http://[::1]:3000", True),
        (True, "http://evil.example", False),
        (True, "null", False),
        (True, None, True),
        ("conn", "http://localhost:4000", True),
        ("conn", "https://localhost:4000", False),
        ("conn", "http://localhost:3000", False),
        ("conn", "http://localhost", False),
        ("conn", "null", False),
        (None, "http://evil.example", True),
        (False, "null", True),
    ],
)
async def test_an_origin_is_compared_part_by_part(allowed, origin, is_allowed):
    options = SocketOptions(check_origin=allowed)
    headers = {"Origin": origin} if origin else {}
    try:
        await admit(request(**headers), options, "websocket", None)
    except ConnectRefused:
        assert not is_allowed
    else:
        assert is_allowed


async def test_a_socket_has_the_data_of_the_request():
    target = "/socket/websocket?vsn=2.0.0&a[b]=c"

    socket = await admit(
        request(target, **{"X-Foo": "bar"}), OPEN, "longpoll", "secret"
    )

    assert socket.params == {"vsn": "2.0.0", "a": {"b": "c"}}
    assert socket.headers["x-foo"] == "bar"
    assert socket.uri == f"http://localhost:4000{target}"
    assert socket.transport == "longpoll"
    assert socket.auth_token == "secret"
    assert socket.id is None


async def test_a_socket_that_accepts_no_token_has_none():
    socket = await admit(request(), PLAIN, "longpoll", "secret")

    assert socket.auth_token is None


def name_it(socket):
    socket.id = "user:1"
    socket.assigns["n"] = 1


async def name_it_later(socket):
    name_it(socket)


@pytest.mark.parametrize("connect", [name_it, name_it_later])
async def test_connect_may_be_sync_or_async(connect):
    options = SocketOptions(connect=connect)

    socket = await admit(request(), options, "websocket", None)

    assert (socket.id, socket.assigns) == ("user:1", {"n": 1})
