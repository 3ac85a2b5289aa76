"""Causes of failures, without what aiohttp's errors quote of requests."""

from aiohttp import ClientOSError, ClientResponseError, ServerDisconnectedError

__all__ = ["cause_of", "shown"]


def cause_of(error: Exception) -> str:
    """Return the cause of a failure, in words without secrets.

    >>> cause_of(ServerDisconnectedError())
    'Server disconnected'
    >>> cause_of(TimeoutError())
    'TimeoutError'
    """
    if shown(error) is not None:
        return str(error) or type(error).__name__
    match error:
        case ClientResponseError():
            return f"HTTP {error.status} {error.message}"
        case ServerDisconnectedError():
            return "Server disconnected in the middle of its answer"
        case ClientOSError():
            return "The connection broke in the middle of a request"
        case _:
            return type(error).__name__


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
