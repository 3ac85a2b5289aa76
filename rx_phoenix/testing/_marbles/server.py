"""The server by hand, beside its lanes."""

from collections.abc import Sequence
from typing import Any

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import CLOSE, ERROR, JOIN, OK, REPLY
from rx_phoenix.errors import UsageError
from rx_phoenix.testing._marbles.actions import Answers, Closes, Says, check_meaning
from rx_phoenix.testing._marbles.client_lane import Actual, frame_text
from rx_phoenix.testing._marbles.server_lane import ServerLane
from rx_phoenix.testing._transports.fake import FakeConnection

__all__ = ["Server"]

CURRENT: Any = object()
"""The join_ref of the message, or of the latest join of the topic."""


class Server:
    """The fake server, for actions that a lane cannot express.

    Its frames may be impossible for a real server: a second answer, one of an older
    join, one on a connection that is gone, which the client has to drop. The drawings
    of a failure show them as letters.

    Args:
        lanes: The lanes of the server, one for each transport.
    """

    def __init__(self, lanes: Sequence[ServerLane]) -> None:
        self._lanes = lanes

    @property
    def connections(self) -> list[FakeConnection]:
        """All connections that opened, in the order of their attempts."""
        attempts = dict.fromkeys(item.attempt for item in self._done())
        return [attempt.connection for attempt in attempts if attempt.connection]

    def sent(self, event: str) -> list[Message]:
        """Return the client's messages of an event, the latest last."""
        return [message for message, _ in self._sent() if message.event == event]

    def last(self, event: str) -> Message:
        """Return the client's latest message of an event.

        Raises:
            UsageError: It sent none.
        """
        sent = self.sent(event)
        if not sent:
            others = ", ".join(dict.fromkeys(item.event for item, _ in self._sent()))
            raise UsageError(f"the client sent no {event!r}, but {others or 'nothing'}")
        return sent[-1]

    def answer(
        self,
        message: Message | str,
        status: str = OK,
        response: object = None,
        *,
        join_ref: str | None = CURRENT,
    ) -> None:
        """Answer a message on the connection that it was sent on, also once more.

        Args:
            message: A message of `last` or `Phx.sent`, or the event of the latest one.
            status: The status.
            response: The response; None stands for ``{}``.
            join_ref: The join_ref of the answer, if it is not the message's.

        Raises:
            UsageError: The client did not send the message; an argument is not valid.
        """
        check_meaning(Answers("P", status))
        to = self.last(message) if isinstance(message, str) else message
        item = next((item for sent, item in self._sent() if sent is to), None)
        if item is None:
            raise UsageError(
                f"the client did not send {frame_text(to)}: take a message of "
                "phx.server.last(…) or phx.sent(…)"
            )
        own = to.join_ref if join_ref is CURRENT else join_ref
        content: object = dict[str, object]() if response is None else response
        payload = {"status": status, "response": content}
        reply = Message(own, to.ref, to.topic, REPLY, payload)
        self._lane_of(item).answer_by_hand(reply, item)

    def say(
        self,
        topic: str,
        event: str,
        payload: object = None,
        *,
        join_ref: str | None = CURRENT,
        on: FakeConnection | None = None,
    ) -> None:
        """Send an event of a channel.

        Args:
            topic: The topic.
            event: The event; ``phx_close`` and ``phx_error`` get the join_ref as ref.
            payload: The payload; None stands for ``{}``.
            join_ref: The join_ref; by default that of the latest join of the topic on
                the connection. None makes it a broadcast.
            on: One of `connections`; the latest by default. It may be gone.

        Raises:
            UsageError: No connection has opened; an argument is not valid.
        """
        check_meaning(Says(event, payload, topic))
        connection = on or self._latest()
        if join_ref is CURRENT:
            join_ref = self._joined_as(topic, connection)
        ref = join_ref if event in {CLOSE, ERROR} else None
        message = Message(
            join_ref, ref, topic, event, {} if payload is None else payload
        )
        self._lane_on(connection).say_by_hand(message, connection)

    def close(
        self, code: int = 1000, reason: str = "", *, on: FakeConnection | None = None
    ) -> None:
        """Close a connection, whether or not it has ended; 1006 loses it.

        Args:
            code: The close code.
            reason: The reason.
            on: One of `connections`; the latest by default.

        Raises:
            UsageError: No connection has opened; an argument is not valid.
        """
        check_meaning(Closes(code, reason))
        connection = on or self._latest()
        self._lane_on(connection).close_by_hand(code, reason, connection)

    def _done(self) -> list[Actual]:
        done = [item for lane in self._lanes for item in lane.client.done]
        return sorted(done, key=lambda item: item.time)

    def _sent(self) -> list[tuple[Message, Actual]]:
        return [
            (item.action, item)
            for item in self._done()
            if isinstance(item.action, Message)
        ]

    def _latest(self) -> FakeConnection:
        if not self.connections:
            raise UsageError("no connection has opened: play an 'o' first")
        return self.connections[-1]

    def _joined_as(self, topic: str, connection: FakeConnection) -> str | None:
        joins = [
            message.join_ref
            for message, item in self._sent()
            if (message.topic, message.event) == (topic, JOIN)
            and item.attempt.connection is connection
        ]
        return joins[-1] if joins else None

    def _lane_of(self, item: Actual) -> ServerLane:
        return next(lane for lane in self._lanes if item in lane.client.done)

    def _lane_on(self, connection: FakeConnection) -> ServerLane:
        item = next(it for it in self._done() if it.attempt.connection is connection)
        return self._lane_of(item)
