"""Who listens to which topic: the PubSub of the server."""

from typing import Protocol

from rx_phoenix.testing._server.codec import Frame, Serializer

__all__ = ["Subscriber", "Topics"]


class Subscriber(Protocol):
    """One joined channel, as a broadcast sees it."""

    @property
    def serializer(self) -> Serializer:
        """The protocol that its client speaks."""
        ...

    def deliver(self, frame: Frame) -> None:
        """Hand a frame to its client, past the channel ("fastlane")."""
        ...


class Topics:
    """The subscribers of every topic, in the order in which they came."""

    def __init__(self) -> None:
        self._subscribers: dict[str, dict[Subscriber, None]] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Let a subscriber have what is broadcast to a topic from now on."""
        self._subscribers.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Let it have no more; nothing happens if it had nothing."""
        subscribers = self._subscribers.get(topic, {})
        subscribers.pop(subscriber, None)
        if not subscribers:
            self._subscribers.pop(topic, None)

    def broadcast(
        self,
        topic: str,
        event: str,
        payload: object,
        *,
        but: Subscriber | None = None,
    ) -> None:
        """Send an event to every subscriber of a topic, encoded once a protocol.

        Args:
            topic: The topic.
            event: The event.
            payload: JSON, or bytes.
            but: One that shall not get it.

        Raises:
            TypeError: A subscriber's protocol cannot carry the payload. Those before
                it have it, those behind it have not, as on a real server.
        """
        frames: dict[str, Frame] = {}
        for subscriber in tuple(self._subscribers.get(topic, ())):
            if subscriber is but:
                continue
            serializer = subscriber.serializer
            frame = frames.get(serializer.name)
            if frame is None:
                frame = serializer.encode_broadcast(topic, event, payload)
                frames[serializer.name] = frame
            subscriber.deliver(frame)
