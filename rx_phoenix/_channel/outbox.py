"""A channel's pushes: those that wait for the join, and those that wait for a reply."""

from copy import deepcopy
from typing import Any

from msgspec import to_builtins

from rx_phoenix._channel.context import Owner
from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.message import Message
from rx_phoenix._streams.hub import Reporter
from rx_phoenix.push import Push

__all__ = ["Outbox"]


def snapshot(payload: object) -> object:
    """A payload as it is now, whatever its owner does to it."""
    if isinstance(payload, bytearray):
        return bytes(payload)
    if isinstance(payload, memoryview):
        return payload.tobytes()
    try:
        return deepcopy(payload)
    except TypeError:
        # It holds something that can be said, but not copied: a memoryview.
        return to_builtins(payload)


class Outbox:
    """Sends pushes in the order in which they were made.

    Args:
        owner: The channel.
        report: Where observers' exceptions go.
    """

    __slots__ = ("_owner", "_report", "_sent", "_waiting")

    def __init__(self, owner: Owner, report: Reporter) -> None:
        self._owner = owner
        self._report = report
        self._sent: dict[str, Push] = {}
        self._waiting: dict[Push, None] = {}

    def push(self, event: str, payload: Any, within: float) -> Push:
        """Send a push, now or when the channel is joined.

        Raises:
            EncodeError: The payload cannot be said; nothing was sent.
        """
        link = self._owner.link()
        push = Push(
            self._owner.topic,
            event,
            payload,
            within,
            report=self._report,
            spawn=link.spawn,
            on_cancel=self._forget,
        )
        join_ref = None if self._waiting else self._owner.sending_ref()
        if join_ref is None:
            self._wait(push)
        elif link.router.send_buffer:
            self._wait(push)
            self.flush()
        else:
            self._send(push, join_ref, link.router)
        if not push.is_settled:
            push.deadlines = link.deadlines
            link.deadlines.add(push)
        if link.router.pushes.is_watched:
            link.router.pushes.on_next(push)
        return push

    def flush(self) -> None:
        """Send what waits, for as long as the channel is joined."""
        while self._waiting and (join_ref := self._owner.sending_ref()) is not None:
            push = next(iter(self._waiting))
            self._forget(push)
            self._send(push, join_ref, self._owner.link().router)

    def take(self, ref: str) -> Push | None:
        """The push that was sent with this ref, which is waited for no longer."""
        return self._sent.pop(ref, None)

    def take_all(self, *, waiting: bool) -> list[Push]:
        """All pushes that were sent, and those that wait too if asked."""
        taken = [*self._sent.values(), *(self._waiting if waiting else ())]
        for push in taken:
            self._forget(push)
        return taken

    def _send(self, push: Push, join_ref: str, wire: Router) -> None:
        push.ref = ref = wire.next_ref()
        message = Message(join_ref, ref, self._owner.topic, push.event, push.payload)
        # Registered first: a reply may come within the call.
        self._sent[ref] = push
        try:
            wire.send_push(message)
        except BaseException:
            del self._sent[ref]
            raise

    def _wait(self, push: Push) -> None:
        wire = self._owner.link().router
        wire.encode(Message(None, None, self._owner.topic, push.event, push.payload))
        push.payload = snapshot(push.payload)
        # It waits before there is room: whoever is dropped for it may end it, too.
        self._waiting[push] = None
        if not wire.admit(push):
            self._waiting.pop(push, None)
        elif push in self._waiting:
            wire.send_buffer.add(push)

    def _forget(self, push: Push) -> None:
        if push.ref is not None:
            self._sent.pop(push.ref, None)
        elif push in self._waiting:
            del self._waiting[push]
            self._owner.link().router.send_buffer.remove(push)
