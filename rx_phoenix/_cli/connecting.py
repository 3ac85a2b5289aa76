"""Connecting on behalf of somebody who waits at a terminal."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from rx_phoenix.policy import Reconnect
from rx_phoenix.socket import Socket

__all__ = ["FirstTry", "connected"]


class FirstTry:
    """A ``give_up`` that makes a failure final until something has worked once.

    A mistake in what was typed is better told at once than retried for ever.

    Args:
        otherwise: Decides once it has worked; None leaves it to the policy.

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
        self._has_worked = False

    def succeed(self, *_: object) -> None:
        """Note that it has worked."""
        self._has_worked = True

    def __call__(self, error: Exception) -> bool | None:
        """Whether a failure is final."""
        if not self._has_worked:
            return True
        return None if self._otherwise is None else self._otherwise(error)


@asynccontextmanager
async def connected(
    url: str, *, reconnect: Reconnect = Reconnect(), **options: Any
) -> AsyncGenerator[Socket]:
    """A socket that is open; its very first attempt has to succeed.

    Args:
        url: The endpoint.
        reconnect: What to do about losses later.
        options: More for the `Socket`.

    Raises:
        ConnectError: The first attempt failed.
    """
    first = FirstTry(reconnect.give_up)
    policy = replace(reconnect, give_up=first)
    async with Socket(url, reconnect=policy, **options) as socket:
        first.succeed()
        yield socket
