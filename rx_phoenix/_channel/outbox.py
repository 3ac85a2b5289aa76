"""The pushes of a channel: those that wait for the join, and those that were sent."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from msgspec import to_builtins

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._channel.join import Join
from rx_phoenix._channel.membership import Membership
from rx_phoenix._channel.stages import Stage
from rx_phoenix._connection.manager import ConnectionManager
from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import CAST_REF, OK
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Reporter
from rx_phoenix.errors import EncodeError, PushTimeout

__all__ = ["Outbox"]


CastEnded = Callable[[bool], object]
"""Called once with True when a cast was sent, or with False when it was dropped."""


class WaitingCast(ChannelPush):
    """A cast that waits to be sent, after which nothing is kept of it."""

    __slots__ = ("ended",)

    ended: CastEnded | None

    def end(self, error: Exception) -> None:
        """Report that it is dropped."""
        if not self.is_settled:
            self.settle_with(error)
            self._report(error)
            if self.ended is not None:
                self.ended(False)  # noqa: FBT003 - it was not sent

    def timed_out(self) -> PushTimeout:
        """Make the error of a deadline that passed."""
        return PushTimeout(f"{self} waited for {self.within:g} s and was not sent")

    def sent(self) -> None:
        """Cancel its deadline."""
        self.settle(Reply(OK, {}))


def snapshot(payload: object) -> object:
    """Copy a payload, so that its owner may change it."""
    if isinstance(payload, bytearray):
        return bytes(payload)
    if isinstance(payload, memoryview):
        return payload.tobytes()
    try:
        return deepcopy(payload)
    except TypeError:
        # It holds a value that can be encoded, but not copied: a memoryview.
        return to_builtins(payload)


class Outbox:
    """Sends pushes in the order in which they were made.

    Args:
        context: The channel's.
        membership: The channel's; pushes are sent only while it is joined.
        join: The channel's; pushes carry its ref.
        report: Receives the exceptions of observers.

    Attributes:
        sent: By ref, the pushes that await their answers.
    """

    __slots__ = ("_context", "_join", "_membership", "_report", "_waiting", "sent")

    def __init__(
        self,
        context: ChannelContext,
        membership: Membership,
        join: Join,
        report: Reporter,
    ) -> None:
        self._context = context
        self._membership = membership
        self._join = join
        self._report = report
        self.sent: dict[str, ChannelPush] = {}
        self._waiting: dict[ChannelPush, None] = {}

    def push(self, event: str, payload: Any, within: float) -> ChannelPush:
        """Send a push, now or when the channel is joined.

        Raises:
            EncodeError: The payload cannot be encoded; nothing was sent.
        """
        context = self._context
        connection = context.attached or context.connection
        router = connection.router
        push = ChannelPush(
            context.topic,
            event,
            payload,
            within,
            report=self._report,
            spawn=connection.spawn,
            on_cancel=self._forget,
        )
        join_ref = None if self._waiting else self._sending_ref(connection)
        if join_ref is None:
            self._wait(push)
        elif router.send_buffer:
            self._wait(push)
            self.flush()
        else:
            self._send(push, join_ref, router)
        if not push.is_settled:
            push.dues = connection.deadlines.add(push)
        if router.pushes.is_watched:
            router.pushes.on_next(push)
        return push

    def cast(
        self, event: str, payload: Any, within: float, ended: CastEnded | None = None
    ) -> None:
        """Send a push that has no answer, now or when the channel is joined.

        Args:
            event: The event.
            payload: The payload.
            within: Seconds that it may wait.
            ended: Called when it was sent or dropped.

        Raises:
            EncodeError: The payload cannot be encoded; nothing was sent.
        """
        connection = self._context.connection
        router = connection.router
        join_ref = None if self._waiting else self._sending_ref(connection)
        if join_ref is not None and not router.send_buffer:
            self._send_cast(event, payload, join_ref, router, ended)
            return
        cast = WaitingCast(
            self._context.topic,
            event,
            payload,
            within,
            report=router.report_dropped_cast,
            spawn=connection.spawn,
            on_cancel=self._forget,
        )
        cast.ended = ended
        self._wait(cast)
        if cast in self._waiting:
            cast.dues = connection.cast_deadlines.add(cast)
        self.flush()

    def flush(self) -> None:
        """Send the pushes that wait, for as long as the channel is joined."""
        connection = self._context.connection
        while self._waiting and (join_ref := self._sending_ref(connection)) is not None:
            push = next(iter(self._waiting))
            self._forget(push)
            try:
                self._send_waiting(push, join_ref, connection.router)
            except ISOLATED as error:  # a serializer and its hook may be the user's
                self._end_unsent(push, contained(error))

    def _end_unsent(self, push: ChannelPush, error: Exception) -> None:
        if not isinstance(push, WaitingCast):  # which reports its end by itself
            self._report(error)
        push.end(error)

    def _send_waiting(self, push: ChannelPush, join_ref: str, router: Router) -> None:
        if isinstance(push, WaitingCast):
            self._send_cast(push.event, push.payload, join_ref, router, push.ended)
            push.sent()
        else:
            self._send(push, join_ref, router)

    def _sending_ref(self, connection: ConnectionManager) -> str | None:
        """Return the join that a push sent now belongs to; None if none can be sent."""
        if self._membership.stage is not Stage.JOINED:
            return None
        return self._join.ref if connection.is_open else None

    def take_all(self, *, waiting: bool) -> list[ChannelPush]:
        """Take all pushes that were sent, and those that wait too if asked."""
        taken = [*self.sent.values(), *(self._waiting if waiting else ())]
        for push in taken:
            self._forget(push)
        return taken

    def in_flight(self) -> list[ChannelPush]:
        """Return the pushes that were sent and not answered."""
        return [*self.sent.values()]

    def largest(self) -> tuple[int, ChannelPush] | None:
        """Return the size in bytes of the largest push in flight, and itself."""
        sizes = [(self._size(push), push) for push in self.sent.values()]
        return max(sizes, key=lambda entry: entry[0]) if sizes else None

    def _size(self, push: ChannelPush) -> int:
        topic, router = self._context.topic, self._context.connection.router
        message = Message(self._join.ref, push.ref, topic, push.event, push.payload)
        try:
            frame = router.encode(message)
        except EncodeError:  # its owner has changed the payload since
            return 0
        return len(frame.encode() if isinstance(frame, str) else frame)

    def _send(self, push: ChannelPush, join_ref: str, router: Router) -> None:
        push.ref = ref = router.next_ref()
        message = Message(join_ref, ref, self._context.topic, push.event, push.payload)
        # Registered first: a reply may come within the call.
        self.sent[ref] = push
        try:
            if router.send(message):
                router.count_unwritten()
        except BaseException:
            del self.sent[ref]
            raise

    def _send_cast(
        self,
        event: str,
        payload: Any,
        join_ref: str,
        router: Router,
        ended: CastEnded | None,
    ) -> None:
        topic = self._context.topic
        if router.send(Message(join_ref, CAST_REF, topic, event, payload)):
            router.count_unwritten()
        if ended is not None:
            ended(True)  # noqa: FBT003 - it was sent

    def _wait(self, push: ChannelPush) -> None:
        router = self._context.connection.router
        router.encode(
            Message(None, None, self._context.topic, push.event, push.payload)
        )
        push.payload = snapshot(push.payload)
        # It waits before there is room: observers of a dropped push may end it, too.
        self._waiting[push] = None
        if not router.admit(push):
            self._waiting.pop(push, None)
        elif push in self._waiting:
            router.send_buffer.add(push)

    def _forget(self, push: ChannelPush) -> None:
        if push.ref is not None:
            self.sent.pop(push.ref, None)
        elif push in self._waiting:
            del self._waiting[push]
            self._context.connection.router.send_buffer.remove(push)
