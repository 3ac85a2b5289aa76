"""The effects of a membership's decisions, and how a channel carries them out."""

from collections.abc import Callable, Mapping
from typing import Any

from reactivex import abc

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._channel.demand import Demand
from rx_phoenix._channel.join import Join, Params
from rx_phoenix._channel.listeners import Listeners
from rx_phoenix._channel.membership import Effect, Membership
from rx_phoenix._channel.outbox import Outbox
from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix._channel.stages import ChannelEvent, Stage
from rx_phoenix._connection.handle import SocketHandle
from rx_phoenix._excerpt import excerpt
from rx_phoenix._protocol.hook import Hook
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import CLOSE, ERROR, LEAVE, OK, TIMEOUT, ChannelState
from rx_phoenix._protocol.redaction import forms_of, is_secret, redactor
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Watcher
from rx_phoenix._streams.state import Latest, State
from rx_phoenix.errors import PushCancelled

__all__ = ["Change", "ChannelEffects"]

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
        join_ref: Its ref, likewise.
        leave: The leave's push, likewise.
        pushes: The pushes that end with it.
        leases: The observers of leases that get a response or an end.
    """

    __slots__ = (
        "error",
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
        self.join_ref: str | None = None
        self.leave: ChannelPush | None = None
        self.pushes: list[ChannelPush] = []
        self.leases: list[Latest[Any]] = []

    @property
    def failure(self) -> Exception:
        """The error, where there has to be one."""
        assert self.error is not None, "an end without an error"  # noqa: S101
        return self.error


class ChannelEffects(ChannelContext):
    """The parts of a channel, and the effects of events on them.

    Args:
        topic: The topic.
        params: Sent with the join.
        socket: The socket; may be set later.
        hook: The channel's `on_message`.
        watch: Notified when a source gets its first listener and loses its last.

    Attributes:
        membership: Decides what an event brings about.
        demand: The demand for the membership.
        join: The join.
        listeners: The sources of what is emitted.
        outbox: The pushes.
        rejoin_timer: The wait for the next attempt.
        on_message: The hook that every message passes.
        states: The source of the state.
    """

    __slots__ = (
        "_leave",
        "_leave_reply",
        "_leave_timer",
        "_response",
        "demand",
        "join",
        "listeners",
        "membership",
        "on_message",
        "outbox",
        "rejoin_timer",
        "states",
    )

    def __init__(
        self,
        topic: str,
        params: Params,
        socket: SocketHandle | None,
        hook: Hook,
        watch: Watcher,
    ) -> None:
        super().__init__(topic, socket)
        report = self
        self.on_message = hook
        self.membership = Membership()
        self.states = State(ChannelState.CLOSED, report, watch)
        self.demand = Demand(self, report)
        self.join = Join(self, params)
        self.listeners = Listeners(topic, self.spawn, report, watch)
        self.outbox = Outbox(self, self.membership, self.join, report)
        self.rejoin_timer = RejoinTimer(self)
        self._leave: ChannelPush | None = None
        self._leave_reply: Reply | None = None
        self._leave_timer: abc.DisposableBase | None = None
        self._response: Any = None

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

    def is_next(self) -> bool:
        """Return whether no predecessor on the topic is leaving."""
        raise NotImplementedError

    def begin(self) -> None:
        """Begin to join."""
        raise NotImplementedError

    def begin_on_demand(self) -> None:
        """Begin to join where only leases, or older requests, ask for it."""
        raise NotImplementedError

    def release_if_idle(self) -> None:
        """Let the channel be collected, if it is closed and has no listeners."""
        raise NotImplementedError

    def leave_timed_out(self) -> None:
        """React to a leave without an answer in time."""
        raise NotImplementedError

    def left(self, how: str = "left") -> PushCancelled:
        """Make the error of pushes that a leave or a close cancels."""
        return PushCancelled(f"the channel {self.topic!r} was {how}")

    @property
    def secrets(self) -> frozenset[str]:
        """The texts that nothing of ours shows, though the server may repeat them."""
        topic = self.topic
        known = self.connection.sent_secrets.all_but_joined
        sent = {each for each in known if each not in topic}
        return forms_of(self.join.sent_values) | sent

    def quoted(self, answer: object) -> str:
        """Quote what the server said, bounded and without our secrets."""
        return excerpt(answer, redactor(self.secrets), is_secret)

    def shown(self, words: str) -> str:
        """Return words that are not ours, without our secrets."""
        text: str = redactor(self.secrets)(words)
        return text

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

    def start_leave(self, change: Change) -> None:
        leave, connection = change.leave, self.connection
        assert leave is not None, "a leave without a push"  # noqa: S101
        leave.ref = connection.router.next_ref()
        self._leave_timer = connection.scheduler.call_later(
            leave.within, self.leave_timed_out
        )

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
        if leave is not None and isinstance(end, Reply):
            leave.answer(end, self.secrets)
        elif leave is not None and isinstance(end, Exception):
            leave.end(end)

    def settle_join(self, change: Change) -> None:
        if change.join is not None:
            change.join.settle(change.reply)
            # If it had been refused, that is healed.
            change.join.mark_seen()

    def fail_join(self, change: Change) -> None:
        if change.join is not None:
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
        self.rejoin_timer.note(
            error,
            self.quoted,
            is_warning=is_retried and self.connection.is_open,
        )
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
        if self.membership.stage is Stage.WAITING and self.is_next():
            self.join.start_clock()
            if self.connection.is_open and not self.join.is_under_way:
                self.rejoin_timer.await_turn()

    def rejoin_on_demand(self, _: Change) -> None:
        if self.demand.exists:
            self.rejoin_timer.resume()

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


RUN: Mapping[Effect, Callable[[ChannelEffects, Change], None]] = {
    Effect.CANCEL_REJOIN: lambda core, _: core.rejoin_timer.stop(),
    Effect.RESTART_DELAYS: lambda core, _: core.rejoin_timer.restart(),
    Effect.FORGET_FAILURES: lambda core, _: core.rejoin_timer.forget_failures(),
    Effect.RESET_REJOIN: lambda core, _: core.rejoin_timer.reset(),
    Effect.COUNT_CLOSE: lambda core, _: core.rejoin_timer.count_close(),
    Effect.VOID_ATTEMPT: lambda core, _: core.join.abort(),
    Effect.CLEAR_JOIN_REF: ChannelEffects.clear_join_ref,
    Effect.CANCEL_DEADLINE: lambda core, _: core.join.cancel_deadline(),
    Effect.KEEP_RESPONSE: ChannelEffects.keep_response,
    Effect.FORGET_RESPONSES: lambda core, _: core.demand.forget(),
    Effect.FORGET_JOINED: lambda core, _: core.demand.forget_joined(),
    Effect.TAKE_SENT_PUSHES: ChannelEffects.take_sent_pushes,
    Effect.TAKE_ALL_PUSHES: ChannelEffects.take_all_pushes,
    Effect.DETACH_SESSION: ChannelEffects.detach_session,
    Effect.DETACH_LEASES: ChannelEffects.detach_leases,
    Effect.END_REJOINS: ChannelEffects.end_rejoins,
    Effect.END_DEMAND: ChannelEffects.end_demand,
    Effect.START_LEAVE: ChannelEffects.start_leave,
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
    Effect.RESUME_AFTER_FAILURE: ChannelEffects.resume_after_failure,
    Effect.RESUME_AFTER_CLOSE: ChannelEffects.resume_after_close,
}
"""The function of each effect."""
