"""Where the demo plays: a server, a way to it, and a way to break it."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from rx_phoenix._cli.demo.outage import BreakableTransport, restart
from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._transport.contract import Transport
from rx_phoenix._transport.websocket import WebSocketTransport
from rx_phoenix.testing._reference import reference_app

__all__ = ["Stage", "borrowed", "embedded"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays.

    Attributes:
        url: The server.
        public_url: The same, fit for showing.
        topic: The channel's topic.
        audience: The topic on which presence is tracked.
        transport: The way to it.
        outage: Breaks the connection for so many seconds.
        plan: What an outage is, in words.
    """

    url: str
    topic: str
    audience: str
    transport: Transport
    outage: Callable[[float], Awaitable[None]]
    plan: str

    @property
    def public_url(self) -> str:
        """The server, fit for showing."""
        return Endpoint(url=self.url).public_url


@asynccontextmanager
async def embedded() -> AsyncGenerator[Stage]:
    """A server of our own, at a free port of loopback; its outage is a restart."""
    async with reference_app() as server:
        yield Stage(
            server.url,
            "room:machine",
            "presence:machine",
            WebSocketTransport(),
            partial(restart, server),
            "the server restarts",
        )


@asynccontextmanager
async def borrowed(url: str) -> AsyncGenerator[Stage]:
    """Somebody else's server; we do not stop that, but lose our way to it.

    The topic is one of our own, for others may show theirs there.

    Args:
        url: The endpoint; it has to serve the reference app.
    """
    transport = BreakableTransport(WebSocketTransport())
    name = f"machine-{secrets.token_hex(2)}"
    yield Stage(
        url,
        f"room:{name}",
        f"presence:{name}",
        transport,
        transport.break_for,
        "the cable is pulled",
    )
