"""A model of a Phoenix server with random faults.

It tracks joins and join_refs as a real server does, but may refuse, crash, close, and
answer late, twice or never.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    JOIN,
    LEAVE,
    PHOENIX,
    REPLY,
    UNMATCHED_TOPIC,
)
from rx_phoenix._protocol.serializer import Frame, SerializerV2
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.testing._simulation.network import Link
from rx_phoenix.testing._transports.frames import frame_to_client, message_from_client

__all__ = ["ModelServer"]


class ModelServer:
    """A model of a Phoenix server.

    Args:
        random: The source of its faults.
        after: Calls a function after a delay.

    Attributes:
        is_faultless: True once its faults have stopped.
        joined: The current join_ref by connection and topic.
    """

    def __init__(
        self, random: Random, after: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self.is_faultless = False
        self.joined: dict[Link, dict[str, str]] = {}
        self._random = random
        self._after = after
        self._published = 0
        self._serializer = SerializerV2()

    def opened(self, link: Link) -> None:
        """Handle a new connection."""
        self.joined[link] = {}

    def ended(self, link: Link) -> None:
        """Handle the end of a connection and of its channels."""
        self.joined.pop(link, None)

    def received(self, link: Link, frame: Frame) -> None:
        """Handle a frame of a client."""
        message = message_from_client(frame, self._serializer)
        topics = self.joined[link]
        if message.topic == PHOENIX:
            # It may be busy for longer than a heartbeat may take, and go on sending.
            delay = self._random.uniform(1, 9) if self._fault_occurs(0.2) else 0.0
            self._after(delay, lambda: self._answer(link, message, "ok", {}))
        elif message.event == JOIN:
            self._join(link, message)
        elif message.event == LEAVE:
            self._leave(link, message)
        elif message.topic not in topics:
            lost = Message(None, message.ref, message.topic, REPLY, UNMATCHED)
            self._push(link, lost)
        elif topics[message.topic] == message.join_ref:
            self._handle(link, message)

    def _join(self, link: Link, message: Message) -> None:
        topics, topic, join_ref = self.joined[link], message.topic, message.join_ref
        older = topics.pop(topic, None)
        if self._fault_occurs(0.15):
            self._answer(link, message, "error", {"reason": "not now"})
        else:
            topics[topic] = join_ref or ""
            self._answer(link, message, "ok", {"join": join_ref})
        if older is not None:
            self._push(link, Message(older, older, topic, CLOSE, {}))

    def _leave(self, link: Link, message: Message) -> None:
        topics, topic = self.joined[link], message.topic
        if topic in topics and topics[topic] != message.join_ref:
            return
        self._answer(link, message, "ok", {})
        if topics.pop(topic, None) is not None:
            join_ref = message.join_ref
            self._push(link, Message(join_ref, join_ref, topic, CLOSE, {}))

    def _handle(self, link: Link, message: Message) -> None:
        if self._fault_occurs(0.05):
            self.crash(link, message.topic)
        elif self._fault_occurs(0.1):
            return
        elif self._fault_occurs(0.1):
            late = self._random.uniform(1, 15)
            self._after(late, lambda: self._answer(link, message, "ok", {}))
        else:
            status = "error" if self._fault_occurs(0.1) else "ok"
            for _ in range(2 if self._fault_occurs(0.1) else 1):
                self._answer(link, message, status, {"echo": message.payload})

    def _answer(self, link: Link, message: Message, status: str, response: Any) -> None:
        answer = {"status": status, "response": response}
        own = None if message.topic == PHOENIX else message.join_ref
        self._push(link, Message(own, message.ref, message.topic, REPLY, answer))

    def _push(self, link: Link, message: Message) -> None:
        link.push(frame_to_client(message, self._serializer))

    def _fault_occurs(self, share: float) -> bool:
        return not self.is_faultless and self._random.random() < share

    # Actions of its own.

    def publish(self) -> None:
        """Push the next number to every channel, each marked with its join."""
        self._published += 1
        for link, topics in self.joined.items():
            for topic, join_ref in topics.items():
                payload = {"number": self._published, "join": join_ref}
                self._push(link, Message(join_ref, None, topic, "number", payload))

    def crash(self, link: Link, topic: str) -> None:
        """Crash a channel."""
        join_ref = self.joined[link].pop(topic, None)
        if join_ref is not None:
            reason = {"reason": "channel_crash"}
            self._push(link, Message(join_ref, join_ref, topic, ERROR, reason))

    def crash_any(self) -> None:
        """Crash a random channel."""
        links = [link for link, topics in self.joined.items() if topics]
        if links:
            link = self._random.choice(links)
            self.crash(link, self._random.choice(list(self.joined[link])))

    def kick(self, code: int) -> None:
        """Close a random connection."""
        if self.joined:
            self._random.choice(list(self.joined)).end(ConnectionLost(code))

    def forget_any(self) -> None:
        """Forget a random channel without notifying its client."""
        joined = [topics for topics in self.joined.values() if topics]
        if joined:
            topics = self._random.choice(joined)
            del topics[self._random.choice(list(topics))]


UNMATCHED = {"status": "error", "response": {"reason": UNMATCHED_TOPIC}}
