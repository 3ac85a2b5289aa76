"""Messages: counts of events sent and received."""

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

CONTROL_PREFIX = "phx_"
"""The prefix of the protocol's control events."""


class Messages(abc.DisposableBase):
    """A counter of a socket's events, without heartbeats and control events.

    Args:
        socket: The socket.
        meter: Creates the counters.
        common: The attributes of all measurements.
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
        self._subscriptions = CompositeDisposable(
            socket.sent.subscribe(lambda message: count(sent, message, out)),
            socket.frames.subscribe(lambda message: count(consumed, message, back)),
        )

    def dispose(self) -> None:
        """Unsubscribe."""
        self._subscriptions.dispose()


def count(counter: Counter, message: Message, attributes: Attributes) -> None:
    """Count a message, if it belongs to the application."""
    if message.topic != PHOENIX and not message.event.startswith(CONTROL_PREFIX):
        counter.add(1, {**attributes, TEMPLATE: template_of(message.topic)})
