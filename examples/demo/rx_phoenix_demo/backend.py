"""The server of the demo, the transport to it, and its planned outage."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from yarl import URL

from rx_phoenix import Transport, WebSocketTransport
from rx_phoenix.testing import reference_app
from rx_phoenix_demo.outage import BreakableTransport, restart

__all__ = ["Backend", "embedded_backend", "external_backend"]


@dataclass(frozen=True, slots=True)
class Backend:
    """The server of the demo, and the transport to it.

    Attributes:
        url: The endpoint.
        topic: The channel's topic.
        audience: The topic on which presence is tracked.
        transport: The transport.
        outage: Breaks the connection for a number of seconds.
        outage_text: A description of the outage, in a few words.
    """

    url: str
    topic: str
    audience: str
    transport: Transport
    outage: Callable[[float], Awaitable[None]]
    outage_text: str

    @property
    def public_url(self) -> str:
        """The endpoint without credentials and query."""
        return str(URL(self.url).with_user(None).with_query(None))


@asynccontextmanager
async def embedded_backend(origins: Collection[str] = ()) -> AsyncGenerator[Backend]:
    """Serve the reference app on a free port of loopback; its outage is a restart.

    Args:
        origins: The origins of web pages that may connect, besides its own.
    """
    async with reference_app(origins=origins) as server:
        yield Backend(
            server.url,
            "room:machine",
            "presence:machine",
            WebSocketTransport(),
            partial(restart, server),
            "the server restarts",
        )


@asynccontextmanager
async def external_backend(url: str) -> AsyncGenerator[Backend]:
    """Use a running server; the outage breaks the transport, not the server.

    The topic is unique, because other demos may use the same server.

    Args:
        url: The endpoint; it must serve the reference app.
    """
    transport = BreakableTransport(WebSocketTransport())
    name = f"machine-{secrets.token_hex(2)}"
    yield Backend(
        url,
        f"room:{name}",
        f"presence:{name}",
        transport,
        transport.break_for,
        "the cable is pulled",
    )
