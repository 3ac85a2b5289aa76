"""A server of `ServerChannel` classes on a simulated network."""

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

from rx_phoenix._protocol.serializer import Frame
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.testing._server.channel import ServerChannel
from rx_phoenix.testing._server.codec import Frame as ServerFrame
from rx_phoenix.testing._server.endpoint import Endpoint
from rx_phoenix.testing._server.handshake import serializer_of
from rx_phoenix.testing._server.process import JoinError
from rx_phoenix.testing._server.query import decode_query
from rx_phoenix.testing._server.routes import ChannelFactory
from rx_phoenix.testing._server.session import CloseCode, Session
from rx_phoenix.testing._server.socket import ServerSocket
from rx_phoenix.testing._simulation.network import Link
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["HostedServer"]

VERSIONS = (1, 2)
"""The versions of the protocol."""


class Refusing(ServerChannel):
    """A channel that refuses its join."""

    def join(self, params: Any) -> object:  # noqa: ARG002
        """Refuse."""
        return JoinError("not now")


class HostedServer:
    """The server of `PhoenixServer` without sockets: the `Peer` of a network.

    Args:
        scheduler: The clock.
        channels: The channels by pattern.

    Attributes:
        endpoint: The state shared by all clients.
        refusals: The number of joins to refuse next.
    """

    def __init__(
        self, scheduler: VirtualScheduler, channels: Mapping[str, ChannelFactory]
    ) -> None:
        self.endpoint = Endpoint()
        self.refusals: int = 0
        self._loop = scheduler.loop
        self._sessions: dict[Link, Session] = {}
        self._channels: list[ServerChannel] = []
        self._factories = {
            pattern: partial(self._make, factory)
            for pattern, factory in channels.items()
        }

    def opened(self, link: Link) -> None:
        """Start a session."""
        asked = link.endpoint
        uri = asked.address("websocket").replace("ws", "http", 1)
        socket = ServerSocket(
            params=decode_query(uri.partition("?")[2]),
            auth_token=asked.auth_token,
            headers={name.lower(): value for name, value in asked.headers.items()},
            uri=uri,
            transport="websocket",
            serializer=serializer_of(asked.vsn, VERSIONS),
        )
        connection = LinkConnection(link)
        session = Session(connection, socket, self.endpoint, self._factories, None)
        self._sessions[link] = session
        self.endpoint.sessions.add(session)
        self._loop.create_task(session.run())

    def received(self, link: Link, frame: Frame) -> None:
        """Handle a frame of a client."""
        self._sessions[link].receive(frame)

    def ended(self, link: Link) -> None:
        """End a session."""
        self._sessions.pop(link).end(None)

    def crash_any(self, random: Random) -> None:
        """Crash a random channel."""
        self._channels = [it for it in self._channels if it.process.is_joined]
        if self._channels:
            random.choice(self._channels).process.stop("crash")

    def _make(self, factory: ChannelFactory) -> ServerChannel:
        if self.refusals:
            self.refusals -= 1
            return Refusing()
        channel = factory()
        self._channels.append(channel)
        return channel


class LinkConnection:
    """The server's end of a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def send(self, frame: ServerFrame) -> None:
        """Send a frame."""
        self._link.push(frame.data)

    async def close(self, code: CloseCode) -> None:
        """Close the link."""
        self._link.end(ConnectionLost(code))

    def abort(self) -> None:
        """Lose the link."""
        self._link.end(ConnectionLost(1006))
