"""Who is on which topic: the identity of channels, and the routes of messages."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from weakref import WeakValueDictionary

from rx_phoenix._protocol.message import Message
from rx_phoenix._streams.hub import Hub
from rx_phoenix.errors import ChannelConflict

__all__ = ["ChannelRegistry", "Member"]


class Referred(Protocol):
    """What has a ref on the wire, or None while it has not."""

    ref: str | None


class Member(Protocol):
    """A channel, as the connection knows it."""

    topic: str

    @property
    def on_message(self) -> object:
        """What every message passes; `unchanged` if it is left as it is."""
        ...

    @property
    def direct(self) -> Mapping[str, Hub[Any]]:
        """By event, who gets its payload when nobody else gets the message."""
        ...

    @property
    def current_join(self) -> Referred:
        """The join by whose ref messages of older ones are known."""
        ...

    def receive(self, message: Message) -> None:
        """A message of its topic arrived."""
        ...

    def opened(self) -> None:
        """The connection opened."""
        ...

    def lost(self, reason: str, error: Exception) -> None:
        """The connection was lost, or an attempt to open it failed."""
        ...

    def gave_up(self, error: Exception) -> None:
        """There will be no connection."""
        ...

    def end(self) -> None:
        """The socket ended for good."""
        ...


class ChannelRegistry:
    """One channel a topic.

    A channel that is idle is known, but held weakly; one that is busy (wanted, not
    closed, or listened to) is held, and has a route. One that was removed keeps its
    route until it is closed, and whoever took its topic meanwhile waits for that: a
    server that gets a leave and a join back to back does not answer the leave.

    Attributes:
        routes: By topic, whose messages they are: one look-up a message, however
            many channels there are.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Member] = {}
        self._known: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._busy: dict[str, Member] = {}
        self._retired: dict[str, Member] = {}

    def find(self, topic: str) -> Any:
        """The channel of a topic, or None."""
        return self._known.get(topic)

    def add(self, member: Member) -> None:
        """Take a topic.

        Raises:
            ChannelConflict: Another channel has it.
        """
        holder = self._known.get(member.topic)
        if holder is None:
            self._known[member.topic] = member
        elif holder is not member:
            raise ChannelConflict(
                f"the topic {member.topic!r} has a channel already: get it with "
                f"socket.channel({member.topic!r}), or remove() it first"
            )

    def keep(self, member: Member) -> None:
        """It is busy: hold it, and route its topic's messages to it."""
        topic = member.topic
        if self._known.get(topic) is member:
            self._busy[topic] = member
            if topic not in self._retired:
                self.routes[topic] = member

    def let_go(self, member: Member) -> None:
        """It is idle: nobody listens, and nothing is joined."""
        topic = member.topic
        if self._busy.get(topic) is member:
            del self._busy[topic]
            if topic not in self._retired:
                del self.routes[topic]

    def retire(self, member: Member) -> None:
        """Free its topic; its messages reach it until it is closed."""
        topic = member.topic
        if self._known.get(topic) is member:
            del self._known[topic]
        if self._busy.get(topic) is member:
            del self._busy[topic]
            # Who waits for a predecessor has not joined: there are no messages for it.
            self._retired.setdefault(topic, member)

    def dismiss(self, member: Member) -> None:
        """A retired one is closed: its topic is its successor's."""
        topic = member.topic
        if self._retired.get(topic) is not member:
            return
        del self._retired[topic]
        del self.routes[topic]
        successor = self._busy.get(topic)
        if successor is not None:
            self.keep(successor)
            successor.opened()

    def may_join(self, member: Member) -> bool:
        """Whether its topic is free of a predecessor."""
        return self._retired.get(member.topic, member) is member

    def __iter__(self) -> Iterator[Any]:
        """The busy ones, in the order in which they became so."""
        return iter((*self._retired.values(), *self._busy.values()))

    def all(self) -> tuple[Any, ...]:
        """Every one that is still alive."""
        return (*self._retired.values(), *self._known.values())
