"""Causes of failures, without what aiohttp's errors quote of requests."""

from aiohttp import (
    ClientConnectionResetError,
    ClientConnectorError,
    ClientOSError,
    ClientResponseError,
    ServerDisconnectedError,
)

__all__ = ["cause_of", "shown"]


def cause_of(error: Exception) -> str:
    """Return the cause of a failure, in words without secrets.

    >>> cause_of(ServerDisconnectedError())
    'the server ended the connection'
    >>> cause_of(TimeoutError())
    'TimeoutError'
    """
    if shown(error) is not None:
        return _reworded(error) or str(error) or type(error).__name__
    match error:
        case ClientResponseError():
            return f"HTTP {error.status} {error.message}"
        case ServerDisconnectedError():
            return "Server disconnected in the middle of its answer"
        case ClientOSError():
            return "The connection broke in the middle of a request"
        case _:
            return type(error).__name__


def _reworded(error: Exception) -> str | None:
    """Return our words for what aiohttp's would mislead about, or None."""
    match error:
        case ServerDisconnectedError():
            return "the server ended the connection"
        case ClientConnectionResetError():
            return "the connection was reset"
        case ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"cannot connect to {error.host}:{error.port} (connection refused)"
        case ClientConnectorError(os_error=reason):
            # Theirs name the setting of TLS, even where there is none.
            cause = reason.strerror or reason
            return f"cannot connect to {error.host}:{error.port} ({cause})"
        case _:
            return None


def shown(error: Exception) -> Exception | None:
    """Return the error as a cause; None if it quotes what was sent, or what came."""
    match error:
        case ClientResponseError():
            is_quoting = True
        case ServerDisconnectedError():
            is_quoting = not isinstance(error.message, str)
        case _:
            is_quoting = "://" in str(error)  # a URL, with its query
    return None if is_quoting else error
