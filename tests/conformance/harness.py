"""The kit's socket in virtual time, as phoenix.js's own tests set theirs up."""

from typing import Any

from rx_phoenix import (
    Backoff,
    Channel,
    ConnectError,
    Message,
    Push,
    Reconnect,
    Rejoin,
    SocketStats,
)
from rx_phoenix.testing import FakeConnection, Phx, Timeline

__all__ = ["TOPIC", "Harness", "hook_calls"]

TOPIC = "room:1"
URL = "ws://localhost/socket"


class Harness(Phx):
    """A `Phx` with phoenix.js's tables, without heartbeats unless a test asks.

    Tests take each step by hand, at an instant that they reach by `wait`. They have the
    same few words for it, below; the kit's own functions do the work.

    Args:
        answers_close: Whether the server answers a close of the client's.
        options: The socket's own.

    Attributes:
        unhandled: What nobody handled; a test that expects it takes it.
    """

    def __init__(self, *, answers_close: bool = True, **options: Any) -> None:
        super().__init__(Timeline())
        self.transport.answers_close = answers_close
        phoenix_js = {
            "url": URL,
            "heartbeat": None,
            "reconnect": Reconnect(Backoff.phoenix_reconnect()),
            "rejoin": Rejoin(Backoff.phoenix_rejoin()),
        }
        self.use(**phoenix_js | options)
        self.unhandled: list[Exception] = []
        self.socket.unhandled.subscribe(self.unhandled.append)
        self._sent: list[Message] = []
        self.socket.sent.subscribe(self._sent.append)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.scheduler.advance_by(seconds)

    def wait_until(self, clock: float) -> None:
        """Let time pass up to and with an instant."""
        self.scheduler.advance_to(clock)

    # The connection.

    def connect(self) -> FakeConnection:
        """Let the socket connect, and the handshake succeed."""
        self.socket.connect()
        return self.open()

    def open(self) -> FakeConnection:
        """Let the latest attempt succeed."""
        return self.transport.attempt.open()

    def fail(self, error: Exception | None = None) -> None:
        """Let the latest attempt fail."""
        self.transport.attempt.fail(error or ConnectError("refused"))

    def lose(self) -> None:
        """Let the connection end without a close frame."""
        self.transport.connection.lose()

    @property
    def attempts(self) -> int:
        """How often the client tried to connect."""
        return len(self.transport.attempts)

    # The messages.

    @property
    def wire(self) -> list[Message]:
        """Every message that reached the server."""
        return [message for one in self.server.connections for message in one.messages]

    @property
    def story(self) -> list[str]:
        """The events of all messages that reached the server, in order."""
        return [message.event for message in self.wire]

    def answer(
        self, message: Message | str, status: str = "ok", response: Any = None
    ) -> None:
        """Reply to a message, or to the latest of an event."""
        self.server.answer(message, status, response)

    def say(self, channel: Channel, event: str, payload: Any = None) -> None:
        """Send an event of a channel, as it is joined now."""
        self.server.say(channel.topic, event, payload, join_ref=channel.join_ref)

    def receive(
        self,
        event: str,
        payload: Any = None,
        *,
        join_ref: str | None = None,
        ref: str | None = None,
        topic: str = TOPIC,
    ) -> None:
        """Let any message arrive, even one that no server would send."""
        payload = {} if payload is None else payload
        message = Message(join_ref, ref, topic, event, payload)
        self.transport.connection.receive(message)

    # The channel.

    @property
    def stats(self) -> SocketStats:
        """The socket's figures now."""
        found: list[SocketStats] = []
        self.socket.stats.subscribe(found.append).dispose()
        return found[0]

    def channel(self, topic: str = TOPIC, params: Any = None) -> Channel:
        """The channel of a topic."""
        return self.socket.channel(topic, params)

    def joined(self, topic: str = TOPIC, params: Any = None) -> Channel:
        """A channel that is joined; connects if need be."""
        if self.socket.state != "open":
            self.connect()
        channel = self.channel(topic, params)
        channel.join()
        self.answer("phx_join")
        return channel

    def channel_in(self, state: str) -> Channel:
        """A channel in a state, on an open connection, wanted by `join`."""
        self.connect()
        channel = self.channel()
        if state != "closed":
            channel.join().mark_seen()
        if state in {"joined", "leaving"}:
            self.answer("phx_join")
        if state == "leaving":
            channel.leave()
        if state == "errored":
            self.answer("phx_join", "error", {"reason": "full"})
        assert channel.state == state
        return channel

    def finish(self) -> None:
        """End the socket; nothing may be left of it, and nothing unhandled."""
        self.socket.aclose()
        self.wait(2.0)
        assert [str(timer) for timer in self.scheduler.pending] == []
        assert self.unhandled == []
        assert self._sent == self.wire


def hook_calls(push: Push, *statuses: str) -> list[tuple[str, Any]]:
    """What the callbacks of a push are called with, by status."""
    calls: list[tuple[str, Any]] = []

    def note(status: str) -> None:
        push.receive(status, lambda response: calls.append((status, response)))

    for status in statuses or ("ok", "error", "timeout"):
        note(status)
    return calls
