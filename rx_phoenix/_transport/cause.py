"""Causes of failures in our words, without what aiohttp's errors quote of requests."""

import errno
import os
import ssl
from socket import gaierror

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
)
from aiohttp.http import HttpProcessingError

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix.errors import ConnectError

__all__ = ["cause_of", "connect_error", "loss_cause", "root_of"]

IS_IT_PLAIN = "if it has no TLS, use ws:// in the URL"
IS_IT_TLS = "if it has TLS, use wss:// in the URL"

NO_CLOSE_FRAME = "the server closed the connection without a close frame"
"""The end of a connection whose server was killed."""

RESET = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}
"""The numbers of a connection that was reset."""


def cause_of(error: BaseException, *, is_tls: bool | None = None) -> str:
    """Return the cause of a failure, in words without secrets and addresses.

    Args:
        error: The failure.
        is_tls: Whether the URL is one of TLS, for advice; None gives none.

    >>> cause_of(ConnectionRefusedError())
    'nothing listens there'
    >>> cause_of(ServerDisconnectedError(), is_tls=False)
    'the server ended the connection; if it has TLS, use wss:// in the URL'
    """
    text = _words(error)
    if is_tls is not None and _is_doubtful(error, is_tls=is_tls):
        text = f"{text}; {IS_IT_PLAIN if is_tls else IS_IT_TLS}"
    return text


def _words(error: BaseException) -> str:  # noqa: PLR0911 - a table of causes
    match error:
        case ClientHttpProxyError():
            return f"the proxy answered HTTP {error.status} {error.message}".rstrip()
        case ClientProxyConnectionError(os_error=reason):
            return f"no connection to the proxy ({_words(reason)})"
        case ClientConnectorError(os_error=reason):
            return _words(reason)
        case ClientResponseError(__cause__=HttpProcessingError()):
            return "the answer is not valid HTTP"
        case ssl.SSLCertVerificationError(verify_message=reason):
            text = f"certificate verify failed: {reason}"
            return f"its certificate is not trusted ({text})"
        case ssl.SSLError(reason=str(reason)):
            reason = reason.lower().replace("_", " ")
            return f"the TLS handshake failed ({reason})"
        case _:
            return _fixed_words(error)


def _fixed_words(error: BaseException) -> str:
    for kind, text in CAUSES:
        if isinstance(error, kind):
            return text
    number = error.errno if isinstance(error, OSError) else None
    if number is not None:
        return "the connection was reset" if number in RESET else os.strerror(number)
    if isinstance(error, OSError) and not isinstance(error, ClientError):
        return str(error) or type(error).__name__
    return "the connection broke in the middle of a request"


CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ServerFingerprintMismatch, "its certificate does not match the fingerprint"),
    (TimeoutError, "it does not answer"),
    (ServerDisconnectedError, "the server ended the connection"),
    (ClientPayloadError, "the answer was cut, or cannot be decoded"),
    (gaierror, "cannot resolve the host"),
    (ssl.SSLError, "the TLS handshake failed"),
    (ConnectionRefusedError, "nothing listens there"),
    (ConnectionError, "the connection was reset"),
)
"""Causes, by the type of the error; the first match counts."""


def _is_doubtful(error: BaseException, *, is_tls: bool) -> bool:
    """Return True if the scheme of the URL may be to blame."""
    reason = error.os_error if isinstance(error, ClientConnectorError) else error
    if not is_tls:
        is_garbled = isinstance(error.__cause__, HttpProcessingError)
        return (
            is_garbled or isinstance(error, ServerDisconnectedError) or _is_cut(error)
        )
    if isinstance(reason, ssl.SSLCertVerificationError):
        return False
    is_connecting = isinstance(error, ClientConnectorError)
    return isinstance(reason, ssl.SSLError) or (is_connecting and _is_cut(reason))


def _is_cut(error: BaseException) -> bool:
    is_refused = isinstance(error, ConnectionRefusedError)
    is_reset = isinstance(error, OSError) and error.errno in RESET
    return (isinstance(error, ConnectionError) or is_reset) and not is_refused


def loss_cause(error: BaseException | None) -> str:
    """Return the cause for which an open connection ended without a close frame.

    >>> loss_cause(None)
    'the server closed the connection without a close frame'
    """
    has_cause = isinstance(error, OSError) and error.errno is not None
    return NO_CLOSE_FRAME if error is None or not has_cause else _words(error)


def root_of(error: BaseException) -> OSError | None:
    """Return the error of the operating system or of TLS behind one of aiohttp's.

    aiohttp's own hold the URL, headers and passwords of proxies, which error trackers
    would print.
    """
    link: BaseException | None = error
    while link is not None:
        reason = link.os_error if isinstance(link, ClientConnectorError) else link
        if isinstance(reason, OSError) and not type(reason).__module__.startswith(
            "aiohttp"
        ):
            # Its frames hold aiohttp's requests, which error trackers print, too.
            return reason.with_traceback(None)
        link = link.__cause__
    return None


def connect_error(endpoint: Endpoint, error: BaseException) -> ConnectError:
    """Return the error of an attempt that failed before the server answered."""
    url = endpoint.public_url
    is_refused = isinstance(error, ClientHttpProxyError)
    failed = ConnectError(
        f"no connection to {url}: {cause_of(error, is_tls=url.startswith('wss:'))}",
        url=url,
        status=error.status if is_refused else None,
        headers=dict(error.headers or {}) if is_refused else {},
    )
    failed.__cause__ = root_of(error)
    return failed
