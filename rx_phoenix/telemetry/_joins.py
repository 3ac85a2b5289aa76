"""Joins: spans of join attempts, from the messages sent and received."""

from opentelemetry.context import Context
from reactivex import abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._connection.handle import connection_of
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import (
    CLOSE,
    ERROR,
    JOIN,
    LEAVE,
    OK,
    REPLY,
    TIMEOUT,
    ChannelState,
    SocketState,
)
from rx_phoenix.socket import Socket
from rx_phoenix.telemetry._names import (
    CONVERSATION,
    DESTINATION,
    MESSAGE,
    TEMPLATE,
    template_of,
)
from rx_phoenix.telemetry._operations import Operation, Operations

__all__ = ["Joins"]


class Joins(abc.DisposableBase):
    """An observer of the joins and rejoins of all channels of a socket.

    Args:
        socket: The socket.
        operations: Starts a span for each join.
    """

    def __init__(self, socket: Socket, operations: Operations) -> None:
        self._find = connection_of(socket).router.registry.find
        self._operations = operations
        self._open: dict[str, tuple[str | None, Operation]] = {}
        self._subscriptions = CompositeDisposable(
            socket.sent.subscribe(self._sent),
            socket.frames.subscribe(self._received),
            socket.states.subscribe(self._state_changed),
        )

    def dispose(self) -> None:
        """Unsubscribe."""
        self._subscriptions.dispose()

    def _sent(self, message: Message) -> None:
        topic = message.topic
        if message.event == JOIN:
            self._end(topic, "cancelled")
            self._begin(topic, message.ref)
        elif message.event == LEAVE and self._has_timed_out(topic):
            self._end(topic, TIMEOUT, is_error=True)

    def _has_timed_out(self, topic: str) -> bool:
        """Return True if a leave follows a join that timed out.

        Before a leave that the user requested, the server answers the join.
        """
        channel = self._find(topic)
        unjoined = {ChannelState.JOINING, ChannelState.ERRORED}
        return channel is not None and channel.state in unjoined

    def _received(self, message: Message) -> None:
        topic, event = message.topic, message.event
        ref, _ = self._open.get(topic, (None, None))
        if ref is None:
            return
        if event == REPLY and message.ref == ref:
            reply = message.reply
            status = OK if reply is None else reply.status
            self._end(topic, status, is_error=status != OK)
        # Version 1 of the protocol has no join_ref.
        elif event in {CLOSE, ERROR} and message.join_ref in {None, ref}:
            is_error = event == ERROR
            self._end(topic, "crashed" if is_error else "cancelled", is_error=is_error)

    def _state_changed(self, state: SocketState) -> None:
        if state is SocketState.OPEN:
            return
        is_error = state is not SocketState.CLOSING
        for topic in tuple(self._open):
            self._end(topic, "lost" if is_error else "cancelled", is_error=is_error)

    def _begin(self, topic: str, ref: str | None) -> None:
        template = template_of(topic)
        operation = self._operations.begin(
            "join",
            template,
            {TEMPLATE: template},
            detail={DESTINATION: topic, MESSAGE: ref or "", CONVERSATION: ref or ""},
            context=Context(),
        )
        self._open[topic] = ref, operation

    def _end(self, topic: str, status: str, *, is_error: bool = False) -> None:
        _, operation = self._open.pop(topic, (None, None))
        if operation is not None:
            operation.end(status, error=status if is_error else None)
