"""What went wrong, for people: a sentence, what to try, and an exit code."""

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
    """Something that a user did or the network did.

    Attributes:
        text: What happened, and why: a sentence.
        advice: What to try: a sentence, or nothing.
        code: How the command ends.
    """

    text: str
    advice: str
    code: ExitCode


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there is no connection.

    Attributes:
        text: The cause, in a few words.
        advice: What to try: a sentence.
    """

    text: str
    advice: str


def explain(error: Exception) -> Problem | None:
    """Put an error in plain words; None for one that can only be a bug.

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
        "The server may be busy, or have no answer to this.",
        ExitCode.TIMEOUT,
    ),
    (UsageError, "", ExitCode.USAGE),
    (RxPhoenixError, "", ExitCode.UNREACHABLE),
    (TimeoutError, "", ExitCode.TIMEOUT),
)
"""What to try after an error, and the exit code; the first that fits counts."""

OS_ADVICE = {
    errno.EADDRINUSE: "Choose another port with --port, or any free one: --port 0.",
    errno.EACCES: "It is not for this user: choose another file, or a higher port.",
    errno.EEXIST: "It would be overwritten: choose another file, or --force it.",
}
"""What to try when the operating system says no."""

CAUSES: tuple[tuple[type[BaseException], Cause], ...] = (
    (gaierror, Cause("the name is not known", "Check the spelling of the host.")),
    (
        ConnectionRefusedError,
        Cause("nothing listens there", "Is the server running? Is the port right?"),
    ),
    (
        ssl.SSLCertVerificationError,
        Cause(
            "its certificate is not to be trusted",
            "Check the host name, the certificate, and the clock.",
        ),
    ),
    (
        ssl.SSLError,
        Cause("the TLS handshake failed", "Without TLS, the URL begins with ws://."),
    ),
    (
        ConnectionResetError,
        Cause("the other side hung up", "With TLS, the URL begins with wss://."),
    ),
    (TimeoutError, Cause("it does not answer", "Is there a firewall in between?")),
)
"""Why there is no connection, by what was raised; the first that fits counts."""


def cause_of(error: BaseException) -> Cause | None:
    """Why there is no connection, and what to try; None if nobody knows.

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
    return Problem(text, cause.advice, ExitCode.UNREACHABLE)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what brought it about; aiohttp keeps some in an attribute."""
    while error is not None:
        yield error
        inner = getattr(error, "os_error", None)
        if isinstance(inner, BaseException):
            yield from _chain(inner)
        error = error.__cause__ or error.__context__


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
