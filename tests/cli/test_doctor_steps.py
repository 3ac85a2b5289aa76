"""The steps of the doctor, each on a server that has something."""

import ssl

import pytest
import trustme

from rx_phoenix._cli.doctor_steps import STEPS, Context, Verdict, examined, reason_of
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix.errors import ConnectionLost
from tests.cli.targets import target_for
from tests.tcp import listening


@pytest.fixture
async def patient(server):
    """Makes a patient, and lets go of what it holds in the end."""
    patients = []

    def patient(url=server.url, topic=None, join=None, **target):
        patients.append(Context(target_for(url, **target), topic, join or {}))
        return patients[-1]

    yield patient
    for one in patients:
        await one.stack.aclose()


async def take(patient, name):
    """Take all steps up to this one."""
    for step, question in STEPS.items():
        finding = await examined(question, patient)
        if step == name:
            return finding
    return pytest.fail(f"there is no step {name}")


async def say_nothing(reader, writer):
    await reader.read()
    writer.close()


async def hang_up(reader, writer):
    writer.close()


@pytest.mark.parametrize("step", ["name", "TCP", "upgrade", "heartbeat", "round trip"])
async def test_a_healthy_server_passes(patient, step):
    finding = await take(patient(), step)

    assert (finding.verdict, finding.code) == (Verdict.OK, ExitCode.OK)


async def test_a_name_is_told_with_its_addresses(patient):
    finding = await take(patient("ws://localhost:1/socket"), "name")

    assert "127.0.0.1" in finding.text


async def test_a_name_that_nobody_knows_fails(patient):
    finding = await take(patient("ws://no-such-host.invalid/socket"), "name")

    assert finding.verdict is Verdict.FAILED
    assert finding.code is ExitCode.UNREACHABLE
    assert "no-such-host.invalid is not known" in finding.text


async def test_a_port_where_nobody_listens_fails(patient, nobody):
    finding = await take(patient(nobody), "TCP")

    assert finding.verdict is Verdict.FAILED
    assert finding.code is ExitCode.UNREACHABLE
    assert "Is the server running?" in finding.advice


def test_the_port_is_that_of_the_scheme_if_there_is_none():
    assert Context(target_for("ws://example.org/socket"), None, {}).port == 80
    assert Context(target_for("https://example.org/socket"), None, {}).port == 443


async def test_a_url_without_tls_skips_it(patient):
    finding = await take(patient(), "TLS")

    assert finding.verdict is Verdict.SKIPPED


async def test_a_server_without_tls_fails_a_url_that_asks_for_it(patient, server):
    finding = await take(patient(server.url.replace("ws:", "wss:")), "TLS")

    assert finding.verdict is Verdict.FAILED
    assert finding.code is ExitCode.UNREACHABLE
    assert "ws://" in finding.advice


@pytest.fixture
def encrypted():
    """A context with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_a_certificate_that_nobody_trusts_fails(patient, encrypted):
    async with listening(hang_up, ssl=encrypted) as port:
        finding = await take(patient(f"wss://127.0.0.1:{port}/socket"), "TLS")

    assert finding.verdict is Verdict.FAILED
    assert "certificate" in finding.text


async def test_a_certificate_may_go_unchecked(patient, encrypted):
    async with listening(hang_up, ssl=encrypted) as port:
        url = f"wss://127.0.0.1:{port}/socket"
        finding = await take(patient(url, insecure=True), "TLS")

    assert finding.verdict is Verdict.OK
    assert "was not checked" in finding.text


async def test_a_certificate_that_is_trusted_passes(patient, monkeypatch):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    async with listening(hang_up, ssl=context) as port:
        finding = await take(patient(f"wss://127.0.0.1:{port}/socket"), "TLS")

    assert finding.verdict is Verdict.OK
    assert "is good" in finding.text


async def test_a_server_that_says_nothing_fails_the_upgrade(patient):
    async with listening(say_nothing) as port:
        url = f"ws://127.0.0.1:{port}/socket"
        finding = await take(patient(url, timeout=0.2), "upgrade")

    assert finding.code is ExitCode.TIMEOUT
    assert "said nothing" in finding.text


async def test_a_server_that_hangs_up_fails_the_upgrade(patient):
    async with listening(hang_up) as port:
        finding = await take(patient(f"ws://127.0.0.1:{port}/socket"), "upgrade")

    assert finding.verdict is Verdict.FAILED
    assert finding.code is ExitCode.UNREACHABLE


@pytest.mark.parametrize(
    ("path", "params", "status", "advice"),
    [
        ("/socket", {"token": "raise"}, 500, "lets you in without them"),
        ("/socket", {"token": "bad"}, 403, "lets you in without them"),
        ("/tuned", {"token": "unauthorized"}, 401, "lets you in without them"),
        ("/nowhere", {}, 404, "No socket is at this path"),
        ("/v1only", {}, 403, "use --vsn 1"),
    ],
)
async def test_a_refused_upgrade_fails(patient, server, path, params, status, advice):
    url = server.url.replace("/socket", path)
    finding = await take(patient(url, params=params), "upgrade")

    assert finding.code is ExitCode.UNREACHABLE
    assert f"HTTP {status}" in finding.text
    assert advice in finding.advice


async def test_what_a_server_says_of_its_refusal_is_quoted(patient, server):
    url = server.url.replace("/socket", "/tuned")
    finding = await take(patient(url, params={"token": "unauthorized"}), "upgrade")

    assert finding.text.endswith("It says: 'unauthorized'")


async def test_a_token_that_was_taken_is_mentioned(patient):
    finding = await take(patient(token="a-token"), "upgrade")

    assert "with the token" in finding.text
    assert "a-token" not in finding.text


async def test_without_a_topic_there_is_no_join(patient):
    assert (await take(patient(), "join")).verdict is Verdict.SKIPPED


async def test_a_join_is_told_with_its_response(patient):
    finding = await take(patient(topic="room:a", join={"n": 1}), "join")

    assert finding.verdict is Verdict.OK
    assert '"params":{"n":1}' in finding.text


@pytest.mark.parametrize(
    ("topic", "advice"),
    [
        ("room:forbidden", "Check who you are"),
        ("room:crash_join", "raised"),
        ("no:such", "No channel serves it"),
        ("room:flaky", "Check the topic"),
    ],
)
async def test_a_refused_join_fails(patient, topic, advice):
    finding = await take(patient(topic=topic), "join")

    assert finding.code is ExitCode.REFUSED
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("response", "reason"), [({"reason": "no"}, "no"), ({}, ""), ("no", ""), (None, "")]
)
def test_a_refusal_may_have_a_reason(response, reason):
    assert reason_of(response) == reason


async def test_a_join_that_takes_too_long_fails(patient):
    slow = patient(topic="room:slow", join={"ms": 5000}, timeout=0.3)

    finding = await take(slow, "join")

    assert finding.code is ExitCode.TIMEOUT


async def test_a_step_that_takes_too_long_fails():
    async def wait_for_ever(_):
        raise TimeoutError

    finding = await examined(wait_for_ever, Context(target_for("ws://x/"), None, {}))

    assert finding.code is ExitCode.TIMEOUT


async def test_whatever_the_network_does_is_a_finding():
    async def lose(_):
        raise ConnectionLost(1006)

    finding = await examined(lose, Context(target_for("ws://x/"), None, {}))

    assert finding.code is ExitCode.UNREACHABLE


async def test_a_bug_is_no_finding():
    async def fail(_):
        raise KeyError("step")

    with pytest.raises(KeyError):
        await examined(fail, Context(target_for("ws://x/"), None, {}))
