"""Whether we are in a channel: who wants it, joins, rejoins, leaves."""

from collections.abc import Callable
from typing import Any

from reactivex import abc

from rx_phoenix._channel.context import Owner
from rx_phoenix._channel.demand import Demand
from rx_phoenix._channel.ended import Ended
from rx_phoenix._channel.join import Join, Params
from rx_phoenix._channel.rejoin import RejoinTimer
from rx_phoenix._protocol.message import Message, Reply
from rx_phoenix._protocol.names import CLOSE, ERROR, LEAVE, OK, TIMEOUT, ChannelState
from rx_phoenix._protocol.transitions import CHANNEL_TRANSITIONS, ChannelEvent
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.hub import Reporter, Watcher, noop
from rx_phoenix._streams.lease import Lease
from rx_phoenix._streams.state import State
from rx_phoenix.errors import ChannelCrashed, JoinRefused, PushCancelled

__all__ = ["Membership"]

LEFT_BY_US = "leave"
"""The payload of ``phx_close`` when we left, as in phoenix.js."""

GONE = Reply(OK, {})
"""The answer to a leave that needs none: we are out all the same."""


class Membership:
    """The life of one channel's membership, by the table `CHANNEL_TRANSITIONS`.

    Rule 1: whatever happens is decided as a whole before anybody is told of it, for
    whoever is told may do anything. First they hear of the state, then of outcomes,
    then comes the rest.
    Rule 2: who was told may have changed everything, so that the state is looked at
    again before going on.

    Attributes:
        state: Where it stands.
        join: How it joins.
        wants: Who wants to be in the channel.
    """

    def __init__(
        self, owner: Owner, params: Params, report: Reporter, watch: Watcher
    ) -> None:
        self.state = State(ChannelState.CLOSED, report, watch)
        self.wants = Demand(self, report)
        self.join = Join(
            owner, params, failed=self._not_sent, timed_out=self._timed_out
        )
        self._owner = owner
        self._report = report
        self._leave: ChannelPush | None = None
        self._leaving: abc.DisposableBase | None = None
        self._answer_to_leave: Reply | None = None
        self._response: Any = None
        self._rejoining = RejoinTimer(owner, self._rejoin)

    # What a caller may wish.

    def want(self, timeout: float | None) -> ChannelPush:
        """Want to be in the channel, until `leave`: phoenix.js's join."""
        state, older = self.state.value, self.join.push
        if older is not None and (
            state in {ChannelState.JOINING, ChannelState.JOINED}
            or (state is ChannelState.LEAVING and not older.is_settled)
        ):
            self.wants.is_standing = True
            return older
        self._prepare()
        # If it does not wait, its outcome is known, and just about to be told.
        is_replaced = older is not None and self.join.is_waiting
        push = self._wish(timeout)
        self.wants.is_standing = True
        if state is not ChannelState.LEAVING:
            self._begin()
        if older is not None and is_replaced:
            why = f"a newer join of {self._owner.topic!r} took its place"
            older.cancel_as(PushCancelled(why))
        return push

    def leave(self, timeout: float | None = None) -> ChannelPush:
        """Want it no longer, whoever did."""
        leave = self._leave
        if self.state.value is ChannelState.LEAVING and leave is not None:
            self._end_wants().tell()
            return leave
        within = self._owner.timeout if timeout is None else timeout
        link = self._owner.connection
        leave = self._leave = ChannelPush(
            self._owner.topic, LEAVE, {}, within, report=self._report, spawn=link.spawn
        )
        if self.join.is_sent and link.is_open:
            self._begin_to_leave(leave)
        else:
            self._close(ChannelEvent.LEFT, LEFT_BY_US)()
        return leave

    def _begin_to_leave(self, leave: ChannelPush) -> None:
        link, join_ref = self._owner.connection, self.join.ref
        leave.ref = link.router.next_ref()
        self._stop()
        self._leaving = link.scheduler.call_later(leave.within, self._leave_expired)
        ended = self._end_wants()
        self._move(ChannelEvent.LEAVE_SENT)
        if self.state.value is ChannelState.LEAVING and leave is self._leave:
            link.router.send(Message(join_ref, leave.ref, self._owner.topic, LEAVE, {}))
        ended.tell()

    def _leave_expired(self) -> None:
        if self._leave is not None:
            self._close(ChannelEvent.LEFT, LEFT_BY_US, self._leave.timed_out())()

    # What the leases wish.

    def session_wanted(self) -> None:
        """Somebody wants one attempt, and is the first."""
        self._lease_wanted(self.wants.session, is_patient=False)

    def joined_wanted(self) -> None:
        """Somebody wants to be in the channel for good, and is the first."""
        self._lease_wanted(self.wants.joined, is_patient=self._rejoining.is_due)

    def _lease_wanted(self, lease: Lease[Any], *, is_patient: bool) -> None:
        state = self.state.value
        if state is ChannelState.JOINED:
            lease.emit(self._response)
        elif state is ChannelState.LEAVING:
            self._prepare()
        elif state is ChannelState.CLOSED or not (
            state is ChannelState.JOINING or is_patient
        ):
            self._begin_unasked()

    def _begin_unasked(self) -> None:
        self._prepare()
        if self.join.push is None or self.join.push.is_settled:
            self._wish(None).mark_seen()
        self._begin()

    def unwanted(self) -> None:
        """The last who held a lease is gone."""
        if not self.wants.are_any and self.state.value is not ChannelState.LEAVING:
            self.leave().mark_seen()

    def _end_wants(self, how: str = "left") -> Ended:
        """Nobody wants it any more; who did is still to be told."""
        self.wants.is_standing = False
        self.join.drop_deadline()
        # Whoever joins from now on wants something new.
        push, self.join.push = self.join.push, None
        return Ended(
            push,
            self._owner.take_pushes(waiting=True),
            self.wants.detach(),
            PushCancelled(f"the channel {self._owner.topic!r} was {how}"),
        )

    # Joins and rejoins.

    def _prepare(self) -> None:
        """See that a join can be begun, and have the topic.

        Raises:
            UsageError: It cannot.
        """
        self._owner.connection.check_usable()
        self.join.check()
        self._owner.claim()

    def _wish(self, timeout: float | None) -> ChannelPush:
        within = self._owner.timeout if timeout is None else timeout
        return self.join.wish(within)

    def _begin(self) -> None:
        self._rejoining.stop()
        self._move(ChannelEvent.JOIN_BEGUN)
        if self.state.value is ChannelState.JOINING:
            self._owner.connection.hold(self)
        self._attempt()

    def _attempt(self) -> None:
        is_asked_for = self.state.value is ChannelState.JOINING
        if is_asked_for and not self.join.is_under_way and self._owner.may_join():
            self.join.attempt()

    def answer(self, ref: str, reply: Reply) -> Callable[[], None] | None:
        """Take a reply.

        Returns:
            What to do once listeners have had the message; None if it was not
            awaited here.
        """
        leave, join = self._leave, self.join
        is_leaving = self.state.value is ChannelState.LEAVING
        if is_leaving and leave is not None and ref == leave.ref:
            if reply.status == OK and not self._owner.connection.router.has_join_refs:
                # Its phx_close follows, and could not be told from the next join's.
                self._answer_to_leave = reply
                return noop
            return self._close(ChannelEvent.LEFT, LEFT_BY_US, reply)
        if ref != join.ref or not join.is_unanswered:
            return None
        join.drop_deadline()
        self._owner.connection.join_answered()
        if reply.status == OK:
            self._accepted(reply)
        else:
            self._refused(reply)
        return noop

    def _accepted(self, reply: Reply) -> None:
        push, join_ref = self.join.push, self.join.ref
        # Who takes a lease from now on is told by taking it.
        leases = self.wants.holders()
        self._rejoining.start_over()
        self._response = reply.response
        self._move(ChannelEvent.JOIN_ACCEPTED)
        if push is not None:
            push.settle(reply)
            # If it had been refused, that is healed.
            push.mark_seen()
        for holders in leases:
            if self.join.ref == join_ref:
                holders.on_next(reply.response)
        self._owner.tell_joined(reply.response)
        self._owner.flush()
        if push is not None:
            push.run_hooks(reply)

    def _refused(self, reply: Reply) -> None:
        what = f"the join of {self._owner.topic!r}"
        quoted = self.join.quoted(reply.response)
        error = JoinRefused(reply.status, reply.response, what, quoted)
        is_final = self._rejoining.is_final(error)
        self.join.ref = None
        self._attempt_failed(ChannelEvent.JOIN_REFUSED, error, reply, is_final=is_final)

    def _not_sent(self, error: PushCancelled) -> None:
        self._attempt_failed(ChannelEvent.JOIN_REFUSED, error, Reply(TIMEOUT, {}))

    def _timed_out(self) -> None:
        link, push, join_ref = self._owner.connection, self.join.push, self.join.ref
        assert push is not None, "nobody wished to join"  # noqa: S101
        leave = None
        if self.join.is_sent:
            # The join may yet be accepted; the server must not think that we stay.
            self.join.ref = None
            leave = Message(
                join_ref, link.router.next_ref(), self._owner.topic, LEAVE, {}
            )
        event, nothing = ChannelEvent.JOIN_TIMED_OUT, Reply(TIMEOUT, {})
        self._attempt_failed(event, push.timed_out(), nothing, goodbye=leave)

    def _attempt_failed(
        self,
        event: ChannelEvent,
        error: Exception,
        reply: Reply,
        *,
        is_final: bool = False,
        goodbye: Message | None = None,
    ) -> None:
        """A join came to nothing."""
        push, link = self.join.push, self._owner.connection
        self.join.stop()
        self.join.drop_deadline()
        ended = self.wants.detach_session()
        if is_final:
            self.wants.is_standing = False
            ended = (*ended, *self.wants.detach_joined())
        # First of all, for whoever is told may join anew.
        if goodbye is not None and link.is_open:
            link.router.send(goodbye)
        self._move(event)
        if push is not None:
            push.settle_with(error)
            push.run_hooks(reply)
        for holders in ended:
            holders.on_error(error)
        self.go_on()

    def go_on(self) -> None:
        """After a failure: rejoin in a while, or let it be if nobody wants it."""
        if self.state.value is not ChannelState.ERRORED:
            return
        if not self.wants.are_any:
            self._close(ChannelEvent.LEFT, LEFT_BY_US)()
        elif self._owner.connection.is_open:
            self._rejoining.schedule()

    def _rejoin(self) -> None:
        if self.state.value is ChannelState.ERRORED and self._owner.connection.is_open:
            self._begin()

    # What the connection and the server tell.

    def opened(self) -> None:
        """The connection opened: whoever is wanted joins now."""
        self._rejoining.start_over()
        if self.state.value is ChannelState.ERRORED and self.wants.are_any:
            self._begin()
        else:
            self._attempt()

    def lost(self, reason: str, error: Exception) -> None:
        """The connection is gone, or did not come."""
        state = self.state.value
        if state is ChannelState.LEAVING:
            self._close(ChannelEvent.CONNECTION_LOST, LEFT_BY_US)()
        elif state in {ChannelState.JOINING, ChannelState.JOINED}:
            join_ref, self.join.ref = self.join.ref, None
            self._fall(ChannelEvent.CONNECTION_LOST, error)
            payload = {"source": "transport", "reason": reason}
            self._owner.dispatch(ERROR, payload, None, join_ref)
            self.go_on()
        else:
            self._rejoining.stop()

    def crashed(self, reason: Any) -> None:
        """The server's side of the channel is gone (``phx_error``).

        The owner tells its listeners, and then calls `go_on`.
        """
        state = self.state.value
        if state is ChannelState.LEAVING:
            self._close(ChannelEvent.CRASHED, LEFT_BY_US)()
        elif state is not ChannelState.CLOSED:
            if state is ChannelState.JOINING:
                self.join.ref = None
            text = (
                f"the channel {self._owner.topic!r} crashed on the server: {reason!r}"
            )
            self._fall(ChannelEvent.CRASHED, ChannelCrashed(text, reason))

    def _fall(self, event: ChannelEvent, error: Exception) -> None:
        """The membership died, and with it what was sent."""
        push, was_sent = self.join.push, self.join.is_sent
        doomed = self._owner.take_pushes(waiting=False)
        self._rejoining.stop()
        self.join.stop()
        self.wants.forget_joined()
        if was_sent:
            self.join.drop_deadline()
        ended = self.wants.detach_session() if was_sent else ()
        self._move(event)
        for sent in doomed:
            sent.end(error)
        if push is not None and was_sent:
            push.cancel_as(error)
        for holders in ended:
            holders.on_error(error)

    def gave_up(self, error: Exception) -> None:
        """There will be no connection until somebody asks for one."""
        leases = self.wants.detach()
        pushes = self._owner.take_pushes(waiting=True)
        ended = Ended(self.join.push, pushes, leases, error)
        self.join.stop()
        self.join.drop_deadline()
        self._move(ChannelEvent.CONNECTION_LOST)
        ended.tell_pushes()
        for holders in leases:
            holders.on_error(error)
        self.go_on()

    def closed_by_server(self, message: Message) -> None:
        """The server ended the channel in peace (``phx_close``)."""
        if self.state.value is ChannelState.LEAVING:
            self._close(ChannelEvent.CLOSED, LEFT_BY_US)()
        else:
            self._close(ChannelEvent.CLOSED, message.payload, ref=message.ref)()

    def end(self) -> None:
        """The socket was ended for good."""
        ended = self._end_wants()
        close = self._close(ChannelEvent.LEFT, LEFT_BY_US)
        ended.tell_pushes()
        close()
        ended.tell_leases()
        self.state.on_completed()

    # The end.

    def _close(
        self,
        event: ChannelEvent,
        payload: Any,
        end_of_leave: Reply | Exception | None = None,
        *,
        ref: str | None = None,
    ) -> Callable[[], None]:
        """Closed, and the outcomes are decided.

        Returns:
            The rest: who listens, then whoever wants it anew.
        """
        leave, join_ref = self._leave, self.join.ref
        # While it was leaving, everything there was had ended already.
        was_leaving = self.state.value is ChannelState.LEAVING
        how = "left" if event is ChannelEvent.LEFT else "closed"
        ended = None if was_leaving else self._end_wants(how)
        end = self._answer_to_leave or end_of_leave or GONE
        self._answer_to_leave = None
        self._stop()
        self.join.ref = None
        has_changed = self._move(event)
        if leave is not None and isinstance(end, Reply):
            leave.answer(end)
        elif leave is not None and isinstance(end, Exception):
            leave.end(end)
        if ended is not None:
            ended.tell_pushes()

        def tell() -> None:
            if has_changed:
                self._owner.dispatch(CLOSE, payload, ref, join_ref)
            if ended is not None:
                ended.tell_leases()
            if self.state.value is ChannelState.CLOSED:
                self._start_over()

        return tell

    def _start_over(self) -> None:
        if self.wants.are_any:
            self._begin_unasked()
        else:
            self._owner.connection.release(self)
            self._owner.settle_down()

    def _stop(self) -> None:
        self._rejoining.start_over()
        self.join.stop()
        self.wants.forget()
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            leaving.dispose()

    def _move(self, event: ChannelEvent) -> bool:
        arrival = CHANNEL_TRANSITIONS[self.state.value].get(event)
        if arrival is not None:
            self.state.on_next(arrival)
        return arrival is not None
