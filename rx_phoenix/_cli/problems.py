"""Errors as problems for users: a sentence, advice, and an exit code."""

import errno
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from socket import gaierror

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._protocol.http_status import advice_on
from rx_phoenix.errors import (
    ConnectError,
    JoinRefused,
    PushRefused,
    PushTimeout,
    RxPhoenixError,
    UsageError,
)

__all__ = ["Cause", "Problem", "cause_of", "explain"]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error that a user or the network caused.

    Attributes:
        text: The error and its cause, as a sentence.
        advice: A sentence of advice, or "".
        code: The exit code of the command.
    """

    text: str
    advice: str
    code: ExitCode


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a failed connection.

    Attributes:
        text: The cause, in a few words.
        advice: A sentence of advice.
        code: The exit code of the command.
    """

    text: str
    advice: str
    code: ExitCode = ExitCode.UNREACHABLE


def explain(error: Exception) -> Problem | None:
    """Explain an error; return None if it can only be a bug.

    >>> explain(ConnectError("no", url="ws://example.org/", status=404)).text
    'ws://example.org/ answered with HTTP 404.'
    """
    if isinstance(error, ConnectError):
        return _connect_problem(error)
    for kind, advice, code in ERRORS:
        if isinstance(error, kind):
            return Problem(_sentence(str(error)), advice, code)
    if isinstance(error, OSError):
        text = error.strerror or str(error)
        text = f"{error.filename}: {text}" if error.filename else _sentence(text)
        return Problem(text, OS_ADVICE.get(error.errno or 0, ""), ExitCode.USAGE)
    return None


ERRORS = (
    (JoinRefused, "Check the topic, and the params of the join.", ExitCode.REFUSED),
    (PushRefused, "", ExitCode.REFUSED),
    (
        PushTimeout,
        "The server may be busy, or may not reply to this event.",
        ExitCode.TIMEOUT,
    ),
    (UsageError, "", ExitCode.USAGE),
    (RxPhoenixError, "", ExitCode.UNREACHABLE),
    (TimeoutError, "", ExitCode.TIMEOUT),
)
"""Advice and exit codes, by the type of the error; the first match counts."""

OS_ADVICE = {
    errno.EADDRINUSE: "Choose another port with --port, or any free one: --port 0.",
    errno.EACCES: "Permission denied: choose another file, or a higher port.",
    errno.EEXIST: "Choose another file, or overwrite it with --force.",
}
"""Advice for errors of the operating system."""

SCHEME = "Does the URL begin with wss:// if the server uses TLS, and with ws:// if not?"

CAUSES: tuple[tuple[type[BaseException], Cause], ...] = (
    (gaierror, Cause("cannot resolve the host", "Check the spelling of the host.")),
    (
        ConnectionRefusedError,
        Cause("nothing listens there", "Is the server running? Is the port right?"),
    ),
    (
        ssl.SSLCertVerificationError,
        Cause(
            "its certificate is not trusted",
            "Check the host name, the certificate, and the clock.",
        ),
    ),
    (
        ssl.SSLError,
        Cause("the TLS handshake failed", SCHEME),
    ),
    (
        ConnectionResetError,
        Cause("the peer reset the connection", SCHEME),
    ),
    (
        TimeoutError,
        Cause(
            "it does not answer", "Is there a firewall in between?", ExitCode.TIMEOUT
        ),
    ),
)
"""Causes, by the type of the exception; the first match counts."""


def cause_of(error: BaseException) -> Cause | None:
    """Return the cause of a failed connection, or None if it is unknown.

    >>> cause_of(ConnectionRefusedError()).text
    'nothing listens there'
    """
    for link in _chain(error):
        for kind, cause in CAUSES:
            if isinstance(link, kind):
                return cause
    return None


def _connect_problem(error: ConnectError) -> Problem:
    url, status, cause = error.url or "the server", error.status, cause_of(error)
    if status is not None:
        text = f"{url} answered with HTTP {status}."
        return Problem(text, advice_on(status), ExitCode.UNREACHABLE)
    if cause is None:
        return Problem(_sentence(str(error)), "", ExitCode.UNREACHABLE)
    text = f"No connection to {url}: {cause.text}."
    return Problem(text, cause.advice, cause.code)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes; aiohttp stores some in an attribute."""
    while error is not None:
        yield error
        inner = getattr(error, "os_error", None)
        if isinstance(inner, BaseException):
            yield from _chain(inner)
        error = error.__cause__ or error.__context__


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
