"""Channels by topic: their identity, and the routes of messages."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from weakref import ref

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.redaction import forms_of
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.typed import EventHub
from rx_phoenix.errors import ChannelConflict

__all__ = ["ChannelRegistry", "Member"]


class JoinRef(Protocol):
    """A join, as far as staleness needs it.

    Attributes:
        ref: The ref that the wire knows it by; None until it is sent.
    """

    ref: str | None


class Member(Protocol):
    """A channel, as the connection knows it.

    Attributes:
        topic: The topic whose messages it receives.
    """

    topic: str

    @property
    def direct(self) -> Mapping[str, EventHub]:
        """By event, the only source interested in it; empty if all messages are.

        Always the same mapping, so that routes may hold it.
        """
        ...

    @property
    def current_join(self) -> JoinRef:
        """The join whose messages are current."""
        ...

    @property
    def sent_values(self) -> Iterator[str]:
        """The secrets among the params of its join."""
        ...

    @property
    def problem(self) -> str | None:
        """The reason for which it is not joined; None if it is, or need not be."""
        ...

    @property
    def awaits_answer(self) -> bool:
        """True while a join or a leave of it is on its way."""
        ...

    @property
    def joined_ref(self) -> str | None:
        """The ref of its join if the server has it among its members."""
        ...

    def in_flight(self) -> list[ChannelPush]:
        """Return the pushes that await their answers."""
        ...

    def receive(self, message: Message) -> None:
        """Take a message of its topic."""
        ...

    def receive_stale(self, message: Message) -> None:
        """Take a message of an older join, or of an older connection."""
        ...

    def opened(self) -> None:
        """React to the opening of the connection."""
        ...

    def lost(self, reason: str, error: Exception) -> None:
        """React to a lost connection, or to a failed attempt to open one."""
        ...

    def gave_up(self, error: Exception) -> None:
        """React to the end of all attempts."""
        ...

    def end(self) -> None:
        """End for good, with the socket."""
        ...


class ChannelRegistry:
    """One channel per topic, and the routes of messages.

    An idle channel is known but held weakly. An active one (wanted, not closed, or
    listened to) is held, and has a route. A removed one keeps its route until it is
    closed; its successor on the topic waits for that, because a server that gets a
    leave and a join back to back does not answer the leave.

    Attributes:
        routes: The receiver of each topic's messages: one look-up per message,
            however many channels there are.
        direct: By topic, what each receiver has in `Member.direct`: most messages need
            not touch the receiver itself.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Member] = {}
        self.direct: dict[str, Mapping[str, EventHub]] = {}
        # An active channel itself, in order of activation; a reference to an idle one.
        self._channels: dict[str, Member | ref[Member]] = {}

    def find(self, topic: str) -> Any:
        """The channel of a topic, or None."""
        entry = self._channels.get(topic)
        return entry() if isinstance(entry, ref) else entry

    def add(self, member: Member) -> None:
        """Register a channel under its topic.

        Raises:
            ChannelConflict: The topic has another channel.
        """
        holder = self.find(member.topic)
        if holder is None:
            self._hold_weakly(member)
        elif holder is not member:
            raise ChannelConflict(
                f"the topic {member.topic!r} has a channel already: get it with "
                f"socket.channel({member.topic!r}), or remove() it first"
            )

    def activate(self, member: Member) -> None:
        """Hold a registered channel, and route its topic's messages to it."""
        topic = member.topic
        entry = self._channels.get(topic)
        if isinstance(entry, ref) and entry() is member:
            # To the end: active channels come in the order of their activation.
            del self._channels[topic]
            self._channels[topic] = member
            if topic not in self.routes:
                self._add_route(member)

    def deactivate(self, member: Member) -> None:
        """Hold a channel weakly: it is not joined, and has no listeners."""
        topic = member.topic
        if self._channels.get(topic) is member:
            self._hold_weakly(member)
            self._remove_route(member)

    def begin_removal(self, member: Member) -> None:
        """Free a channel's topic; its messages reach it until it is closed."""
        if self.find(member.topic) is member:
            del self._channels[member.topic]

    def finish_removal(self, member: Member) -> None:
        """Hand the route of a removed channel, now closed, to its successor."""
        topic = member.topic
        if self.find(topic) is member or not self._remove_route(member):
            return
        successor = self._channels.get(topic)
        if successor is not None and not isinstance(successor, ref):
            self._add_route(successor)
            successor.opened()

    def may_join(self, topic: str, member: object) -> bool:
        """True unless a predecessor of a channel on its topic is not closed yet."""
        return self.routes.get(topic, member) is member

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the active ones, in order of activation; removed ones first."""
        held = [entry for entry in self._entries() if not isinstance(entry, ref)]
        return iter((*self._removed(), *held))

    def all(self) -> tuple[Any, ...]:
        """Every channel that is still alive."""
        found = (
            entry() if isinstance(entry, ref) else entry for entry in self._entries()
        )
        return (*self._removed(), *(member for member in found if member is not None))

    def secrets_in(self, text: str) -> frozenset[str]:
        """Return the secrets among the params of joins that a text repeats."""
        if not text:
            return frozenset()
        values = (value for member in self.all() for value in member.sent_values)
        forms = (form for value in values for form in forms_of((value,)))
        return frozenset(form for form in forms if form in text)

    def _entries(self) -> list["Member | ref[Member]"]:
        return list(self._channels.values())

    def _removed(self) -> list[Member]:
        """Those that still have their route, but no longer their topic."""
        return [
            member
            for topic, member in self.routes.items()
            if self.find(topic) is not member
        ]

    def _hold_weakly(self, member: Member) -> None:
        topic = member.topic

        def forget(gone: "ref[Member]") -> None:
            if self._channels.get(topic) is gone:
                del self._channels[topic]

        self._channels[topic] = ref(member, forget)

    def _add_route(self, member: Member) -> None:
        self.routes[member.topic] = member
        self.direct[member.topic] = member.direct

    def _remove_route(self, member: Member) -> bool:
        if self.routes.get(member.topic) is not member:
            return False
        del self.routes[member.topic], self.direct[member.topic]
        return True
