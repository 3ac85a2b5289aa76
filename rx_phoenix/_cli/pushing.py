"""``rx-phoenix push`` and ``rx-phoenix request``: an event, and its answer."""

from collections.abc import Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import reactivex
from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output, notice
from rx_phoenix._cli.target import Target
from rx_phoenix.errors import ConnectError, JoinRefused, PushRefused, PushTimeout
from rx_phoenix.operators import Retry, first_value, retry_with_backoff
from rx_phoenix.policy import Backoff, Rejoin
from rx_phoenix.socket import Socket

__all__ = ["PushOptions", "push", "request"]

PATIENCE = Backoff(0.5, 2.0, 10.0, jitter=0.2)
"""Seconds between the attempts of a request."""


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What is to be said, and where.

    Attributes:
        topic: The topic.
        params: What to join it with.
        event: The event.
        payload: JSON, or bytes.
    """

    topic: str
    params: Mapping[str, Any]
    event: str
    payload: Any


async def push(
    target: Target, saying: PushOptions, output: Output, *, is_answered: bool = True
) -> ExitCode:
    """Push an event once, and show what the server answers.

    Args:
        target: The server.
        saying: What is to be said.
        output: Where to show the answer.
        is_answered: Whether to wait for an answer.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        PushError: There was no answer.
    """
    async with connected(target.url, **target.options) as socket:
        channel = socket.channel(saying.topic, saying.params)
        await channel.join()
        sent = channel.push(saying.event, saying.payload)
        if is_answered:
            return await show(sent, output)
        # The server reads in order: what it answers now, it read after the push.
        await socket.ping()
        return ExitCode.OK


async def request(
    target: Target, saying: PushOptions, output: Output, *, attempts: int
) -> ExitCode:
    """Push an event until the server answers, whatever the network does meanwhile.

    Args:
        target: The server.
        saying: What is to be said; the server may get it more than once.
        output: Where to show the answer.
        attempts: How many pushes there are at most.

    Raises:
        ConnectError: The server refused the connection, or was never reached.
        JoinRefused: The join was refused.
        PushError: The last attempt had no answer.
    """
    rejoin = Rejoin(give_up=lambda _: True)
    async with aclosing(Socket(target.url, rejoin=rejoin, **target.options)) as socket:
        channel = socket.channel(saying.topic, saying.params)
        insisting = channel.request(saying.event, saying.payload).pipe(
            retry_with_backoff(
                PATIENCE, attempts=attempts, give_up=is_final, on_retry=tell
            )
        )
        failures: list[Exception] = []
        socket.on_error(failures.append)
        membership = channel.joined.pipe(ops.ignore_elements())
        answer = first_value(reactivex.merge(membership, insisting), timeout=None)
        try:
            return await show(answer, output)
        except PushTimeout:
            if not failures or socket.state == "open":
                raise
    raise failures[-1]


def is_final(error: Exception) -> bool:
    """Whether pushing again is of no use: somebody has said no."""
    return isinstance(error, PushRefused | ConnectError)


def tell(retry: Retry) -> None:
    """Say that there will be another attempt, and why."""
    notice(f"Trying again in {retry.delay:.1f} s: {retry.error}.")


async def show(answer: Awaitable[Any], output: Output) -> ExitCode:
    """Show an answer, whatever its status.

    Args:
        answer: The answer to come.
        output: Where to show it.

    Raises:
        PushError: There was none.
    """
    try:
        output.value(await answer)
    except JoinRefused:
        raise
    except PushRefused as refusal:
        output.value(refusal.response)
        notice(f"The server answered {refusal.status!r}.")
        return ExitCode.REFUSED
    return ExitCode.OK
