"""Connecting on behalf of somebody who waits at a terminal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from rx_phoenix.policy import Reconnect
from rx_phoenix.socket import Socket

__all__ = ["connected"]


@asynccontextmanager
async def connected(
    url: str, *, reconnect: Reconnect = Reconnect(), **options: Any
) -> AsyncGenerator[Socket]:
    """A socket that is open.

    The very first attempt has to succeed, for a mistake in the URL is better told at
    once than retried for ever; from then on the policy decides.

    Args:
        url: The endpoint.
        reconnect: What to do about losses later.
        options: More for the `Socket`.

    Raises:
        ConnectError: The first attempt failed.
    """
    has_opened = False

    def give_up(error: Exception) -> bool | None:
        if not has_opened:
            return True
        return reconnect.give_up(error) if reconnect.give_up else None

    policy = replace(reconnect, give_up=give_up)
    async with Socket(url, reconnect=policy, **options) as socket:
        has_opened = True
        yield socket
