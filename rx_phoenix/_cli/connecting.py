"""Connecting for a user at a terminal, who must see a first failure at once."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from reactivex import operators as ops

from rx_phoenix._cli.frames import frame_lines
from rx_phoenix._cli.output import notice
from rx_phoenix._cli.problems import cause_of
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.lifecycle import AttemptFailed
from rx_phoenix.policy import Backoff, Reconnect
from rx_phoenix.socket import Socket

__all__ = ["FirstTry", "connected", "socket_of"]

WAITING = Backoff(0.25, 2.0, 2.0)
"""Seconds between attempts to reach a server that is not there yet."""


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


def socket_of(target: Target, **options: Any) -> Socket:
    """Make the socket of a target, which shows its frames if the target asks for it.

    Args:
        target: The server.
        options: More arguments of `Socket`.
    """
    socket = Socket(target.url, **{**target.options, **options})
    if target.verbose:
        frame_lines(socket, target.secrets).subscribe(notice)
    return socket


@asynccontextmanager
async def connected(
    target: Target,
    *,
    reconnect: Reconnect | None = None,
    wait: bool = False,
    **options: Any,
) -> AsyncGenerator[Socket]:
    """Open a socket for a block; its first attempt must succeed.

    Args:
        target: The server.
        reconnect: The policy for later losses; the target's if None.
        wait: True to wait for a server that is not there yet.
        options: More arguments of `Socket`.

    Raises:
        ConnectError: The first attempt failed, or a later one for good.
    """
    policy = reconnect or target.reconnect
    if wait:
        patient = replace(policy, delays=WAITING)
        socket = socket_of(target, reconnect=patient, **options)
        waiting = socket.lifecycle.pipe(
            ops.filter(lambda event: isinstance(event, AttemptFailed)),
            ops.map(reason_of),
            ops.distinct_until_changed(),
        ).subscribe(lambda reason: target.note(f"Waiting for the server: {reason}."))
        async with socket:
            waiting.dispose()
            yield socket
        return
    first = FirstTry(policy.give_up)
    socket = socket_of(target, reconnect=replace(policy, give_up=first), **options)
    async with socket:
        first.succeed()
        yield socket


def reason_of(event: Any) -> str:
    """Return the reason of a failed attempt, in a few words."""
    cause = cause_of(event.error)
    return cause.text if cause else str(event.error)
