"""A model of a Phoenix server, as moody as its network.

It speaks as the real one does (who is joined, which join a message is of), but may
refuse, crash, close, answer late, twice or never.
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
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.testing._simulation.network import Router

__all__ = ["ModelServer"]


class ModelServer:
    """What a server knows: who is joined where, and what it told them.

    Args:
        chance: What it draws its moods from.
        after: Calls a function later.

    Attributes:
        is_calm: Whether it has stopped doing its worst.
        joined: By connection and topic, the join in force.
    """

    def __init__(
        self, chance: Random, after: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self.is_calm = False
        self.joined: dict[Router, dict[str, str]] = {}
        self._chance = chance
        self._after = after
        self._told = 0

    def opened(self, wire: Router) -> None:
        """A connection opened."""
        self.joined[wire] = {}

    def ended(self, wire: Router) -> None:
        """A connection is gone, and with it its channels."""
        self.joined.pop(wire, None)

    def received(self, wire: Router, message: Message) -> None:
        """Handle what a client sent."""
        topics = self.joined[wire]
        if message.topic == PHOENIX:
            self._answer(wire, message, "ok", {})
        elif message.event == JOIN:
            self._join(wire, message)
        elif message.event == LEAVE:
            self._leave(wire, message)
        elif message.topic not in topics:
            lost = Message(None, message.ref, message.topic, REPLY, UNMATCHED)
            wire.push(lost)
        elif topics[message.topic] == message.join_ref:
            self._handle(wire, message)

    def _join(self, wire: Router, message: Message) -> None:
        topics, topic, join_ref = self.joined[wire], message.topic, message.join_ref
        older = topics.pop(topic, None)
        if self._is_moody(0.15):
            self._answer(wire, message, "error", {"reason": "not now"})
        else:
            topics[topic] = join_ref or ""
            self._answer(wire, message, "ok", {"join": join_ref})
        if older is not None:
            wire.push(Message(older, older, topic, CLOSE, {}))

    def _leave(self, wire: Router, message: Message) -> None:
        topics, topic = self.joined[wire], message.topic
        if topic in topics and topics[topic] != message.join_ref:
            return
        self._answer(wire, message, "ok", {})
        if topics.pop(topic, None) is not None:
            wire.push(Message(message.join_ref, message.join_ref, topic, CLOSE, {}))

    def _handle(self, wire: Router, message: Message) -> None:
        if self._is_moody(0.05):
            self.crash(wire, message.topic)
        elif self._is_moody(0.1):
            return
        elif self._is_moody(0.1):
            late = self._chance.uniform(1, 15)
            self._after(late, lambda: self._answer(wire, message, "ok", {}))
        else:
            status = "error" if self._is_moody(0.1) else "ok"
            for _ in range(2 if self._is_moody(0.1) else 1):
                self._answer(wire, message, status, {"echo": message.payload})

    def _answer(
        self, wire: Router, message: Message, status: str, response: Any
    ) -> None:
        answer = {"status": status, "response": response}
        own = None if message.topic == PHOENIX else message.join_ref
        wire.push(Message(own, message.ref, message.topic, REPLY, answer))

    def _is_moody(self, share: float) -> bool:
        return not self.is_calm and self._chance.random() < share

    # What it does by itself.

    def tell(self) -> None:
        """Push the next number to every channel, each marked with its join."""
        self._told += 1
        for wire, topics in self.joined.items():
            for topic, join_ref in topics.items():
                payload = {"number": self._told, "join": join_ref}
                wire.push(Message(join_ref, None, topic, "number", payload))

    def crash(self, wire: Router, topic: str) -> None:
        """Let a channel's process crash."""
        join_ref = self.joined[wire].pop(topic, None)
        if join_ref is not None:
            reason = {"reason": "channel_crash"}
            wire.push(Message(join_ref, join_ref, topic, ERROR, reason))

    def crash_any(self) -> None:
        """Let some channel crash."""
        wires = [wire for wire, topics in self.joined.items() if topics]
        if wires:
            wire = self._chance.choice(wires)
            self.crash(wire, self._chance.choice(list(self.joined[wire])))

    def kick(self, code: int) -> None:
        """Close some connection."""
        if self.joined:
            self._chance.choice(list(self.joined)).end(ConnectionLost(code))

    def forget_any(self) -> None:
        """Lose a channel without a word."""
        joined = [topics for topics in self.joined.values() if topics]
        if joined:
            topics = self._chance.choice(joined)
            del topics[self._chance.choice(list(topics))]


UNMATCHED = {"status": "error", "response": {"reason": UNMATCHED_TOPIC}}
