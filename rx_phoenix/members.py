"""Who is on which topic: the identity of channels, and the routes of messages."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol
from weakref import WeakValueDictionary

from rx_phoenix.errors import ChannelConflict
from rx_phoenix.protocol.message import Message

__all__ = ["Member", "Members", "Route"]

Route = Callable[[Message], None]
"""Where the messages of one topic go."""


class Member(Protocol):
    """A channel, as the connection knows it."""

    topic: str

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


class Members:
    """One channel a topic.

    A channel that is idle is known, but held weakly; one that is busy (wanted, not
    closed, or listened to) is held, and has a route.

    Attributes:
        routes: By topic, where messages go: one look-up a message, however many
            channels there are.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self._known: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._busy: dict[str, Member] = {}

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
        if self._known.get(member.topic) is member:
            self._busy[member.topic] = member
            self.routes[member.topic] = member.receive

    def let_go(self, member: Member) -> None:
        """It is idle: nobody listens, and nothing is joined."""
        if self._busy.get(member.topic) is member:
            del self._busy[member.topic]
            del self.routes[member.topic]

    def retire(self, member: Member) -> None:
        """Free its topic; while it is busy leaving, its messages still reach it."""
        if self._known.get(member.topic) is member:
            del self._known[member.topic]

    def discard(self, member: Member) -> None:
        """Free its topic."""
        self.let_go(member)
        if self._known.get(member.topic) is member:
            del self._known[member.topic]

    def __iter__(self) -> Iterator[Any]:
        """The busy ones, in the order in which they became so."""
        return iter(tuple(self._busy.values()))

    def all(self) -> tuple[Any, ...]:
        """Every one that is still alive."""
        return tuple(self._known.values())
