"""Pushes: from the call to the outcome, as part of whatever the caller is doing."""

from reactivex import abc

from rx_phoenix._protocol.names import OK, TIMEOUT
from rx_phoenix.push import Push
from rx_phoenix.socket import Socket
from rx_phoenix.telemetry._names import (
    DESTINATION,
    EVENT,
    MESSAGE,
    OPERATION_TYPE,
    TEMPLATE,
    template_of,
)
from rx_phoenix.telemetry._operations import Operations

__all__ = ["Pushes"]

NO_FAILURES = frozenset({OK, TIMEOUT})
"""An event without a reply is normal, so that a deadline that passed is no failure."""


class Pushes(abc.DisposableBase):
    """Follows the pushes of all channels of a socket, those that wait included.

    Args:
        socket: The socket.
        operations: Begins a span for each push.
    """

    def __init__(self, socket: Socket, operations: Operations) -> None:
        self._operations = operations
        self._watching = socket.pushes.subscribe(self._follow)

    def dispose(self) -> None:
        """Watch no longer."""
        self._watching.dispose()

    def _follow(self, push: Push) -> None:
        template = template_of(push.topic)
        operation = self._operations.begin(
            "push",
            template,
            {TEMPLATE: template, EVENT: push.event, OPERATION_TYPE: "send"},
            detail={DESTINATION: push.topic},
        )

        def ended(status: str) -> None:
            operation.end(
                status,
                error=None if status in NO_FAILURES else status,
                detail={} if push.ref is None else {MESSAGE: push.ref},
            )

        push.on_settled(ended)
