"""``rx-phoenix push`` and ``rx-phoenix request``: an event, and the reply to it."""

from collections.abc import AsyncIterable, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import reactivex
from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected, socket_of
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import Output, warn
from rx_phoenix._cli.parsing import payload_of
from rx_phoenix._cli.problems import explain
from rx_phoenix._cli.target import Target
from rx_phoenix.errors import (
    ConnectError,
    JoinRefused,
    PushRefused,
    PushTimeout,
    RxPhoenixError,
)
from rx_phoenix.operators import Retry, first_value, retry_with_backoff
from rx_phoenix.policy import Backoff, Rejoin

__all__ = ["PushOptions", "push", "push_each", "request", "show"]

DELAYS = Backoff(0.5, 2.0, 10.0, jitter=0.2)
"""Seconds between the attempts of a request."""


@dataclass(frozen=True, slots=True)
class PushOptions:
    """A push, and the join before it.

    Attributes:
        topic: The topic.
        params: The params of the join.
        event: The event.
        payload: JSON, or bytes.
    """

    topic: str
    params: Mapping[str, Any]
    event: str
    payload: Any


async def push(
    target: Target, options: PushOptions, output: Output, *, wait: bool = True
) -> ExitCode:
    """Push an event once, and show the reply.

    Args:
        target: The server.
        options: The push.
        output: Shows the reply.
        wait: True to wait for a reply.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        PushError: No reply arrived.
    """
    async with connected(target) as socket:
        channel = socket.channel(options.topic, options.params)
        await channel.join()
        if wait:
            return await show(
                channel.push(options.event, options.payload), target, output
            )
        channel.push(options.event, options.payload)
        # The server reads in order: its answer to the ping confirms the push.
        await socket.ping()
        return ExitCode.OK


async def push_each(
    target: Target,
    options: PushOptions,
    payloads: AsyncIterable[bytes],
    output: Output,
    *,
    wait: bool = True,
) -> ExitCode:
    """Push an event for each payload, one after another, and show the replies.

    A payload that is not valid, and a push that fails, do not end the others.

    Args:
        target: The server.
        options: The push; its payload is not used.
        payloads: The payloads, as JSON; blank ones are skipped.
        output: Shows the replies.
        wait: True to wait for the replies.

    Returns:
        The exit code of the push that went worst.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
    """
    worst, number = ExitCode.OK, 0
    async with connected(target) as socket:
        channel = socket.channel(options.topic, options.params)
        await channel.join()
        async for text in payloads:
            if not text.strip():
                continue
            number += 1
            try:
                payload = payload_of(text)
                if wait:
                    pushed = channel.push(options.event, payload)
                    worst = max(worst, await show(pushed, target, output))
                else:
                    channel.push(options.event, payload)
            except RxPhoenixError as error:
                problem = explain(error)
                assert problem is not None, "each error of ours is explained"  # noqa: S101
                warn(f"payload {number}: {problem.text}")
                worst = max(worst, problem.code)
        if not wait:
            await socket.ping()
    return worst


async def request(
    target: Target, options: PushOptions, output: Output, *, attempts: int
) -> ExitCode:
    """Push an event until the server replies, across failures of the network.

    Args:
        target: The server.
        options: The push; the server may get it more than once.
        output: Shows the reply.
        attempts: The maximum number of pushes.

    Raises:
        ConnectError: The server refused the connection, or was never reached.
        JoinRefused: The join was refused.
        PushError: The last attempt got no reply.
    """
    rejoin = Rejoin(give_up=lambda _: True)
    async with aclosing(socket_of(target, rejoin=rejoin)) as socket:
        channel = socket.channel(options.topic, options.params)
        failures: list[Exception] = []
        socket.on_error(failures.append)

        def cause_of(error: Exception) -> Exception:
            """Return the cause of a timeout: mostly there was no connection."""
            return failures[-1] if failures and socket.state != "open" else error

        def notify(retry: Retry) -> None:
            if not channel.is_wanted:  # the command ends
                return
            problem = explain(cause_of(retry.error))
            text = problem.text if problem else f"{retry.error}."
            target.note(f"{text} Retrying in {retry.delay:.1f} s.")

        retried = channel.request(options.event, options.payload).pipe(
            retry_with_backoff(
                DELAYS, attempts=attempts, give_up=is_final, on_retry=notify
            )
        )
        membership = channel.joined.pipe(ops.ignore_elements())
        reply = first_value(reactivex.merge(membership, retried), timeout=None)
        try:
            return await show(reply, target, output)
        except PushTimeout as timeout:
            failure = cause_of(timeout)
    raise failure  # outside, so that its own cause stays


def is_final(error: Exception) -> bool:
    """Return True if the server refused, so that a retry is useless."""
    return isinstance(error, PushRefused | ConnectError)


async def show(reply: Awaitable[Any], target: Target, output: Output) -> ExitCode:
    """Show a reply of any status.

    Args:
        reply: The reply.
        target: The server; it may ask for quiet.
        output: Shows it.

    Raises:
        PushError: No reply arrived.
    """
    try:
        output.value(await reply)
    except JoinRefused:
        raise
    except PushRefused as refusal:
        output.value(refusal.response)
        target.note(f"The server replied {refusal.status!r}.")
        return ExitCode.REFUSED
    return ExitCode.OK
