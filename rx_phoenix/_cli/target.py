"""Where a command connects to, and with what."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.redaction import is_secret
from rx_phoenix._protocol.serializer import SerializerV1, SerializerV2
from rx_phoenix._transport.contract import Transport
from rx_phoenix._transport.fallback import FallbackTransport
from rx_phoenix._transport.longpoll import LongPollTransport
from rx_phoenix._transport.websocket import WebSocketTransport
from rx_phoenix.errors import UsageError

__all__ = ["Target", "TransportKind", "pairs", "revealed"]

ENVIRONMENT = "env:"
"""What a value begins with that stands in an environment variable."""


class TransportKind(StrEnum):
    """How frames travel."""

    WEBSOCKET = "websocket"
    LONGPOLL = "longpoll"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a command connects to, and with what.

    Attributes:
        url: The endpoint.
        params: The connect params.
        token: The auth token.
        headers: Extra HTTP headers.
        carrier: How frames travel.
        vsn: The version of the protocol, 1 or 2.
        timeout: Seconds for a join, a leave or a push.
        insecure: Whether certificates go unchecked.
    """

    url: str
    params: Mapping[str, str]
    token: str | None
    headers: Mapping[str, str]
    carrier: TransportKind
    vsn: int
    timeout: float
    insecure: bool

    @property
    def public_url(self) -> str:
        """The endpoint, fit for showing."""
        return Endpoint(url=self.url).public_url

    @property
    def secrets(self) -> Sequence[str]:
        """What must not be shown anywhere."""
        named = [value for name, value in self.params.items() if is_secret(name)]
        return [*filter(None, [self.token]), *self.headers.values(), *named]

    @property
    def options(self) -> dict[str, Any]:
        """What a `Socket` has to be told besides the URL."""
        return {
            "params": self.params,
            "auth_token": self.token,
            "headers": self.headers,
            "timeout": self.timeout,
            "transport": self._transport(),
            "serializer": SerializerV1() if self.vsn == 1 else SerializerV2(),
        }

    def _transport(self) -> Transport:
        websocket = WebSocketTransport(ssl=not self.insecure)
        longpoll = LongPollTransport(ssl=not self.insecure)
        match self.carrier:
            case TransportKind.WEBSOCKET:
                return websocket
            case TransportKind.LONGPOLL:
                return longpoll
            case TransportKind.FALLBACK:
                return FallbackTransport(websocket, longpoll)


def pairs(given: Sequence[str], separator: str, what: str) -> dict[str, str]:
    """Read names with values.

    Args:
        given: Such as ``name=value``.
        separator: What stands between them.
        what: What they are, for the error.

    Raises:
        UsageError: One has no separator, or no name.

    >>> pairs(["user_id=7", "name=a=b"], "=", "--param")
    {'user_id': '7', 'name': 'a=b'}
    """
    read: dict[str, str] = {}
    for text in given:
        name, found, value = text.partition(separator)
        if not found or not name.strip():
            raise UsageError(
                f"{what} takes a name and a value, as in 'name{separator}value'; "
                f"{name!r} is none"
            )
        read[name.strip()] = revealed(value.strip())
    return read


def revealed(value: str) -> str:
    """A value, or what an environment variable holds if it says ``env:NAME``.

    So no secret has to stand on a command line, where all users of a machine see it.

    Raises:
        UsageError: The variable is not set.
    """
    if not value.startswith(ENVIRONMENT):
        return value
    name = value.removeprefix(ENVIRONMENT)
    if name not in os.environ:
        raise UsageError(f"the environment variable {name} is not set")
    return os.environ[name]
