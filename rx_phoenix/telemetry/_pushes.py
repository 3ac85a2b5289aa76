"""Pushes: spans from the call to the outcome, as children of the caller's span."""

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
"""Not errors: many events have no reply, so that a timeout is normal."""


class Pushes(abc.DisposableBase):
    """An observer of the pushes of all channels of a socket, including waiting ones.

    Args:
        socket: The socket.
        operations: Starts a span for each push.
    """

    def __init__(self, socket: Socket, operations: Operations) -> None:
        self._operations = operations
        self._subscription = socket.pushes.subscribe(self._follow)

    def dispose(self) -> None:
        """Unsubscribe."""
        self._subscription.dispose()

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
