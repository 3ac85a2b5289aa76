"""A socket in virtual time, and the server's part in the test's hand."""

from typing import Any

from rx_phoenix import (
    Backoff,
    Channel,
    ConnectError,
    Message,
    Push,
    Reconnect,
    Rejoin,
    Socket,
    SocketStats,
)
from rx_phoenix.testing import FakeConnection, FakeTransport, VirtualScheduler

__all__ = ["TOPIC", "Harness", "hook_calls"]

TOPIC = "room:1"
URL = "ws://localhost/socket"


class Harness:
    """A socket with phoenix.js's tables, without heartbeats unless a test asks.

    Args:
        answers_close: Whether the server answers a close of the client's.
        url: The endpoint.
        options: The socket's own.

    Attributes:
        unhandled: What nobody handled; a test that expects it takes it.
        sent: Every message of the client's, with its time.
    """

    def __init__(
        self, *, answers_close: bool = True, url: str = URL, **options: Any
    ) -> None:
        self.time = VirtualScheduler()
        self.transport = FakeTransport(
            answers_close=answers_close, serializer=options.get("serializer")
        )
        self.unhandled: list[Exception] = []
        self.sent: list[tuple[float, Message]] = []
        self.socket = Socket(
            url,
            **{
                "transport": self.transport,
                "scheduler": self.time,
                "heartbeat": None,
                "reconnect": Reconnect(Backoff.phoenix_reconnect()),
                "rejoin": Rejoin(Backoff.phoenix_rejoin()),
            }
            | options,
        )
        self.socket.unhandled.subscribe(self.unhandled.append)
        self.socket.sent.subscribe(self._note)

    def _note(self, message: Message) -> None:
        self.sent.append((self.time.clock, message))

    # Time.

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time.advance_by(seconds)

    def wait_until(self, clock: float) -> None:
        """Let time pass up to and with an instant."""
        self.time.advance_to(clock)

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
        """Let the connection end without a goodbye."""
        self.connection.lose()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Let the server close the connection."""
        self.connection.close_from_server(code, reason)

    @property
    def connection(self) -> FakeConnection:
        """The latest connection."""
        return self.transport.connection

    @property
    def attempts(self) -> int:
        """How often the client tried to connect."""
        return len(self.transport.attempts)

    @property
    def connections(self) -> list[FakeConnection]:
        """Every connection that opened."""
        return [a.connection for a in self.transport.attempts if a.connection]

    # What the client says.

    @property
    def wire(self) -> list[Message]:
        """Every message that reached the server."""
        return [message for one in self.connections for message in one.messages]

    def frames(self, event: str) -> list[Message]:
        """Every message of an event that reached the server."""
        return [message for message in self.wire if message.event == event]

    def last(self, event: str) -> Message:
        """The latest of them."""
        return self.frames(event)[-1]

    def times(self, event: str) -> list[float]:
        """When messages of an event were sent."""
        return [time for time, message in self.sent if message.event == event]

    @property
    def story(self) -> list[str]:
        """The events of all messages that reached the server, in order."""
        return [message.event for message in self.wire]

    # What the server says.

    def receive(
        self,
        event: str,
        payload: Any = None,
        *,
        join_ref: str | None = None,
        ref: str | None = None,
        topic: str = TOPIC,
    ) -> None:
        """Let any message arrive."""
        payload = {} if payload is None else payload
        self.connection.receive(Message(join_ref, ref, topic, event, payload))

    def say(self, channel: Channel, event: str, payload: Any = None) -> None:
        """Let the server's channel say something, as it is joined now."""
        join_ref = channel.join_ref
        ref = join_ref if event in {"phx_close", "phx_error"} else None
        self.receive(event, payload, join_ref=join_ref, ref=ref, topic=channel.topic)

    def answer(
        self, message: Message | str, status: str = "ok", response: Any = None
    ) -> None:
        """Reply to a message, or to the latest of an event."""
        to = self.last(message) if isinstance(message, str) else message
        payload = {"status": status, "response": {} if response is None else response}
        self.receive(
            "phx_reply", payload, join_ref=to.join_ref, ref=to.ref, topic=to.topic
        )

    # Both.

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

    # The end.

    def finish(self) -> None:
        """End the socket; nothing may be left of it, and nothing unhandled."""
        self.socket.aclose()
        self.wait(2.0)
        assert [str(timer) for timer in self.time.pending] == []
        assert self.unhandled == []
        assert [message for _, message in self.sent] == self.wire


def hook_calls(push: Push, *statuses: str) -> list[tuple[str, Any]]:
    """What the callbacks of a push are called with, by status."""
    calls: list[tuple[str, Any]] = []

    def note(status: str) -> None:
        push.receive(status, lambda response: calls.append((status, response)))

    for status in statuses or ("ok", "error", "timeout"):
        note(status)
    return calls
