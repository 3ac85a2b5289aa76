"""The steps of ``rx-phoenix doctor``: each checks one layer of the path to a server."""

import asyncio
import socket as sockets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import SplitResult, urlsplit

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import as_json
from rx_phoenix._cli.problems import Cause, cause_of, explain
from rx_phoenix._cli.target import Target, TransportKind
from rx_phoenix._cli.variants import advice_for
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.names import UNMATCHED_TOPIC
from rx_phoenix.errors import ConnectError, JoinRefused, PushTimeout
from rx_phoenix.socket import Socket

__all__ = ["STEPS", "Context", "StepResult", "Verdict", "run_step"]

PORTS = {"ws": 80, "wss": 443}
"""The default ports, by scheme."""

QUOTED_BYTES = 200
"""The number of bytes of a refusal that are quoted."""

PINGS = 5
"""The number of round trips that are measured."""


class Verdict(StrEnum):
    """The outcome of a step."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of a step.

    Attributes:
        text: The result, as a sentence.
        verdict: The outcome.
        advice: A sentence of advice, or "".
        code: The exit code of the command.
    """

    text: str
    verdict: Verdict = Verdict.OK
    advice: str = ""
    code: ExitCode = ExitCode.OK


@dataclass(slots=True)
class Context:
    """The input of the steps, and the state that they share.

    Attributes:
        target: The server.
        topic: A topic to join, or None.
        params: The params of the join.
        stack: The resources to close afterwards.
        socket: The connected socket, after the upgrade.
    """

    target: Target
    topic: str | None
    params: Mapping[str, Any]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    socket: Socket | None = None

    @property
    def connection(self) -> Socket:
        """The connected socket."""
        assert self.socket is not None, "the upgrade comes first"  # noqa: S101
        return self.socket

    @property
    def is_encrypted(self) -> bool:
        """True if the URL requires TLS."""
        return self._address.scheme == "wss"

    @property
    def host(self) -> str:
        """The name or address of the server."""
        return self._address.hostname or ""

    @property
    def port(self) -> int:
        """The port of the URL, or the default of its scheme."""
        return self._address.port or PORTS[self._address.scheme]

    @property
    def _address(self) -> SplitResult:
        return urlsplit(Endpoint(url=self.target.url).address("websocket"))


Step = Callable[[Context], Awaitable[StepResult]]


async def run_step(step: Step, context: Context) -> StepResult:
    """Run a step, and convert errors of the network into results."""
    try:
        return await step(context)
    except TimeoutError:
        within = context.target.timeout
        text = f"Timed out after {within:g} s."
        return StepResult(
            text, Verdict.FAILED, "Is there a firewall in between?", ExitCode.TIMEOUT
        )
    except OSError as error:
        cause = cause_of(error) or Cause(str(error), "")
        text = f"{cause.text[0].upper()}{cause.text[1:]}."
        return StepResult(text, Verdict.FAILED, cause.advice, ExitCode.UNREACHABLE)
    except Exception as error:
        problem = explain(error)
        if problem is None:
            raise
        return StepResult(problem.text, Verdict.FAILED, problem.advice, problem.code)


async def resolve(context: Context) -> StepResult:
    """Resolve the host's name."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            context.host, context.port, type=sockets.SOCK_STREAM
        )
    except OSError:
        return StepResult(
            f"Cannot resolve {context.host}.",
            Verdict.FAILED,
            "Check the spelling of the host, and the network.",
            ExitCode.UNREACHABLE,
        )
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    return StepResult(f"{context.host} resolves to {addresses}.")


async def dial(context: Context) -> StepResult:
    """Open a TCP connection."""
    began = perf_counter()
    async with asyncio.timeout(context.target.timeout):
        _, writer = await asyncio.open_connection(context.host, context.port)
    writer.close()
    return StepResult(f"Connected to port {context.port} in {since(began)}.")


async def encrypt(context: Context) -> StepResult:
    """Complete a TLS handshake, and verify the certificate."""
    if not context.is_encrypted:
        return StepResult(
            "The URL does not use TLS: it begins with ws:// or http://.",
            Verdict.SKIPPED,
        )
    tls = ssl.create_default_context()
    if context.target.insecure:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(context.target.timeout):
        _, writer = await asyncio.open_connection(
            context.host, context.port, ssl=tls, server_hostname=context.host
        )
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    certificate = "was not checked" if context.target.insecure else "is valid"
    return StepResult(f"The server uses {version}; its certificate {certificate}.")


async def upgrade(context: Context) -> StepResult:
    """Connect as a Phoenix client."""
    target, began = context.target, perf_counter()
    try:
        async with asyncio.timeout(target.timeout):
            connection = connected(target.url, **target.options)
            context.socket = await context.stack.enter_async_context(connection)
    except (ConnectError, TimeoutError) as error:
        return await refused(target, error)
    token = ", with the token" if target.token else ""
    return StepResult(
        f"Connected over {TRANSPORTS[target.transport]}, protocol version {target.vsn}"
        f"{token}, in {since(began)}."
    )


TRANSPORTS = {
    TransportKind.WEBSOCKET: "WebSocket",
    TransportKind.LONGPOLL: "long polling",
    TransportKind.FALLBACK: "WebSocket or long polling",
}
"""The transports, as in a sentence."""


async def refused(target: Target, error: ConnectError | TimeoutError) -> StepResult:
    """Return the result for a server that did not accept the connection."""
    problem = explain(error)
    if isinstance(error, ConnectError) and problem is not None:
        text, advice, code = problem.text, problem.advice, problem.code
        if error.body:
            body = error.body[:QUOTED_BYTES].decode(errors="replace")
            text += f" The body: {body!r}"
    else:
        text = f"The server did not answer the upgrade within {target.timeout:g} s."
        advice = "Is it a web server? Does a proxy block the upgrade?"
        code = ExitCode.TIMEOUT
    return StepResult(text, Verdict.FAILED, await advice_for(target) or advice, code)


async def ping(context: Context) -> StepResult:
    """Send a heartbeat."""
    trip = await context.connection.ping()
    return StepResult(f"Answered in {duration(trip)}.")


async def join(context: Context) -> StepResult:
    """Join the topic, if one was given."""
    if context.topic is None:
        return StepResult("No --topic was given.", Verdict.SKIPPED)
    began = perf_counter()
    channel = context.connection.channel(context.topic, context.params)
    try:
        response = await channel.join()
    except JoinRefused as refusal:
        reason = refusal.response
        text = f"The server refused {context.topic}: {as_json(reason)}"
        advice = REASONS.get(reason_of(reason), "Check the topic, and --join.")
        return StepResult(text, Verdict.FAILED, advice, ExitCode.REFUSED)
    except PushTimeout:
        text = f"The join timed out after {context.target.timeout:g} s."
        advice = "The channel's join is slow or blocked: see the server's log."
        return StepResult(text, Verdict.FAILED, advice, ExitCode.TIMEOUT)
    return StepResult(f"Joined {context.topic} in {since(began)}: {as_json(response)}")


def reason_of(response: object) -> str:
    """Return the reason in the reply to a join, or ""."""
    match response:
        case {"reason": str(reason)}:
            return reason
        case _:
            return ""


REASONS = {
    UNMATCHED_TOPIC: "No channel matches: check `channel` in the server's socket.",
    "join crashed": "The channel's join raised: see the server's log.",
    "too many channels joined": "Leave some, or spread them over several sockets.",
    "unauthorized": "Check your credentials: the token, the params, --join.",
}
"""Advice for the reasons that Phoenix, or its guides, use."""


async def measure(context: Context) -> StepResult:
    """Measure round trips."""
    trips = [await context.connection.ping() for _ in range(PINGS)]
    return StepResult(
        f"Median {duration(median(trips))} of {PINGS}, "
        f"from {duration(min(trips))} to {duration(max(trips))}."
    )


def since(began: float) -> str:
    """Format the time since a start."""
    return duration(perf_counter() - began)


def duration(seconds: float) -> str:
    """Format seconds as milliseconds.

    >>> duration(0.01234)
    '12.3 ms'
    """
    return f"{seconds * 1000:.1f} ms"


STEPS: Mapping[str, Step] = {
    "name": resolve,
    "TCP": dial,
    "TLS": encrypt,
    "upgrade": upgrade,
    "heartbeat": ping,
    "join": join,
    "round trip": measure,
}
"""The steps, in order."""
