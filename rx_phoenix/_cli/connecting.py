"""Connecting for a user at a terminal, who must see a first failure at once."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from rx_phoenix.policy import Reconnect
from rx_phoenix.socket import Socket

__all__ = ["FirstTry", "connected"]


class FirstTry:
    """A ``give_up`` that makes failures final until the first success.

    A typing error must be reported at once, not retried forever.

    Args:
        otherwise: Decides after the first success; None leaves it to the policy.

    >>> first = FirstTry()
    >>> first(OSError())
    True
    >>> first.succeed()
    >>> first(OSError()) is None
    True
    """

    def __init__(
        self, otherwise: Callable[[Exception], bool | None] | None = None
    ) -> None:
        self._otherwise = otherwise
        self._has_succeeded = False

    def succeed(self, *_: object) -> None:
        """Record the first success."""
        self._has_succeeded = True

    def __call__(self, error: Exception) -> bool | None:
        """Return True if a failure is final, or None to leave it to the policy."""
        if not self._has_succeeded:
            return True
        return None if self._otherwise is None else self._otherwise(error)


@asynccontextmanager
async def connected(
    url: str, *, reconnect: Reconnect = Reconnect(), **options: Any
) -> AsyncGenerator[Socket]:
    """Open a socket for a block; its first attempt must succeed.

    Args:
        url: The endpoint.
        reconnect: The policy for later losses.
        options: More arguments of `Socket`.

    Raises:
        ConnectError: The first attempt failed.
    """
    first = FirstTry(reconnect.give_up)
    policy = replace(reconnect, give_up=first)
    async with Socket(url, reconnect=policy, **options) as socket:
        first.succeed()
        yield socket
