"""What an error of aiohttp says, fit for anybody to read."""

from aiohttp import ClientResponseError, ServerDisconnectedError

__all__ = ["cause_of", "shown"]


def cause_of(error: Exception) -> str:
    """The cause of a failure, in words without secrets.

    >>> cause_of(ServerDisconnectedError())
    'Server disconnected'
    >>> cause_of(TimeoutError())
    'TimeoutError'
    """
    if isinstance(error, ClientResponseError):
        return f"HTTP {error.status} {error.message}"
    if shown(error) is None:
        return "Server disconnected in the middle of its answer"
    return str(error) or type(error).__name__


def shown(error: Exception) -> Exception | None:
    """The error itself as a cause; None if it quotes what was sent, or what came."""
    is_quoting = isinstance(error, ClientResponseError) or (
        isinstance(error, ServerDisconnectedError)
        and not isinstance(error.message, str)
    )
    return None if is_quoting else error
