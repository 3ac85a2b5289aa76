"""Proxies, and what else a network or a session of the user's adds to a request."""

import base64
import ssl

import pytest
from aiohttp import ClientSession

from rx_phoenix import ConnectError, UsageError, WebSocketTransport
from rx_phoenix._protocol.endpoint import Endpoint
from tests.transport.gate import running_gate, running_proxy

ELSEWHERE = "wss://elsewhere.test:4443/socket"


@pytest.fixture
def server_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
async def gate(server_tls):
    async with running_gate(server_tls) as gate:
        yield gate


@pytest.fixture
async def proxy(gate):
    async with running_proxy(gate.port) as proxy:
        yield proxy


@pytest.fixture
def connect(transport_class, live):
    """Connects; what it leads to is the error, or None when it opened."""

    async def connect(url=ELSEWHERE, transport=None, **options):
        endpoint = Endpoint(
            url=url,
            params={"key": "p4ram"},
            auth_token="t0ken",
            headers={"X-One": "1"},
        )
        return await live(transport or transport_class(**options), endpoint).outcome()

    return connect


async def test_a_proxy_tunnels_to_the_host(gate, proxy, trusting, connect):
    assert await connect(ssl=trusting, proxy=proxy.url) is None

    assert proxy.heads[0].startswith("CONNECT elsewhere.test:4443 HTTP/1.1\r\n")
    assert gate.requests[0].headers["Host"] == "elsewhere.test:4443"


async def test_the_proxy_learns_nothing_of_what_is_said_through_it(
    proxy, trusting, connect
):
    await connect(ssl=trusting, proxy=proxy.url)

    for secret in "p4ram", "t0ken", base64.b64encode(b"t0ken").decode().rstrip("="):
        assert secret not in "".join(proxy.heads)


async def test_a_proxy_may_ask_for_a_password(proxy, trusting, connect):
    url = proxy.url.replace("//", "//user:s3cret@")

    await connect(ssl=trusting, proxy=url)

    credentials = base64.b64encode(b"user:s3cret").decode()
    assert f"Proxy-Authorization: Basic {credentials}\r\n" in proxy.heads[0]


async def test_a_proxy_of_the_environment_is_used_if_it_is_trusted(
    proxy, trusting, monkeypatch, connect
):
    monkeypatch.setenv("https_proxy", proxy.url)

    assert await connect(ssl=trusting, trust_env=True) is None

    assert proxy.heads[0].startswith("CONNECT elsewhere.test:4443 HTTP/1.1\r\n")


@pytest.mark.parametrize("url", ["ws://127.0.0.1/socket", "wss://127.0.0.1/socket"])
async def test_an_exception_of_the_environment_is_one(
    proxy, monkeypatch, connect, url, unused_tcp_port
):
    url = url.replace("127.0.0.1", f"127.0.0.1:{unused_tcp_port}")
    for name in "http_proxy", "https_proxy":
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert isinstance(await connect(url, trust_env=True), ConnectError)

    assert proxy.heads == []


async def test_one_without_a_scheme_is_a_proxy_of_http(
    proxy, trusting, monkeypatch, connect
):
    monkeypatch.setenv("https_proxy", proxy.url.removeprefix("http://"))

    assert await connect(ssl=trusting, trust_env=True) is None


async def test_one_of_socks_is_a_mistake_that_shows_no_password(monkeypatch, connect):
    monkeypatch.setenv("https_proxy", "socks5://user:s3cret@proxy.test:1080")
    error = await connect(trust_env=True)

    assert isinstance(error, UsageError)
    assert "https_proxy of the environment must be" in str(error)
    assert "SOCKS is not supported" in str(error)
    assert "s3cret" not in repr(error)


async def test_a_proxy_of_websockets_alone_comes_first(
    proxy, trusting, monkeypatch, connect
):
    monkeypatch.setenv("https_proxy", "http://nobody.invalid")
    monkeypatch.setenv("wss_proxy", proxy.url)
    transport = WebSocketTransport(ssl=trusting, trust_env=True)

    assert await connect(transport=transport) is None


async def test_a_proxy_of_the_environment_is_not_used_unasked(
    gate, proxy, monkeypatch, connect
):
    for name in "https_proxy", "wss_proxy":
        monkeypatch.setenv(name, proxy.url)

    await connect(gate.url, ssl=False)

    assert proxy.heads == []
    assert len(gate.requests) >= 1


@pytest.mark.parametrize(
    "refusal", ["407 Proxy Authentication Required", "502 Bad Gateway"]
)
@pytest.mark.parametrize("url", [ELSEWHERE, ELSEWHERE.replace("wss", "ws")])
async def test_a_proxy_that_refuses_is_told_without_a_secret(
    gate, url, refusal, connect
):
    async with running_proxy(gate.port, refusal) as proxy:
        error = await connect(url, proxy=proxy.url.replace("//", "//user:s3cret@"))

    assert isinstance(error, ConnectError)
    assert refusal[:3] in str(error)
    assert error.status == int(refusal[:3])
    assert error.__context__ is None
    shown = f"{error!r} {error} {vars(error)} {error.__cause__!r}"
    for secret in "s3cret", "p4ram", "t0ken", "dXNlcjpzM2NyZXQ=":
        assert secret not in shown


async def test_a_proxy_that_is_not_there_is_told(unused_tcp_port, connect):
    error = await connect(proxy=f"http://user:s3cret@127.0.0.1:{unused_tcp_port}")

    assert isinstance(error, ConnectError)
    assert "s3cret" not in f"{error} {error.__cause__!r}"


@pytest.fixture
async def plain_gate():
    async with running_gate() as gate:
        yield gate


@pytest.fixture
async def session():
    headers, cookies = {"X-Two": "2"}, {"node": "7"}
    async with ClientSession(headers=headers, cookies=cookies) as session:
        yield session


async def test_headers_and_cookies_of_a_session_of_yours_are_sent_too(
    plain_gate, session, connect
):
    assert await connect(plain_gate.url, session=session) is None

    request = plain_gate.requests[0]
    assert request.headers["X-One"] == "1"
    assert request.headers["X-Two"] == "2"
    assert request.cookies == {"node": "7"}


async def test_a_session_of_yours_may_carry_many_attempts(plain_gate, session, connect):
    for _ in range(3):
        assert await connect(plain_gate.url, session=session) is None

    assert not session.closed


async def test_the_passwords_of_netrc_are_not_sent(
    plain_gate, tmp_path, monkeypatch, connect
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login jo password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    assert await connect(plain_gate.url, trust_env=True) is None

    assert "Authorization" not in plain_gate.requests[0].headers


@pytest.mark.parametrize("place", ["url", "netrc"])
async def test_your_authorization_comes_before_other_credentials(
    plain_gate, tmp_path, monkeypatch, transport_class, live, place
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login jo password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    url = plain_gate.url.replace("//", "//jo:s3cret@" if place == "url" else "//")
    endpoint = Endpoint(url=url, headers={"authorization": "Bearer mine"})

    async with ClientSession(trust_env=place == "netrc") as session:
        transport = transport_class(session=session)
        assert await live(transport, endpoint).outcome() is None

    sent = plain_gate.requests[0].headers.getall("Authorization")
    assert sent == ["Bearer mine"]
