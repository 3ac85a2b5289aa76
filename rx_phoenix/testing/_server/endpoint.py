"""State shared by all clients of a server: topics, presences and sessions."""

from typing import Protocol

from rx_phoenix.testing._server.presence import ServerPresence
from rx_phoenix.testing._server.socket import ServerSocket
from rx_phoenix.testing._server.topics import Topics

__all__ = ["Connected", "Endpoint"]


class Connected(Protocol):
    """One client's session."""

    @property
    def socket(self) -> ServerSocket:
        """The client."""
        ...

    def disconnect(self) -> None:
        """End the session as Phoenix disconnects a socket id."""
        ...

    def stop(self) -> None:
        """End the session because the server stops."""
        ...

    def kill(self) -> None:
        """End the session at once, without a close frame."""
        ...


class Endpoint:
    """The server as seen by channels, modelled on `Phoenix.Endpoint`.

    Attributes:
        topics: The subscribers of each topic.
        presence: The presences of each topic.
        sessions: The connected clients.
    """

    def __init__(self) -> None:
        self.topics: Topics = Topics()
        self.presence: ServerPresence = ServerPresence(self.topics)
        self.sessions: set[Connected] = set()

    def broadcast(self, topic: str, event: str, payload: object) -> None:
        """Send an event to every client that joined a topic.

        Args:
            topic: The topic.
            event: The event.
            payload: JSON, or bytes for a binary frame.
        """
        self.topics.broadcast(topic, event, payload)

    def disconnect(self, socket_id: str) -> None:
        """Disconnect every client with this `ServerSocket.id`; it sees 1001."""
        for session in tuple(self.sessions):
            if session.socket.id == socket_id:
                session.disconnect()
