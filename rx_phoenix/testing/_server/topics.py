"""Topics and their subscribers: the PubSub of the server."""

from typing import Protocol

from rx_phoenix.testing._server.codec import Frame, Serializer, require_map

__all__ = ["Subscriber", "Topics"]


class Subscriber(Protocol):
    """A joined channel, as seen by a broadcast."""

    @property
    def serializer(self) -> Serializer:
        """The serializer of its client's protocol."""
        ...

    def deliver(self, frame: Frame) -> None:
        """Send a frame to its client, bypassing the channel ("fastlane")."""
        ...


class Topics:
    """The subscribers of every topic, in the order of subscription."""

    def __init__(self) -> None:
        self._subscribers: dict[str, dict[Subscriber, None]] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Add a subscriber to a topic."""
        self._subscribers.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Remove a subscriber; has no effect if it is not subscribed."""
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
        """Send an event to every subscriber of a topic, encoded once per protocol.

        Args:
            topic: The topic.
            event: The event.
            payload: A mapping, or bytes.
            but: A subscriber to skip.

        Raises:
            TypeError: A subscriber's protocol cannot carry the payload. Subscribers
                before it got the event, later ones did not, as on a real server.
        """
        frames: dict[str, Frame] = {}
        for subscriber in tuple(self._subscribers.get(topic, ())):
            if subscriber is but:
                continue
            serializer = subscriber.serializer
            frame = frames.get(serializer.name)
            if frame is None:
                require_map(payload)
                frame = serializer.encode_broadcast(topic, event, payload)
                frames[serializer.name] = frame
            subscriber.deliver(frame)
