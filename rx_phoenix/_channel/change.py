"""One event of a channel, and the facts that its effects work on."""

from typing import Any

from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import OK, TIMEOUT
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.state import Latest

__all__ = ["Change"]

LEFT_BY_US = "leave"
"""The payload of ``phx_close`` when we left, as in phoenix.js."""

GONE = Reply(OK, {})
"""The answer to a leave that needs none: the channel is closed all the same."""

NO_REPLY = Reply(TIMEOUT, {})


class Change:
    """One event, with everything that its effects work on.

    Args:
        message: The message to deliver, if one caused the event.
        reply: The reply that the join or the push got.
        error: The error that ends pushes, joins and leases.
        payload: The payload of the close that listeners get.
        ref: The ref of that close.
        reason: The reason of the error that listeners get.
        push: The push that was answered.
        leave_end: The outcome of the leave in progress, if there is one.

    Attributes:
        join: The join's push, as it was before the event.
        is_rejoin: True if it had its outcome before this failure of the join.
        join_ref: Its ref, likewise.
        leave: The leave's push, likewise.
        pushes: The pushes that end with it.
        leases: The observers of leases that get a response or an end.
    """

    __slots__ = (
        "error",
        "is_rejoin",
        "join",
        "join_ref",
        "leases",
        "leave",
        "leave_end",
        "message",
        "payload",
        "push",
        "pushes",
        "reason",
        "ref",
        "reply",
    )

    def __init__(  # noqa: PLR0913 - the facts of all events
        self,
        *,
        message: Message | None = None,
        reply: Reply = NO_REPLY,
        error: Exception | None = None,
        payload: Any = LEFT_BY_US,
        ref: str | None = None,
        reason: Any = None,
        push: ChannelPush | None = None,
        leave_end: Reply | Exception = GONE,
    ) -> None:
        self.message = message
        self.reply = reply
        self.error = error
        self.payload = payload
        self.ref = ref
        self.reason = reason
        self.push = push
        self.leave_end = leave_end
        self.join: ChannelPush | None = None
        self.is_rejoin = False
        self.join_ref: str | None = None
        self.leave: ChannelPush | None = None
        self.pushes: list[ChannelPush] = []
        self.leases: list[Latest[Any]] = []

    @property
    def is_observed(self) -> bool:
        """True if a caller looks at the failure of the join, or a lease gets it."""
        status, join = self.reply.status, self.join
        is_seen = join is not None and join.has_shown(status, is_rejoin=self.is_rejoin)
        return is_seen or any(holders.is_watched for holders in self.leases)

    @property
    def failure(self) -> Exception:
        """The error, where there has to be one."""
        assert self.error is not None, "an end without an error"  # noqa: S101
        return self.error
