"""Messages: how many events go out and come in."""

from opentelemetry.metrics import Counter, Meter
from reactivex import abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import PHOENIX
from rx_phoenix.socket import Socket
from rx_phoenix.telemetry._names import (
    OPERATION,
    OPERATION_TYPE,
    TEMPLATE,
    Attributes,
    template_of,
)

__all__ = ["Messages"]

OF_THE_PROTOCOL = "phx_"
"""How events begin that are the protocol's own."""


class Messages(abc.DisposableBase):
    """Counts the events of a socket, heartbeats and the protocol's own left out.

    Args:
        socket: The socket.
        meter: Makes the counters.
        common: What all measurements have in common.
    """

    def __init__(self, socket: Socket, meter: Meter, common: Attributes) -> None:
        sent = meter.create_counter(
            "messaging.client.sent.messages", "{message}", "Events sent."
        )
        consumed = meter.create_counter(
            "messaging.client.consumed.messages", "{message}", "Events received."
        )
        out: Attributes = {**common, OPERATION: "push", OPERATION_TYPE: "send"}
        back: Attributes = {**common, OPERATION: "receive", OPERATION_TYPE: "receive"}
        self._watching = CompositeDisposable(
            socket.sent.subscribe(lambda message: count(sent, message, out)),
            socket.frames.subscribe(lambda message: count(consumed, message, back)),
        )

    def dispose(self) -> None:
        """Watch no longer."""
        self._watching.dispose()


def count(counter: Counter, message: Message, attributes: Attributes) -> None:
    """Count a message, if it is one of the application."""
    if message.topic != PHOENIX and not message.event.startswith(OF_THE_PROTOCOL):
        counter.add(1, {**attributes, TEMPLATE: template_of(message.topic)})
