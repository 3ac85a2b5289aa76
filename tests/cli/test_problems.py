"""What went wrong, for people."""

import errno
import ssl
from socket import gaierror

import pytest
from aiohttp import ClientConnectorError, ClientSession

from rx_phoenix import errors
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.problems import cause_of, explain

URL = "ws://example.org/socket"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConnectError("no way", url=URL), ExitCode.UNREACHABLE),
        (errors.ConnectError("no", url=URL, status=403), ExitCode.UNREACHABLE),
        (errors.ConnectionLost(1006), ExitCode.UNREACHABLE),
        (errors.JoinRefused("error", {}), ExitCode.REFUSED),
        (errors.PushRefused("error", {}), ExitCode.REFUSED),
        (errors.PushTimeout("too late"), ExitCode.TIMEOUT),
        (errors.PushCancelled("left"), ExitCode.UNREACHABLE),
        (errors.UsageError("cannot work"), ExitCode.USAGE),
        (OSError(errno.EADDRINUSE, "address in use"), ExitCode.USAGE),
    ],
)
def test_each_error_has_its_exit_code(error, code):
    assert explain(error).code is code


def test_what_can_only_be_a_bug_has_no_explanation():
    assert explain(KeyError("cpu")) is None


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503])
def test_a_refused_handshake_is_told_with_its_status_and_advice(status):
    problem = explain(errors.ConnectError("no", url=URL, status=status))

    assert problem.text == f"{URL} answered with HTTP {status}."
    assert problem.advice.endswith(".")


def test_an_unusual_status_needs_no_advice():
    assert explain(errors.ConnectError("no", url=URL, status=418)).advice == ""


def test_an_error_without_a_known_cause_speaks_for_itself():
    problem = explain(errors.ConnectError("it is closed on Sundays"))

    assert problem.text == "It is closed on Sundays."


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (gaierror(), "cannot resolve the host"),
        (ConnectionRefusedError(), "nothing listens there"),
        (ssl.SSLCertVerificationError(), "its certificate is not trusted"),
        (ssl.SSLError(), "the TLS handshake failed"),
        (ConnectionResetError(), "the peer reset the connection"),
        (TimeoutError(), "it does not answer"),
    ],
)
def test_the_cause_is_found_behind_the_error(cause, words):
    error = errors.ConnectError("no connection", url=URL)
    error.__cause__ = cause

    assert explain(error).text == f"No connection to {URL}: {words}."
    assert explain(error).advice.endswith((".", "?"))


def test_nobody_knows_the_cause_of_everything():
    assert cause_of(ValueError()) is None


async def test_the_cause_is_found_in_what_aiohttp_raises(nobody):
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError) as raised:
            await session.ws_connect(nobody)

    assert cause_of(raised.value).text == "nothing listens there"


def test_a_taken_port_is_explained_with_the_way_out():
    problem = explain(OSError(errno.EADDRINUSE, "address in use"))

    assert "--port" in problem.advice
