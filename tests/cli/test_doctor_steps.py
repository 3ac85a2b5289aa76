"""The steps of the doctor, each on a server that has something."""

import ssl
from contextlib import AsyncExitStack

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from rx_phoenix._cli.doctor_steps import STEPS, Context, Verdict, reason_of, run_step
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix.errors import ConnectionLost
from tests.cli.targets import target_for
from tests.tcp import listening


@pytest.fixture
async def context(server):
    """Creates contexts, and closes them in the end."""
    patients = []

    def context(url=server.url, topic=None, join=None, **target):
        patients.append(Context(target_for(url, **target), topic, join or {}))
        return patients[-1]

    yield context
    for one in patients:
        await one.stack.aclose()


async def take(context, name):
    """Take all steps up to this one."""
    for step, question in STEPS.items():
        result = await run_step(question, context)
        if step == name:
            return result
    return pytest.fail(f"there is no step {name}")


async def say_nothing(reader, writer):
    await reader.read()
    writer.close()


async def hang_up(reader, writer):
    writer.close()


@pytest.mark.parametrize("step", ["name", "TCP", "upgrade", "heartbeat", "round trip"])
async def test_a_healthy_server_passes(context, step):
    result = await take(context(), step)

    assert (result.verdict, result.code) == (Verdict.OK, ExitCode.OK)


async def test_a_name_is_told_with_its_addresses(context):
    result = await take(context("ws://localhost:1/socket"), "name")

    assert "127.0.0.1" in result.text


async def test_a_name_that_nobody_knows_fails(context):
    result = await take(context("ws://no-such-host.invalid/socket"), "name")

    assert result.verdict is Verdict.FAILED
    assert result.code is ExitCode.UNREACHABLE
    assert "Cannot resolve no-such-host.invalid" in result.text


async def test_a_port_where_nobody_listens_fails(context, nobody):
    result = await take(context(nobody), "TCP")

    assert result.verdict is Verdict.FAILED
    assert result.code is ExitCode.UNREACHABLE
    assert "Is the server running?" in result.advice


def test_the_port_is_that_of_the_scheme_if_there_is_none():
    assert Context(target_for("ws://example.org/socket"), None, {}).port == 80
    assert Context(target_for("https://example.org/socket"), None, {}).port == 443


async def test_a_url_without_tls_skips_it(context):
    result = await take(context(), "TLS")

    assert result.verdict is Verdict.SKIPPED


async def test_a_server_without_tls_fails_a_url_that_asks_for_it(context, server):
    result = await take(context(server.url.replace("ws:", "wss:")), "TLS")

    assert result.verdict is Verdict.FAILED
    assert result.code is ExitCode.UNREACHABLE
    assert "ws://" in result.advice


@pytest.fixture
def encrypted():
    """A context with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_a_certificate_that_nobody_trusts_fails(context, encrypted):
    async with listening(hang_up, ssl=encrypted) as port:
        result = await take(context(f"wss://127.0.0.1:{port}/socket"), "TLS")

    assert result.verdict is Verdict.FAILED
    assert "certificate" in result.text


async def test_a_certificate_may_go_unchecked(context, encrypted):
    async with listening(hang_up, ssl=encrypted) as port:
        url = f"wss://127.0.0.1:{port}/socket"
        result = await take(context(url, insecure=True), "TLS")

    assert result.verdict is Verdict.OK
    assert "was not checked" in result.text


async def test_a_certificate_that_is_trusted_passes(context, monkeypatch):
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    async with listening(hang_up, ssl=served) as port:
        result = await take(context(f"wss://127.0.0.1:{port}/socket"), "TLS")

    assert result.verdict is Verdict.OK
    assert "is valid" in result.text


async def test_a_server_that_says_nothing_fails_the_upgrade(context):
    async with listening(say_nothing) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        result = await take(context(url, timeout=0.5), "upgrade")

    assert result.code is ExitCode.TIMEOUT
    assert "did not answer the upgrade" in result.text


async def test_a_server_that_hangs_up_fails_the_upgrade(context):
    async with listening(hang_up) as port:
        result = await take(context(f"ws://127.0.0.1:{port}/socket"), "upgrade")

    assert result.verdict is Verdict.FAILED
    assert result.code is ExitCode.UNREACHABLE


@pytest.mark.parametrize(
    ("path", "params", "status", "advice"),
    [
        ("/socket", {"token": "raise"}, 500, "refuses these params"),
        ("/socket", {"token": "bad"}, 403, "refuses these params"),
        ("/tuned", {"token": "unauthorized"}, 401, "refuses these params"),
        ("/nowhere", {}, 404, "No socket is at this path"),
        ("/v1only", {}, 403, "use --vsn 1"),
    ],
)
async def test_a_refused_upgrade_fails(context, server, path, params, status, advice):
    url = server.url.replace("/socket", path)
    result = await take(context(url, params=params), "upgrade")

    assert result.code is ExitCode.UNREACHABLE
    assert f"HTTP {status}" in result.text
    assert advice in result.advice


async def refuse(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 17\r\n\r\nno place for S3so"
    )
    writer.close()


async def test_what_a_server_says_of_its_refusal_is_quoted_without_secrets(context):
    async with listening(refuse) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        result = await take(context(url, params={"token": "S3so"}), "upgrade")

    assert "The body: 'no place for [redacted]'" in result.text


async def test_a_token_that_was_taken_is_mentioned(context):
    result = await take(context(token="a-token"), "upgrade")

    assert "with the token" in result.text
    assert "a-token" not in result.text


async def reset(reader, writer):
    await reader.read(1)
    writer.transport.abort()


async def answer_plainly(reader, writer):
    await reader.readuntil(b"\n")
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.mark.parametrize("behave", [reset, answer_plainly])
async def test_tls_to_a_port_without_it_is_advised_to_go_without(context, behave):
    async with listening(behave) as port:
        url = f"wss://127.0.0.1:{port}/socket"
        result = await take(context(url, timeout=0.5), "TLS")

    assert result.code is ExitCode.UNREACHABLE
    assert f"Without TLS, the URL begins with ws://: ws://127.0.0.1:{port}" in (
        result.advice
    )


@pytest.mark.parametrize("behave", [hang_up, say_nothing])
async def test_a_plain_url_to_a_tls_port_is_advised_to_use_it(
    context, encrypted, behave
):
    async with listening(behave, ssl=encrypted) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        result = await take(context(url, timeout=0.5), "upgrade")

    assert result.verdict is Verdict.FAILED
    assert f"With TLS, the URL begins with wss://: wss://127.0.0.1:{port}" in (
        result.advice
    )


async def echo(request):
    """Send back each message of a WebSocket."""
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    async for message in websocket:
        await websocket.send_str(message.data)
    return websocket


@pytest.fixture
async def site():
    """Serves a handler at all paths; returns the URL of a socket there."""
    async with AsyncExitStack() as stack:

        async def site(handler):
            app = web.Application()
            app.router.add_get("/{path:.*}", handler)
            server = TestServer(app)
            # The context's connection is open still: it ends after this fixture.
            await server.start_server(shutdown_timeout=0.1)
            stack.push_async_callback(server.close)
            return f"ws://127.0.0.1:{server.port}/socket"

        yield site


async def test_an_echo_server_is_not_phoenix(context, site):
    result = await take(context(await site(echo), timeout=0.5), "heartbeat")

    assert result.verdict is Verdict.FAILED
    assert result.code is ExitCode.UNREACHABLE
    assert "does not speak Phoenix" in result.text


def limited(times, delay):
    """A server that answers 429 a number of times, and serves an echo then."""
    left = [times]

    async def handler(request):
        if left[0]:
            left[0] -= 1
            raise web.HTTPTooManyRequests(headers={"Retry-After": delay})
        return await echo(request)

    return handler


async def test_a_limit_is_waited_for(context, site):
    result = await take(context(await site(limited(1, "1"))), "upgrade")

    assert result.verdict is Verdict.OK
    assert "1 s of them waited as HTTP 429 asked" in result.text


@pytest.mark.parametrize(("times", "delay"), [(2, "1"), (99, "99")])
async def test_a_limit_that_lasts_is_not_blamed_on_params(context, site, times, delay):
    url = await site(limited(times, delay))

    result = await take(context(url, params={"user_id": "jo"}), "upgrade")

    assert result.code is ExitCode.UNREACHABLE
    assert "HTTP 429" in result.text
    assert result.advice == f"The server limits connections: wait at least {delay} s."


async def test_without_a_topic_there_is_no_join(context):
    assert (await take(context(), "join")).verdict is Verdict.SKIPPED


async def test_a_join_is_told_with_its_response(context):
    result = await take(context(topic="room:a", join={"n": 1}), "join")

    assert result.verdict is Verdict.OK
    assert '"params":{"n":1}' in result.text


@pytest.mark.parametrize(
    ("topic", "advice"),
    [
        ("room:forbidden", "Check your credentials"),
        ("room:crash_join", "raised"),
        ("no:such", "No channel matches"),
        ("room:flaky", "Check the topic"),
    ],
)
async def test_a_refused_join_fails(context, topic, advice):
    result = await take(context(topic=topic), "join")

    assert result.code is ExitCode.REFUSED
    assert advice in result.advice


@pytest.mark.parametrize(
    ("response", "reason"), [({"reason": "no"}, "no"), ({}, ""), ("no", ""), (None, "")]
)
def test_a_refusal_may_have_a_reason(response, reason):
    assert reason_of(response) == reason


async def test_a_join_that_takes_too_long_fails(context):
    slow = context(topic="room:slow", join={"ms": 5000}, timeout=1.0)

    result = await take(slow, "join")

    assert result.code is ExitCode.TIMEOUT


async def test_a_step_that_takes_too_long_fails():
    async def wait_for_ever(_):
        raise TimeoutError

    result = await run_step(wait_for_ever, Context(target_for("ws://x/"), None, {}))

    assert result.code is ExitCode.TIMEOUT


async def test_whatever_the_network_does_is_a_finding():
    async def lose(_):
        raise ConnectionLost(1006)

    result = await run_step(lose, Context(target_for("ws://x/"), None, {}))

    assert result.code is ExitCode.UNREACHABLE


async def test_a_bug_is_no_finding():
    async def fail(_):
        raise KeyError("step")

    with pytest.raises(KeyError):
        await run_step(fail, Context(target_for("ws://x/"), None, {}))
