"""The target of a command: the server, and the connection's options."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rx_phoenix._cli.output import notice
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.redaction import secrets_of
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._transport.contract import Transport
from rx_phoenix._transport.fallback import FallbackTransport
from rx_phoenix._transport.longpoll import LongPollTransport
from rx_phoenix._transport.websocket import WebSocketTransport
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Reconnect

__all__ = ["Target", "TransportKind", "pairs", "resolved"]

ENVIRONMENT = "env:"
"""The prefix of a value that names an environment variable."""


class TransportKind(StrEnum):
    """The choices of ``--transport``."""

    WEBSOCKET = "websocket"
    LONGPOLL = "longpoll"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of a command.

    Attributes:
        url: The endpoint.
        params: The connect params.
        token: The auth token.
        headers: Extra HTTP headers.
        transport: The transport.
        vsn: The version of the protocol, 1 or 2.
        timeout: Seconds for a join, a leave or a push.
        insecure: True to accept any certificate.
        connect_timeout: Seconds for an attempt to connect; `timeout` if None.
        verbose: True to show all frames.
        quiet: True to show no notices.
    """

    url: str
    params: Mapping[str, str]
    token: str | None
    headers: Mapping[str, str]
    transport: TransportKind
    vsn: int
    timeout: float
    insecure: bool
    connect_timeout: float | None = None
    verbose: bool = False
    quiet: bool = False

    @property
    def public_url(self) -> str:
        """The endpoint without secrets."""
        return Endpoint(url=self.url).public_url

    @property
    def secrets(self) -> Sequence[str]:
        """The values that must not be shown."""
        credentials = self.params, self.token, self.headers
        return sorted(secrets_of(self.url, credentials))

    @property
    def patience(self) -> float:
        """Seconds for an attempt to connect."""
        return self.connect_timeout or self.timeout

    @property
    def reconnect(self) -> Reconnect:
        """The policy of reconnecting."""
        return Reconnect(timeout=self.patience)

    def note(self, text: str) -> None:
        """Print a notice on stderr, if the user does not ask for quiet."""
        if not self.quiet:
            notice(text)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of `Socket` besides the URL."""
        return {
            "params": self.params,
            "auth_token": self.token,
            "headers": self.headers,
            "timeout": self.timeout,
            "reconnect": self.reconnect,
            "transport": self._new_transport(),
            "serializer": SerializerV1() if self.vsn == 1 else SerializerV2(),
        }

    def _new_transport(self) -> Transport:
        websocket = WebSocketTransport(ssl=not self.insecure)
        longpoll = LongPollTransport(ssl=not self.insecure)
        match self.transport:
            case TransportKind.WEBSOCKET:
                return websocket
            case TransportKind.LONGPOLL:
                return longpoll
            case TransportKind.FALLBACK:
                return FallbackTransport(websocket, longpoll)


def pairs(given: Sequence[str], separator: str, option: str) -> dict[str, str]:
    """Parse names and values.

    Args:
        given: Texts such as ``name=value``.
        separator: The separator.
        option: The option's name, for the error.

    Raises:
        UsageError: One has no separator, or no name.

    >>> pairs(["user_id=7", "name=a=b"], "=", "--param")
    {'user_id': '7', 'name': 'a=b'}
    """
    read: dict[str, str] = {}
    for text in given:
        name, found, value = text.partition(separator)
        if not found or not name.strip():
            raise UsageError(f"{option} must be NAME{separator}VALUE, got {name!r}")
        read[name.strip()] = resolved(value.strip())
    return read


def resolved(value: str) -> str:
    """Return a value, or the environment variable that ``env:NAME`` names.

    It keeps secrets off the command line, which all users of a machine can see.

    Raises:
        UsageError: The variable is not set.
    """
    if not value.startswith(ENVIRONMENT):
        return value
    name = value.removeprefix(ENVIRONMENT)
    if name not in os.environ:
        raise UsageError(f"the environment variable {name} is not set")
    return os.environ[name]
