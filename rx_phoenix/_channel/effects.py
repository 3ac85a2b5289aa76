"""The effects of a membership's decisions, and how a channel carries them out."""

from collections.abc import Callable, Mapping

from rx_phoenix._channel.change import Change
from rx_phoenix._channel.membership import Effect
from rx_phoenix._channel.parts import ChannelParts
from rx_phoenix._channel.rejoin import reason_of
from rx_phoenix._channel.stages import Stage
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import CLOSE, ERROR, LEAVE, ChannelState
from rx_phoenix.errors import ChannelCrashed, PushCancelled

__all__ = ["EFFECTS", "ChannelEffects"]


class ChannelEffects(ChannelParts):
    """The effects of a channel's events on its parts."""

    __slots__ = ()

    def is_next(self) -> bool:
        """Return whether no predecessor on the topic is leaving."""
        return self.connection.router.registry.may_join(self.topic, self)

    def left(self, how: str = "left") -> PushCancelled:
        """Make the error of pushes that a leave or a close cancels."""
        return PushCancelled(f"the channel {self.topic!r} was {how}")

    def crashed(self, reason: object) -> ChannelCrashed:
        """Make the error of a channel that ended on the server, for a reason."""
        quoted = self.quoted(reason)
        text = f"the channel {self.topic!r} crashed on the server: {quoted}"
        return ChannelCrashed(text, reason)

    # These arrange.

    def clear_join_ref(self, _: Change) -> None:
        self.join.ref = None

    def keep_response(self, change: Change) -> None:
        # A lease taken from now on gets the response by taking it.
        change.leases = self.demand.holders()
        self._response = change.reply.response

    def take_sent_pushes(self, change: Change) -> None:
        change.pushes = self.outbox.take_all(waiting=False)

    def take_all_pushes(self, change: Change) -> None:
        change.pushes = self.outbox.take_all(waiting=True)

    def detach_session(self, change: Change) -> None:
        change.leases.extend(self.demand.detach_session())

    def detach_leases(self, change: Change) -> None:
        change.leases.extend(self.demand.detach())

    def end_rejoins(self, change: Change) -> None:
        self.demand.join_requested = False
        change.leases.extend(self.demand.detach_joined())

    def end_demand(self, change: Change) -> None:
        self.demand.join_requested = False
        self.join.cancel_deadline()
        # A join from now on gets a push of its own.
        self.join.push = None
        change.pushes = self.outbox.take_all(waiting=True)
        change.leases.extend(self.demand.detach())

    def stop_leave(self, change: Change) -> None:
        change.leave_end = self._leave_reply or change.leave_end
        self._leave_reply = None
        timer, self._leave_timer = self._leave_timer, None
        if timer is not None:
            timer.dispose()

    def keep_leave_reply(self, change: Change) -> None:
        # Its phx_close follows, and could not be told from the next join's.
        self._leave_reply = change.reply

    def send_late_leave(self, change: Change) -> None:
        """Leave, because the server may accept the join yet."""
        connection = self.connection
        if connection.is_open:
            ref = connection.router.next_ref()
            message = Message(change.join_ref, ref, self.topic, LEAVE, {})
            connection.router.send(message)

    # These notify.

    def emit_state(self, _: Change) -> None:
        self.states.on_next(self.membership.state)

    def send_leave(self, change: Change) -> None:
        leave = change.leave
        is_current = leave is self._leave and self.membership.stage is Stage.LEAVING
        if leave is not None and is_current:
            message = Message(change.join_ref, leave.ref, self.topic, LEAVE, {})
            self.connection.router.send(message)

    def settle_leave(self, change: Change) -> None:
        leave, end = change.leave, change.leave_end
        if leave is None:
            return
        if isinstance(end, Reply):
            leave.answer(end, self.secrets)
        else:
            leave.end(end)

    def settle_join(self, change: Change) -> None:
        if change.join is not None:
            change.join.settle(change.reply)
            # If it had been refused, that is healed.
            change.join.mark_seen()

    def fail_join(self, change: Change) -> None:
        if change.join is not None:
            change.is_rejoin = change.join.is_settled
            change.join.settle_with(change.failure)

    def run_join_hooks(self, change: Change) -> None:
        if change.join is not None:
            change.join.run_hooks(change.reply)

    def cancel_join(self, change: Change) -> None:
        if change.join is not None:
            change.join.cancel_as(change.failure)

    def fail_pushes(self, change: Change) -> None:
        for push in change.pushes:
            push.end(change.failure)

    def answer_push(self, change: Change) -> None:
        if change.push is not None:
            change.push.answer(change.reply, self.secrets)

    def emit_response(self, change: Change) -> None:
        for holders in change.leases:
            if self.join.ref == change.join_ref:
                holders.on_next(change.reply.response)

    def emit_join(self, change: Change) -> None:
        self.listeners.deliver_join(change.reply.response)

    def emit_refusal(self, change: Change) -> None:
        error = change.failure
        is_retried = self.membership.stage is Stage.ERRORED and self.demand.rejoins
        is_open = self.connection.is_open
        timer, reason = self.rejoin_timer, reason_of(error, self.quoted)
        timer.note(error, reason, is_warning=is_retried and is_open)
        if is_open and not (is_retried or change.is_observed):
            timer.warn(error, reason, "not retried")
        self.listeners.deliver_refusal(error)

    def deliver(self, change: Change) -> None:
        if change.message is not None:
            self.listeners.deliver(change.message, self.on_message)

    def emit_error(self, change: Change) -> None:
        message = Message(change.join_ref, None, self.topic, ERROR, change.reason)
        self.listeners.deliver_local(message, self.on_message)

    def emit_close(self, change: Change) -> None:
        message = Message(
            change.join_ref, change.ref, self.topic, CLOSE, change.payload
        )
        self.listeners.deliver_local(message, self.on_message)

    def fail_leases(self, change: Change) -> None:
        for holders in change.leases:
            holders.on_error(change.failure)

    def complete_leases(self, change: Change) -> None:
        for holders in change.leases:
            holders.on_completed()

    # These go on.

    def hold_connection(self, _: Change) -> None:
        if self.membership.state is ChannelState.JOINING:
            self.connection.hold(self)

    def send_join(self, _: Change) -> None:
        """Send the join, if it can be sent now; until then its caller's time runs.

        It does not run while a predecessor on the topic is leaving.
        """
        if self.membership.stage is Stage.WAITING and self.is_next():
            self.join.start_clock()
            if self.connection.is_open and not self.join.is_under_way:
                self.join.send()

    def await_turn(self, _: Change) -> None:
        # No predecessor is leaving: the loss before has ended it.
        self.join.start_clock()
        if self.connection.is_open:
            self.rejoin_timer.await_turn()

    def rejoin_on_demand(self, _: Change) -> None:
        if self.demand.exists:
            self.rejoin_timer.resume()


EFFECTS: Mapping[Effect, Callable[[ChannelEffects, Change], None]] = {
    Effect.CANCEL_REJOIN: lambda core, _: core.rejoin_timer.stop(),
    Effect.RESTART_DELAYS: lambda core, _: core.rejoin_timer.restart(),
    Effect.FORGET_FAILURES: lambda core, _: core.rejoin_timer.forget_failures(),
    Effect.RESET_REJOIN: lambda core, _: core.rejoin_timer.reset(),
    Effect.COUNT_CLOSE: lambda core, _: core.rejoin_timer.count_close(),
    Effect.VOID_ATTEMPT: lambda core, _: core.join.abort(),
    Effect.CLEAR_JOIN_REF: ChannelEffects.clear_join_ref,
    Effect.CANCEL_DEADLINE: lambda core, _: core.join.cancel_deadline(),
    Effect.KEEP_RESPONSE: ChannelEffects.keep_response,
    Effect.FORGET_JOINED: lambda core, _: core.demand.forget_joined(),
    Effect.TAKE_SENT_PUSHES: ChannelEffects.take_sent_pushes,
    Effect.TAKE_ALL_PUSHES: ChannelEffects.take_all_pushes,
    Effect.DETACH_SESSION: ChannelEffects.detach_session,
    Effect.DETACH_LEASES: ChannelEffects.detach_leases,
    Effect.END_REJOINS: ChannelEffects.end_rejoins,
    Effect.END_DEMAND: ChannelEffects.end_demand,
    Effect.STOP_LEAVE: ChannelEffects.stop_leave,
    Effect.KEEP_LEAVE_REPLY: ChannelEffects.keep_leave_reply,
    Effect.SEND_LATE_LEAVE: ChannelEffects.send_late_leave,
    Effect.MUTE: lambda core, _: core.listeners.mute(),
    Effect.UNMUTE: lambda core, _: core.listeners.unmute(),
    Effect.EMIT_STATE: ChannelEffects.emit_state,
    Effect.SEND_LEAVE: ChannelEffects.send_leave,
    Effect.SETTLE_LEAVE: ChannelEffects.settle_leave,
    Effect.SETTLE_JOIN: ChannelEffects.settle_join,
    Effect.FAIL_JOIN: ChannelEffects.fail_join,
    Effect.CANCEL_JOIN: ChannelEffects.cancel_join,
    Effect.FAIL_PUSHES: ChannelEffects.fail_pushes,
    Effect.ANSWER_PUSH: ChannelEffects.answer_push,
    Effect.EMIT_RESPONSE: ChannelEffects.emit_response,
    Effect.EMIT_JOIN: ChannelEffects.emit_join,
    Effect.FLUSH_PUSHES: lambda core, _: core.outbox.flush(),
    Effect.RUN_JOIN_HOOKS: ChannelEffects.run_join_hooks,
    Effect.EMIT_REFUSAL: ChannelEffects.emit_refusal,
    Effect.DELIVER: ChannelEffects.deliver,
    Effect.EMIT_ERROR: ChannelEffects.emit_error,
    Effect.EMIT_CLOSE: ChannelEffects.emit_close,
    Effect.FAIL_LEASES: ChannelEffects.fail_leases,
    Effect.COMPLETE_LEASES: ChannelEffects.complete_leases,
    Effect.COMPLETE_STATES: lambda core, _: core.states.on_completed(),
    Effect.HOLD_CONNECTION: ChannelEffects.hold_connection,
    Effect.SEND_JOIN: ChannelEffects.send_join,
    Effect.AWAIT_TURN: ChannelEffects.await_turn,
    Effect.REJOIN: ChannelEffects.rejoin_on_demand,
}
"""The function of each effect that concerns the parts alone."""
