"""The steps of ``rx-phoenix doctor``: each asks one question of the way to a server."""

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
from rx_phoenix._cli.target import Target
from rx_phoenix._cli.variants import second_opinion
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.names import UNMATCHED_TOPIC
from rx_phoenix.errors import ConnectError, JoinRefused, PushTimeout
from rx_phoenix.socket import Socket

__all__ = ["STEPS", "Context", "StepResult", "Verdict", "examined"]

PORTS = {"ws": 80, "wss": 443}
"""The ports of URLs that name none."""

SHOWN = 200
"""How many bytes of a refusal are quoted."""

PINGS = 5
"""How many round trips are measured."""


class Verdict(StrEnum):
    """What came of a step."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of a step.

    Attributes:
        text: What was found out: a sentence.
        verdict: Whether that is good.
        advice: What to do: a sentence, or nothing.
        code: How the command ends.
    """

    text: str
    verdict: Verdict = Verdict.OK
    advice: str = ""
    code: ExitCode = ExitCode.OK


@dataclass(slots=True)
class Context:
    """What is examined, and how far it has come.

    Attributes:
        target: The server.
        topic: A topic to join; None for none.
        params: What to join it with.
        stack: What has to be let go of afterwards.
        socket: The connection, once there is one.
    """

    target: Target
    topic: str | None
    params: Mapping[str, Any]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    socket: Socket | None = None

    @property
    def connection(self) -> Socket:
        """The connection that the upgrade made."""
        assert self.socket is not None, "the upgrade comes first"  # noqa: S101
        return self.socket

    @property
    def is_encrypted(self) -> bool:
        """Whether the URL asks for TLS."""
        return self._address.scheme == "wss"

    @property
    def host(self) -> str:
        """The name or address of the server's machine."""
        return self._address.hostname or ""

    @property
    def port(self) -> int:
        """The port, that of the scheme if the URL names none."""
        return self._address.port or PORTS[self._address.scheme]

    @property
    def _address(self) -> SplitResult:
        return urlsplit(Endpoint(url=self.target.url).address("websocket"))


Step = Callable[[Context], Awaitable[StepResult]]


async def examined(step: Step, patient: Context) -> StepResult:
    """Take a step; whatever the network does in it is a finding."""
    try:
        return await step(patient)
    except TimeoutError:
        within = patient.target.timeout
        text = f"There was no answer within {within:g} s."
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


async def resolve(patient: Context) -> StepResult:
    """Does the host have an address?"""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            patient.host, patient.port, type=sockets.SOCK_STREAM
        )
    except OSError:
        return StepResult(
            f"The name {patient.host} is not known.",
            Verdict.FAILED,
            "Check its spelling, and the network.",
            ExitCode.UNREACHABLE,
        )
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    return StepResult(f"{patient.host} is {addresses}.")


async def dial(patient: Context) -> StepResult:
    """Does anybody listen there?"""
    began = perf_counter()
    async with asyncio.timeout(patient.target.timeout):
        _, writer = await asyncio.open_connection(patient.host, patient.port)
    writer.close()
    return StepResult(f"Port {patient.port} answered in {since(began)}.")


async def encrypt(patient: Context) -> StepResult:
    """Does it speak TLS, with a certificate to be trusted?"""
    if not patient.is_encrypted:
        return StepResult(
            "The URL asks for none, as it begins with ws:// or http://.",
            Verdict.SKIPPED,
        )
    context = ssl.create_default_context()
    if patient.target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(patient.target.timeout):
        _, writer = await asyncio.open_connection(
            patient.host, patient.port, ssl=context, server_hostname=patient.host
        )
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    certificate = "was not checked" if patient.target.insecure else "is good"
    return StepResult(f"It speaks {version}; the certificate {certificate}.")


async def upgrade(patient: Context) -> StepResult:
    """Does it take us in as a client of Phoenix?"""
    target, began = patient.target, perf_counter()
    try:
        async with asyncio.timeout(target.timeout):
            connection = connected(target.url, **target.options)
            patient.socket = await patient.stack.enter_async_context(connection)
    except (ConnectError, TimeoutError) as error:
        return await refused(target, error)
    token = ", with the token" if target.token else ""
    return StepResult(
        f"The server took us in{token}, by {target.carrier} and version {target.vsn} "
        f"of the protocol, in {since(began)}."
    )


async def refused(target: Target, error: ConnectError | TimeoutError) -> StepResult:
    """What is to be said of a server that did not take us in."""
    problem = explain(error)
    if isinstance(error, ConnectError) and problem is not None:
        text, advice, code = problem.text, problem.advice, problem.code
        if error.body:
            text += f" It says: {error.body[:SHOWN].decode(errors='replace')!r}"
    else:
        text = f"It took the call, and said nothing for {target.timeout:g} s."
        advice = "Is it a web server at all? Does a proxy swallow the upgrade?"
        code = ExitCode.TIMEOUT
    return StepResult(
        text, Verdict.FAILED, await second_opinion(target) or advice, code
    )


async def ping(patient: Context) -> StepResult:
    """Does it answer heartbeats?"""
    trip = await patient.connection.ping()
    return StepResult(f"It was answered in {duration(trip)}.")


async def join(patient: Context) -> StepResult:
    """Does it let us into the channel?"""
    if patient.topic is None:
        return StepResult("No --topic was given.", Verdict.SKIPPED)
    began = perf_counter()
    channel = patient.connection.channel(patient.topic, patient.params)
    try:
        response = await channel.join()
    except JoinRefused as refusal:
        reason = refusal.response
        text = f"The server refused {patient.topic}: {as_json(reason)}"
        advice = REASONS.get(reason_of(reason), "Check the topic, and --join.")
        return StepResult(text, Verdict.FAILED, advice, ExitCode.REFUSED)
    except PushTimeout:
        text = f"There was no answer within {patient.target.timeout:g} s."
        advice = "The channel's join is slow, or stuck: its log says why."
        return StepResult(text, Verdict.FAILED, advice, ExitCode.TIMEOUT)
    return StepResult(
        f"{patient.topic} was joined in {since(began)}: {as_json(response)}"
    )


def reason_of(response: object) -> str:
    """The reason in the answer to a join; nothing if it has none."""
    match response:
        case {"reason": str(reason)}:
            return reason
        case _:
            return ""


REASONS = {
    UNMATCHED_TOPIC: "No channel serves it: check `channel` in the server's socket.",
    "join crashed": "The channel's join raised: the server's log says what.",
    "too many channels joined": "Leave some, or spread them over several sockets.",
    "unauthorized": "Check who you are to the server: the token, the params, --join.",
}
"""What to do about refusals that Phoenix's own code, or its guides, put that way."""


async def measure(patient: Context) -> StepResult:
    """How fast is it?"""
    trips = [await patient.connection.ping() for _ in range(PINGS)]
    return StepResult(
        f"{duration(median(trips))} in the median of {PINGS}, "
        f"from {duration(min(trips))} to {duration(max(trips))}."
    )


def since(began: float) -> str:
    """The time that has passed, for people."""
    return duration(perf_counter() - began)


def duration(seconds: float) -> str:
    """Seconds, for people.

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
"""The steps in their order."""
