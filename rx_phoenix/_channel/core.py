"""The core of a channel: the requests of users, and the messages of the server."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rx_phoenix._channel.change import Change
from rx_phoenix._channel.effects import EFFECTS, ChannelEffects
from rx_phoenix._channel.join import Params
from rx_phoenix._channel.listeners import CONTROL
from rx_phoenix._channel.membership import Effect
from rx_phoenix._channel.stages import ChannelEvent, Removal, Stage
from rx_phoenix._connection.handle import SocketHandle
from rx_phoenix._protocol.hook import Hook, identity_hook
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import (
    CAST_REF,
    CLOSE,
    LEAVE,
    OK,
    REPLY,
    UNMATCHED_TOPIC,
)
from rx_phoenix._push import ChannelPush, quoted_reply
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix.errors import JoinRefused, PushCancelled, UsageError

__all__ = ["ChannelCore", "ChannelHandle", "core_of"]

UNANSWERED = frozenset({Stage.WAITING, Stage.JOINING})


class ChannelHandle:
    """The base of `Channel`: holds the core, and hides it from users."""

    __slots__ = ("_core",)

    _core: "ChannelCore"


def core_of(channel: ChannelHandle) -> "ChannelCore":
    """Return the core of a channel, for the rest of the package."""
    return channel._core  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


class ChannelCore(ChannelEffects):
    """A channel without its public face: routes lead here, not to a `Channel`.

    Args:
        handle: The channel that users hold; the core keeps it alive.
        topic: The topic.
        params: Sent with the join.
        socket: The socket; may be set later.
        hook: The channel's `on_message`.

    Attributes:
        handle: The channel that users hold.
        current_join: The join by whose ref messages of older ones are told apart.
        direct: By event, the source that gets a payload without a detour.
    """

    __slots__ = (
        "__weakref__",
        "_listening",
        "_removal",
        "current_join",
        "direct",
        "handle",
    )

    def __init__(
        self,
        handle: ChannelHandle,
        topic: str,
        params: Params,
        socket: SocketHandle | None,
        hook: Hook,
    ) -> None:
        super().__init__(self, topic, params, socket, hook, self._watch)
        self.handle = handle
        # The router needs these for every message, and finds them at once.
        self.current_join = self.join
        self.direct = self.listeners.direct
        self.listeners.heed(hook)
        self._listening = 0
        self._removal = Removal.NONE

    def hook_with(self, hook: Hook) -> None:
        """Have every message pass a hook from now on, in a copy of this context."""
        if hook is not identity_hook:
            hook = partial(CallContext.of(self).run, hook)
        self.on_message = hook
        self.listeners.heed(hook)

    def apply(self, event: ChannelEvent, change: Change) -> bool:
        """Let the membership decide on an event, and run the effects.

        Returns:
            Whether the event had any.
        """
        # Observers may call in between two effects, and replace what these are about.
        change.join, change.join_ref = self.join.push, self.join.ref
        change.leave = self._leave
        effects = self.membership.handle(event)
        for effect in effects:
            RUN[effect](self, change)
        return bool(effects)

    # Requests of users.

    def request_join(self, timeout: float | None) -> ChannelPush:
        """Join until the channel is left: phoenix.js's ``join``."""
        stage, older = self.membership.stage, self.join.push
        if older is not None and (
            stage in {Stage.WAITING, Stage.JOINING, Stage.JOINED}
            # It waits for the end of a leave, which may be about to be told.
            or (stage in {Stage.LEAVING, Stage.CLOSED} and not older.is_settled)
        ):
            self.demand.join_requested = True
            return self._renewed(older, timeout)
        self._prepare()
        # If it does not wait, its outcome is known, and about to be emitted.
        is_replaced = older is not None and self.join.is_waiting
        push = self.join.new_push(self.timeout if timeout is None else timeout)
        self.demand.join_requested = True
        if stage is not Stage.LEAVING:
            self.begin()
        if older is not None and is_replaced:
            why = f"a newer join of {self.topic!r} took its place"
            older.cancel_as(PushCancelled(why))
        return push

    def _renewed(self, push: ChannelPush, timeout: float | None) -> ChannelPush:
        """Return a push of the present join for one whose caller timed out earlier."""
        if not push.has_timed_out or self.membership.stage is Stage.LEAVING:
            return push
        push = self.join.new_push(self.timeout if timeout is None else timeout)
        if self.membership.stage is Stage.JOINED:
            push.answer(Reply(OK, self._response))
        else:
            self.join.start_clock()
        return push

    def leave(self, timeout: float | None = None) -> ChannelPush:
        """End all demand, and leave."""
        stage, leave = self.membership.stage, self._leave
        change = Change(error=self.left())
        if stage is Stage.LEAVING and leave is not None:
            self.apply(ChannelEvent.LEAVE_SENT, change)
            return leave
        within = self.timeout if timeout is None else timeout
        connection = self.connection
        leave = self._leave = ChannelPush(
            self.topic, LEAVE, {}, within, report=self, spawn=connection.spawn
        )
        is_sent = stage in {Stage.JOINING, Stage.JOINED}
        is_answered = is_sent and connection.is_open
        self.apply(
            ChannelEvent.LEAVE_SENT if is_answered else ChannelEvent.LEFT, change
        )
        return leave

    def session_requested(self) -> None:
        """Join for `session`."""
        self._lease_taken(self.demand.session, is_patient=False)

    def joined_requested(self) -> None:
        """Join for `joined`, unless a rejoin is due anyway."""
        self._lease_taken(self.demand.joined, is_patient=self.rejoin_timer.is_due)

    def _lease_taken(self, lease: Lease[Any], *, is_patient: bool) -> None:
        match self.membership.stage:
            case Stage.JOINED:
                lease.emit(self._response)
            case Stage.LEAVING:
                self._prepare()
            case Stage.CLOSED:
                self.begin_on_demand()
            case Stage.ERRORED if not is_patient:
                self.begin_on_demand()
            case _:
                pass

    def released(self) -> None:
        """Leave, unless other demand is left."""
        if not self.demand.exists and self.membership.stage is not Stage.LEAVING:
            self.leave().mark_seen()

    def remove(self) -> ChannelPush:
        """Leave for good: all streams complete once the channel is closed."""
        self.check_loop()
        self.connection.router.registry.begin_removal(self)
        if self._removal is Removal.NONE:
            self._removal = Removal.BEGUN
        leave = self.leave()
        leave.mark_seen()
        return leave

    def offer_params(self, params: Params) -> bool:
        """Replace the params, unless the present ones are in use.

        Returns:
            Whether it joins with these from now on.
        """
        if params is None or params == self.join.params:
            return True
        stage = self.membership.stage
        in_use = self.demand.exists or stage not in {Stage.CLOSED, Stage.LEAVING}
        if not in_use:
            self.join.params = params
        return not in_use

    # Joining.

    def _prepare(self) -> None:
        """Check that a join can begin, and register the topic.

        Raises:
            UsageError: It cannot, or the topic is taken.
        """
        self.connection.check_usable()
        self.join.validate()
        if self._removal is not Removal.NONE:
            raise UsageError(
                f"this channel of {self.topic!r} was removed: get a new one with "
                f"socket.channel({self.topic!r})"
            )
        registry = self.connection.router.registry
        registry.add(self)
        registry.activate(self)

    def begin(self) -> None:
        """Begin to join."""
        self.apply(ChannelEvent.JOIN_BEGUN, Change())

    def begin_on_demand(self) -> None:
        """Begin to join, with a push that only leases look at if it is new."""
        self._prepare()
        if self.join.push is None or self.join.push.is_settled:
            self.join.new_push(self.timeout).mark_seen()
        self.begin()

    def join_sent(self) -> None:
        """Await the answer."""
        self.apply(ChannelEvent.JOIN_SENT, Change())

    def join_failed(self, error: PushCancelled) -> None:
        """Fail the attempt."""
        self.apply(ChannelEvent.JOIN_NOT_SENT, Change(error=error))

    def join_timed_out(self) -> None:
        """Fail the attempt, or only its push if the join was late to be sent."""
        push, stage = self.join.push, self.membership.stage
        assert push is not None, "a deadline without a push"  # noqa: S101
        error = push.timed_out()
        awaits_turn = stage is Stage.WAITING and self.rejoin_timer.is_due
        is_late = stage in UNANSWERED and (self.join.has_time or awaits_turn)
        if is_late and self.demand.rejoins:
            event = ChannelEvent.CALLER_TIMED_OUT
        elif self.join.is_under_way and self.rejoin_timer.is_final(error):
            event = ChannelEvent.JOIN_TIMED_OUT_FOR_GOOD
        else:
            event = ChannelEvent.JOIN_TIMED_OUT
        self.apply(event, Change(error=error))

    def rejoin_due(self) -> None:
        """Begin a rejoin, or send a join that awaited its turn."""
        if self.membership.stage is Stage.WAITING:
            self.send_join(Change())
        else:
            self.begin()

    def leave_timed_out(self) -> None:
        """Close without an answer."""
        if self._leave is not None:
            end = self._leave.timed_out()
            self.apply(ChannelEvent.LEFT, Change(error=self.left(), leave_end=end))

    # Effects that may lead to further events.

    def start_leave(self, change: Change) -> None:
        leave, connection = change.leave, self.connection
        assert leave is not None, "a leave without a push"  # noqa: S101
        leave.ref = connection.router.next_ref()
        self._leave_timer = connection.scheduler.call_later(
            leave.within, self.leave_timed_out
        )

    def resume_after_failure(self, _: Change) -> None:
        if self.membership.stage is not Stage.ERRORED:
            return
        if not self.demand.exists:
            self.apply(ChannelEvent.LEFT, Change(error=self.left()))
        elif self.connection.is_open:
            self.rejoin_timer.schedule()

    def resume_after_close(self, _: Change) -> None:
        if self.membership.stage is not Stage.CLOSED:
            return
        if self.demand.exists:
            self.begin_on_demand()
        else:
            self.connection.release(self)
            self.release_if_idle()

    # Events of the socket.

    def receive(self, message: Message) -> None:
        """Take a message of the topic: membership and pushes first, listeners then."""
        event, is_muted = message.event, self.listeners.is_muted
        if event == REPLY:
            self._answer(message, None if is_muted else message)
        elif is_muted:
            self._receive_muted(message)
        elif event not in CONTROL:
            self.listeners.deliver(message, self.on_message)
        elif not self._is_authentic(message):
            self.listeners.deliver_namesake(message, self.on_message)
        elif event == CLOSE:
            self._closed(message)
            self.listeners.deliver_closed(message)
        else:
            change = Change(message=message, error=self.crashed(message.payload))
            self._apply_or_deliver(ChannelEvent.CRASHED, change)

    def _receive_muted(self, message: Message) -> None:
        """Take the end of a leave, and nothing for listeners."""
        if message.event not in CONTROL or not self._is_authentic(message):
            return
        if message.event == CLOSE:
            self._closed(message)
        else:
            error = self.crashed(message.payload)
            self.apply(ChannelEvent.CRASHED, Change(error=error))

    def receive_stale(self, message: Message) -> None:
        """Drop a message of an older join, unless its ref is that of a request."""
        ref, leave = message.ref, self._leave
        is_ours = ref == self.join.ref or (leave is not None and ref == leave.ref)
        if message.reply is not None and (is_ours or ref in self.outbox.sent):
            self._answer(message, None)
        else:
            self.connection.router.counters.stale += 1

    def _is_authentic(self, message: Message) -> bool:
        """Return whether it is a control event, and not a broadcast of that name.

        Version 1 of the protocol has no join_ref to tell them apart by.
        """
        return bool(message.join_ref) or not self.connection.router.has_join_refs

    def _closed(self, message: Message) -> None:
        change = Change(error=self.left("closed"))
        stage, event = self.membership.stage, ChannelEvent.CLOSED
        if stage is not Stage.LEAVING:
            change.payload, change.ref = message.payload, message.ref
            is_loss = self.rejoin.on_close == "rejoin" and self.demand.rejoins
            if is_loss and stage is not Stage.CLOSED:
                event = ChannelEvent.CLOSED_TO_REJOIN
        self.apply(event, change)

    def _apply_or_deliver(self, event: ChannelEvent, change: Change) -> None:
        """Deliver the message by the effects; at once, if there are none."""
        if not self.apply(event, change) and change.message is not None:
            self.listeners.deliver(change.message, self.on_message)

    def _answer(self, message: Message, delivery: Message | None) -> None:
        """Give a reply to the push, join or leave that awaits it.

        Args:
            message: The reply.
            delivery: The same, if listeners get it.
        """
        reply, ref = message.reply, message.ref
        if reply is None or ref is None:
            pass
        elif (push := self.outbox.sent.pop(ref, None)) is None and ref != CAST_REF:
            if self._answer_membership(ref, reply, delivery):
                return
            self.connection.router.counters.late_replies += 1
        elif reply.status == "error" and self._is_unmatched(reply):
            reason = reply.response
            change = Change(message=delivery, reply=reply, push=push, reason=reason)
            change.error = self.crashed(reason)
            self.apply(ChannelEvent.UNMATCHED, change)
            return
        elif push is not None:
            push.answer(reply, () if reply.status == OK else self.secrets)
        if delivery is not None:
            self.listeners.deliver(delivery, self.on_message)

    def _is_unmatched(self, reply: Reply) -> bool:
        """Return whether the server has lost the channel that is joined here."""
        is_unmatched = reply.response == {"reason": UNMATCHED_TOPIC}
        return is_unmatched and self.membership.stage is Stage.JOINED

    def _answer_membership(
        self, ref: str, reply: Reply, delivery: Message | None
    ) -> bool:
        stage, leave, join = self.membership.stage, self._leave, self.join
        change = Change(message=delivery, reply=reply)
        if stage is Stage.LEAVING and leave is not None and ref == leave.ref:
            has_join_refs = self.connection.router.has_join_refs
            is_confirmed = reply.status == OK and not has_join_refs
            event = ChannelEvent.LEAVE_CONFIRMED if is_confirmed else ChannelEvent.LEFT
            change.leave_end = reply
        elif stage is Stage.JOINING and ref == join.ref and join.is_waiting:
            join.answered()
            self.connection.join_answered()
            event = ChannelEvent.JOIN_ACCEPTED
            if reply.status != OK:
                what = f"the join of {self.topic!r}"
                quoted = quoted_reply(reply, self.shown)
                error = JoinRefused(reply.status, reply.response, what, quoted)
                change.error = error
                is_final = self.rejoin_timer.is_final(error)
                event = (
                    ChannelEvent.JOIN_REFUSED_FOR_GOOD
                    if is_final
                    else ChannelEvent.JOIN_REFUSED
                )
        else:
            return False
        self._apply_or_deliver(event, change)
        return True

    def opened(self) -> None:
        """Join, if there is demand."""
        self.apply(ChannelEvent.CONNECTION_OPENED, Change())

    def lost(self, reason: str, error: Exception) -> None:
        """React to a lost connection, or to a failed attempt to open one."""
        if self.membership.stage is not Stage.LEAVING:
            # Of a join that was about to be sent, or waited for a predecessor.
            self.join.start_clock()
        payload = {"source": "transport", "reason": reason}
        self.apply(ChannelEvent.CONNECTION_LOST, Change(error=error, reason=payload))

    def gave_up(self, error: Exception) -> None:
        """End all leases: no connection will come until there is new demand."""
        self.apply(ChannelEvent.GAVE_UP, Change(error=error))

    def end(self) -> None:
        """Complete everything; the channel cannot be used again."""
        if self._removal is not Removal.OVER:
            self._removal = Removal.OVER
            self.apply(ChannelEvent.ENDED, Change(error=self.left()))
            self.listeners.end()

    # Registration.

    def release_if_idle(self) -> None:
        """Let the channel be collected, if it is closed and has no listeners."""
        is_idle = self.membership.stage is Stage.CLOSED and not self.demand.exists
        if self.socket is None or not is_idle:
            return
        # It may be forgotten, and the server may still repeat them.
        self.connection.sent_secrets.remember(self.sent_values)
        registry = self.connection.router.registry
        if self._removal is not Removal.NONE:
            registry.finish_removal(self)
            self.end()
        elif not self._listening:
            registry.deactivate(self)

    def _watch(self, change: int) -> None:
        self._listening += change
        if self.socket is None or self._removal is not Removal.NONE:
            return
        if change > 0:
            self.connection.router.registry.activate(self)
        else:
            self.release_if_idle()

    def __repr__(self) -> str:
        return f"<Channel {self.topic!r}: {self.state}>"


RUN: Mapping[Effect, Callable[[ChannelCore, Change], None]] = {
    **EFFECTS,
    Effect.START_LEAVE: ChannelCore.start_leave,
    Effect.RESUME_AFTER_FAILURE: ChannelCore.resume_after_failure,
    Effect.RESUME_AFTER_CLOSE: ChannelCore.resume_after_close,
}
"""The function of each effect."""
