"""The steps of ``rx-phoenix doctor``: each checks one layer of the path to a server."""

import asyncio
import socket as sockets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.output import as_json
from rx_phoenix._cli.ports import speaks_http, speaks_tls
from rx_phoenix._cli.problems import Cause, cause_of, explain
from rx_phoenix._cli.target import Target, TransportKind
from rx_phoenix._cli.variants import advice_for
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import HEARTBEAT, REPLY, UNMATCHED_TOPIC
from rx_phoenix._protocol.redaction import forms_of, redactor, values_in
from rx_phoenix.errors import (
    ConnectError,
    JoinRefused,
    PushError,
    PushTimeout,
    TransportError,
)
from rx_phoenix.operators import first_value
from rx_phoenix.policy import retry_after
from rx_phoenix.socket import Socket

__all__ = ["STEPS", "Context", "StepResult", "Verdict", "run_step"]

PORTS = {"ws": 80, "wss": 443}
"""The default ports, by scheme."""

OTHER_SCHEME = {"ws": "wss", "wss": "ws", "http": "https", "https": "http"}
"""The schemes with TLS of those without, and the other way round."""

BUSY = {429, 503}
"""The HTTP statuses that ask for patience."""

LONGEST_PROBE = 3.0
"""Seconds for a probe of the port, unless the timeout is shorter."""

LONGEST_WAIT = 60.0
"""Seconds that a server may ask to wait."""

QUOTED = 200
"""The number of characters of a refusal that are quoted."""

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

    def hide(self, quoted: Any) -> Any:
        """Take the secrets that were sent out of what the server repeats."""
        joined = forms_of(values_in(self.params, self.topic or ""))
        return redactor({*self.target.secrets, *joined})(quoted)

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
    def probe(self) -> float:
        """Seconds for a probe of the port."""
        return min(LONGEST_PROBE, self.target.patience)

    @property
    def other_url(self) -> str:
        """The URL with TLS if it has none, and without it if it has."""
        scheme, _, rest = self.target.public_url.partition("://")
        return f"{OTHER_SCHEME[scheme]}://{rest}"

    @property
    def _address(self) -> SplitResult:
        return urlsplit(Endpoint(url=self.target.url).address("websocket"))


Step = Callable[[Context], Awaitable[StepResult]]


async def run_step(step: Step, context: Context) -> StepResult:
    """Run a step, and convert errors of the network into results."""
    try:
        return await step(context)
    except TimeoutError:
        within = context.target.patience
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
    async with asyncio.timeout(context.target.patience):
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
    try:
        async with asyncio.timeout(context.target.patience):
            _, writer = await asyncio.open_connection(
                context.host, context.port, ssl=tls, server_hostname=context.host
            )
    except ssl.SSLCertVerificationError:
        raise
    except OSError as error:  # a TimeoutError too
        if await speaks_http(context.host, context.port, context.probe):
            text = "The server does not use TLS."
        elif isinstance(error, TimeoutError):
            raise
        else:
            cause = cause_of(error) or Cause(str(error), "")
            text = f"No TLS: {cause.text}."
        advice = f"Without TLS, the URL begins with ws://: {context.other_url}"
        return StepResult(text, Verdict.FAILED, advice, ExitCode.UNREACHABLE)
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    certificate = "was not checked" if context.target.insecure else "is valid"
    return StepResult(f"The server uses {version}; its certificate {certificate}.")


async def upgrade(context: Context) -> StepResult:
    """Connect as a Phoenix client."""
    target, began = context.target, perf_counter()
    try:
        waited = await open_socket(context)
    except (ConnectError, TimeoutError) as error:
        return await refused(context, error)
    token = ", with the token" if target.token else ""
    return StepResult(
        f"Connected over {TRANSPORTS[target.transport]}, protocol version {target.vsn}"
        f"{token}, in {since(began)}{waited}."
    )


async def open_socket(context: Context) -> str:
    """Connect, after a wait if the server asks for one; return that in words.

    Raises:
        ConnectError: The server refused, or its limit lasts too long.
        TimeoutError: It did not answer in time.
    """
    try:
        await enter(context)
    except ConnectError as error:
        delay = retry_after(error, datetime.now(UTC))
        if error.status not in BUSY or not 0 < delay <= LONGEST_WAIT:
            raise
        await asyncio.sleep(delay)
        await enter(context)
        return f", {delay:g} s of them waited as HTTP {error.status} asked"
    return ""


async def enter(context: Context) -> None:
    """Connect once."""
    connection = connected(context.target)
    async with asyncio.timeout(context.target.patience):
        context.socket = await context.stack.enter_async_context(connection)


TRANSPORTS = {
    TransportKind.WEBSOCKET: "WebSocket",
    TransportKind.LONGPOLL: "long polling",
    TransportKind.FALLBACK: "WebSocket or long polling",
}
"""The transports, as in a sentence."""


async def refused(context: Context, error: ConnectError | TimeoutError) -> StepResult:
    """Return the result for a server that did not accept the connection."""
    target, problem = context.target, explain(error)
    if isinstance(error, ConnectError) and problem is not None:
        text, advice, code = problem.text, problem.advice, problem.code
        if error.body:
            body: str = context.hide(error.body.decode(errors="replace"))
            text += f" The body: {body[:QUOTED]!r}"
        if error.status in BUSY:
            # Other params would be refused as well, and add to the load.
            delay = retry_after(error, datetime.now(UTC))
            if delay:
                advice = f"The server limits connections: wait at least {delay:g} s."
            return StepResult(text, Verdict.FAILED, advice, code)
    else:
        text = f"The server did not answer the upgrade within {target.patience:g} s."
        advice = "Is it a web server? Does a proxy block the upgrade?"
        code = ExitCode.TIMEOUT
    has_answered = isinstance(error, ConnectError) and error.status is not None
    is_silent = not (context.is_encrypted or has_answered)
    if is_silent and await speaks_tls(context.host, context.port, context.probe):
        advice = f"With TLS, the URL begins with wss://: {context.other_url}"
        return StepResult(text, Verdict.FAILED, advice, code)
    return StepResult(text, Verdict.FAILED, await advice_for(target) or advice, code)


async def ping(context: Context) -> StepResult:
    """Send a heartbeat, and check that the answer is one of Phoenix's."""
    socket, refs = context.connection, set[str | None]()

    def note(message: Message) -> None:
        if message.event == HEARTBEAT:
            refs.add(message.ref)

    replies = socket.frames.pipe(
        ops.filter(lambda message: message.event == REPLY and message.ref in refs)
    )
    with socket.sent.subscribe(note):
        # Subscribed before the heartbeat is sent.
        reply = asyncio.ensure_future(
            first_value(replies, timeout=context.target.timeout)
        )
        try:
            trip = await socket.ping()
            await reply
        except (PushError, TransportError, TimeoutError):
            return StepResult(
                "The server does not speak Phoenix: no phx_reply to the heartbeat "
                f"arrived within {context.target.timeout:g} s.",
                Verdict.FAILED,
                "Is this the URL of a Phoenix socket, such as /socket?",
                ExitCode.UNREACHABLE,
            )
        finally:
            reply.cancel()
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
        text = f"The server refused {context.topic}: {as_json(context.hide(reason))}"
        advice = REASONS.get(reason_of(reason), "Check the topic, and --join.")
        return StepResult(text, Verdict.FAILED, advice, ExitCode.REFUSED)
    except PushTimeout:
        text = f"The join timed out after {context.target.timeout:g} s."
        advice = "The channel's join is slow or blocked: see the server's log."
        return StepResult(text, Verdict.FAILED, advice, ExitCode.TIMEOUT)
    text = f"Joined {context.topic} in {since(began)}: "
    return StepResult(text + as_json(context.hide(response)))


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
