"""Whether we are in a channel: who wants it, joins, rejoins, leaves."""

from collections.abc import Callable
from typing import Any, Protocol

from rx_phoenix.connection import LiveConnection
from rx_phoenix.errors import ChannelCrashed, JoinRefused, PushCancelled
from rx_phoenix.join import Join, Params
from rx_phoenix.policy import Rejoin
from rx_phoenix.protocol.life import CHANNEL_LIFE, ChannelEvent
from rx_phoenix.protocol.message import Message, Reply
from rx_phoenix.protocol.names import (
    CLOSE,
    ERROR,
    LEAVE,
    OK,
    TIMEOUT,
    ChannelState,
)
from rx_phoenix.push import Push
from rx_phoenix.rejoining import Rejoining
from rx_phoenix.streams.failure import fresh
from rx_phoenix.streams.hub import Hub, Reporter, Watcher, noop
from rx_phoenix.streams.lease import Lease
from rx_phoenix.streams.state import State

__all__ = ["Membership"]

LEFT_BY_US = "leave"
"""The payload of ``phx_close`` when we left, as in phoenix.js."""


class Owner(Protocol):
    """The channel, as its membership knows it."""

    def link(self) -> LiveConnection:
        """Its socket's connection; raises `UsageError` without a socket."""
        ...

    def default_timeout(self) -> float:
        """Seconds for a join or a leave."""
        ...

    def rejoin(self) -> Rejoin:
        """When to join again."""
        ...

    def may_join(self) -> bool:
        """Whether a join can be sent now."""
        ...

    def claim(self) -> None:
        """Take the topic; raises `ChannelConflict` if it is taken."""
        ...

    def settle_down(self) -> None:
        """Nothing is joined or wanted any more."""
        ...

    def flush(self) -> None:
        """Send what waited for the join."""
        ...

    def fail_pushes(self, error: Exception, *, waiting: bool) -> None:
        """End the pushes that were sent, and those that wait too if asked."""
        ...

    def dispatch(
        self, event: str, payload: Any, ref: str | None, join_ref: str | None
    ) -> None:
        """Tell listeners of something that came in no frame."""
        ...


class Membership:
    """The life of one channel's membership, by the table `CHANNEL_LIFE`.

    Rule: after a change of state come the outcomes, then the listeners. Each of them
    may have changed everything, so that the state is looked at again before going on.

    Attributes:
        state: Where it stands.
        join: How it joins.
        joins: The response of each accepted join.
        session: One attempt, as a shared stream.
        joined: The membership with rejoins, as a shared stream.
    """

    def __init__(
        self,
        topic: str,
        params: Params,
        owner: Owner,
        report: Reporter,
        watch: Watcher,
    ) -> None:
        self.state = State(ChannelState.CLOSED, report, watch)
        self.joins = Hub[Any](report, watch)
        self.session = Lease[Any](self._session_wanted, self._unwanted, report)
        self.joined = Lease[Any](self._joined_wanted, self._unwanted, report)
        self.join = Join(
            topic,
            params,
            link=owner.link,
            report=report,
            failed=self._not_sent,
            timed_out=self._timed_out,
        )
        self._topic = topic
        self._owner = owner
        self._report = report
        self._is_standing = False
        self._leave: Push | None = None
        self._response: Any = None
        self._rejoining = Rejoining(owner.rejoin, owner.link, report, self._rejoin)

    @property
    def is_wanted(self) -> bool:
        """Whether anybody wants to be in the channel."""
        return self._is_standing or self.joined.is_held or self.session.is_held

    # What a caller may wish.

    def want(self, timeout: float | None) -> Push:
        """Want to be in the channel, until `leave`: phoenix.js's join."""
        state, push = self.state.value, self.join.push
        is_on_its_way = state in {ChannelState.JOINING, ChannelState.JOINED}
        is_next = state is ChannelState.LEAVING and self._is_standing
        if push is not None and (is_on_its_way or is_next):
            self._is_standing = True
            return push
        push = self._wish(timeout)
        self._is_standing = True
        if state is not ChannelState.LEAVING:
            self._begin()
        return push

    def leave(self, timeout: float | None = None) -> Push:
        """Want it no longer, whoever did."""
        leave = self._leave
        if self.state.value is ChannelState.LEAVING and leave is not None:
            self._end_wants()
            return leave
        within = self._owner.default_timeout() if timeout is None else timeout
        link = self._owner.link()
        leave = self._leave = Push(
            self._topic, LEAVE, {}, within, report=self._report, spawn=link.spawn
        )
        if self.join.is_sent and link.is_open:
            self._send_leave(leave)
        else:
            self._left(Reply(OK, {}))
        return leave

    def _send_leave(self, leave: Push) -> None:
        link, join_ref = self._owner.link(), self.join.ref
        leave.ref = link.wire.next_ref()
        leave.deadline = link.scheduler.call_later(leave.within, self._leave_expired)
        self._stop()
        self.join.drop_deadline()
        self._move(ChannelEvent.LEAVE_SENT)
        link.wire.send(Message(join_ref, leave.ref, self._topic, LEAVE, {}))
        why = f"the channel {self._topic!r} was left"
        self.join.cancel(why)
        self._owner.fail_pushes(PushCancelled(why), waiting=True)
        self._end_wants()

    def _leave_expired(self) -> None:
        if self._leave is not None:
            error = self._leave.timed_out()
            self._close(ChannelEvent.LEFT, LEFT_BY_US, leave_error=error)()

    def _left(self, reply: Reply) -> None:
        self._close(ChannelEvent.LEFT, LEFT_BY_US, leave_reply=reply)()

    # What the leases wish.

    def _session_wanted(self) -> None:
        state = self.state.value
        if state is ChannelState.JOINED:
            self.session.emit(self._response)
        elif state in {ChannelState.CLOSED, ChannelState.ERRORED}:
            self._begin_unasked()

    def _joined_wanted(self) -> None:
        state = self.state.value
        if state is ChannelState.JOINED:
            self.joined.emit(self._response)
        elif state is ChannelState.CLOSED or (
            state is ChannelState.ERRORED and not self._rejoining.is_due
        ):
            self._begin_unasked()

    def _tell_leases(self) -> None:
        for lease in (self.session, self.joined):
            if lease.is_held and self.state.value is ChannelState.JOINED:
                lease.emit(self._response)

    def _begin_unasked(self) -> None:
        self._wish(None).mark_seen()
        self._begin()

    def _unwanted(self) -> None:
        if not self.is_wanted and self.state.value is not ChannelState.LEAVING:
            self.leave().mark_seen()

    def _end_wants(self) -> None:
        self._is_standing = False
        self.join.cancel(f"the channel {self._topic!r} was left")
        self.joined.complete()
        self.session.complete()

    # Joins and rejoins.

    def _wish(self, timeout: float | None) -> Push:
        self.join.check()
        self._owner.claim()
        self._owner.link().hold(self)
        within = self._owner.default_timeout() if timeout is None else timeout
        return self.join.wish(within)

    def _begin(self) -> None:
        self._rejoining.stop()
        self._move(ChannelEvent.JOIN_BEGUN)
        if self._owner.may_join():
            self.join.attempt()

    def answer(self, ref: str, reply: Reply) -> Callable[[], None] | None:
        """Take a reply.

        Returns:
            What to do once listeners have had the message; None if it was not
            awaited here.
        """
        leave, join = self._leave, self.join
        if leave is not None and ref == leave.ref and not leave.is_settled:
            return self._close(ChannelEvent.LEFT, LEFT_BY_US, leave_reply=reply)
        if ref != join.ref or not join.is_unanswered:
            return None
        join.drop_deadline()
        self._owner.link().join_answered()
        if reply.status == OK:
            self._accepted(reply)
        else:
            self._refused(reply)
        return noop

    def _accepted(self, reply: Reply) -> None:
        push = self.join.push
        self._rejoining.start_over()
        self._response = reply.response
        self._move(ChannelEvent.JOIN_ACCEPTED)
        if push is not None:
            push.settle(reply)
        self._tell_leases()
        self.joins.on_next(reply.response)
        self._owner.flush()
        if push is not None:
            push.run_hooks(reply)

    def _refused(self, reply: Reply) -> None:
        what = f"the join of {self._topic!r}"
        error = JoinRefused(reply.status, reply.response, what)
        self._move(ChannelEvent.JOIN_REFUSED)
        self.join.ref = None
        if self._rejoining.is_final(error):
            self._is_standing = False
            self.joined.fail(error)
        self._attempt_failed(error, reply)

    def _not_sent(self, error: PushCancelled) -> None:
        self._move(ChannelEvent.JOIN_REFUSED)
        self._attempt_failed(error, Reply(TIMEOUT, {}))

    def _timed_out(self) -> None:
        link, push, join_ref = self._owner.link(), self.join.push, self.join.ref
        was_sent = self.join.is_sent
        self.join.drop_deadline()
        self.join.stop()
        self._move(ChannelEvent.JOIN_TIMED_OUT)
        if was_sent:
            # The join may yet be accepted; the server must not think that we stay.
            self.join.ref = None
            leave = Message(join_ref, link.wire.next_ref(), self._topic, LEAVE, {})
            link.wire.send(leave)
        if push is not None:
            self._attempt_failed(push.timed_out(), Reply(TIMEOUT, {}))

    def _attempt_failed(self, error: Exception, reply: Reply) -> None:
        """A join came to nothing, and the state says so already."""
        push = self.join.push
        self.join.stop()
        self.join.drop_deadline()
        if push is not None:
            push.settle_with(error)
            push.run_hooks(reply)
        self.session.fail(error)
        self.go_on()

    def go_on(self) -> None:
        """After a failure: rejoin in a while, or let it be if nobody wants it."""
        if self.state.value is not ChannelState.ERRORED:
            return
        if not self.is_wanted:
            self._close(ChannelEvent.LEFT, LEFT_BY_US)()
        elif self._owner.link().is_open:
            self._rejoining.schedule()

    def _rejoin(self) -> None:
        if self.state.value is ChannelState.ERRORED and self._owner.link().is_open:
            self._begin()

    # What the connection and the server tell.

    def opened(self) -> None:
        """The connection opened: whoever is wanted joins now."""
        self._rejoining.start_over()
        if self.state.value is ChannelState.ERRORED and self.is_wanted:
            self._owner.link().hold(self)
            self._begin()
        elif self.state.value is ChannelState.JOINING and self._owner.may_join():
            self.join.attempt()

    def lost(self, reason: str, error: Exception) -> None:
        """The connection is gone, or did not come."""
        join_ref = self.join.ref
        if self.state.value is ChannelState.LEAVING:
            left = Reply(OK, {})
            self._close(ChannelEvent.CONNECTION_LOST, LEFT_BY_US, leave_reply=left)()
        elif self._move(ChannelEvent.CONNECTION_LOST):
            self.join.ref = None
            self._fall(error)
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
            left = Reply(OK, {})
            self._close(ChannelEvent.CRASHED, LEFT_BY_US, leave_reply=left)()
        elif self._move(ChannelEvent.CRASHED):
            if state is ChannelState.JOINING:
                self.join.ref = None
            text = f"the channel {self._topic!r} crashed on the server: {reason!r}"
            self._fall(ChannelCrashed(text, reason))

    def _fall(self, error: Exception) -> None:
        """The membership died, and with it what was sent."""
        push, was_sent = self.join.push, self.join.is_sent
        self._rejoining.stop()
        self.join.stop()
        self.joined.forget()
        self._owner.fail_pushes(error, waiting=False)
        if was_sent:
            self.join.drop_deadline()
            if push is not None and not push.is_settled:
                push.settle_with(fresh(error))
                push.run_hooks(Reply(TIMEOUT, {}))
            self.session.fail(error)

    def gave_up(self, error: Exception) -> None:
        """There will be no connection until somebody asks for one."""
        push = self.join.push
        self.join.drop_deadline()
        if push is not None and not push.is_settled:
            push.end(fresh(error))
        self._owner.fail_pushes(error, waiting=True)
        self.joined.fail(error)
        self.session.fail(error)
        self._owner.link().release(self)
        self.go_on()

    def closed_by_server(self, message: Message) -> None:
        """The server ended the channel in peace (``phx_close``)."""
        if self.state.value is ChannelState.LEAVING:
            left = Reply(OK, {})
            self._close(ChannelEvent.CLOSED, LEFT_BY_US, leave_reply=left)()
        else:
            self._close(ChannelEvent.CLOSED, message.payload, ref=message.ref)()

    def end(self) -> None:
        """The socket was ended for good."""
        self._left(Reply(OK, {}))
        self._end_wants()
        self.state.on_completed()
        self.joins.on_completed()

    # The end.

    def _close(
        self,
        event: ChannelEvent,
        payload: Any,
        *,
        ref: str | None = None,
        leave_reply: Reply | None = None,
        leave_error: Exception | None = None,
    ) -> Callable[[], None]:
        """Closed, and the outcomes are decided.

        Returns:
            The rest: who listens, then whoever wants it anew.
        """
        leave, join_ref = self._leave, self.join.ref
        was_leaving = self.state.value is ChannelState.LEAVING
        self._stop()
        self.join.ref = None
        has_changed = self._move(event)
        if leave is not None and leave_reply is not None and not leave.is_settled:
            leave.answer(leave_reply)
        elif leave is not None and leave_error is not None:
            leave.end(leave_error)
        if not was_leaving:
            # While it was leaving, everything there was had ended already.
            self.join.drop_deadline()
            why = f"the channel {self._topic!r} was closed"
            self.join.cancel(why)
            self._owner.fail_pushes(PushCancelled(why), waiting=True)

        def tell() -> None:
            if has_changed:
                self._owner.dispatch(CLOSE, payload, ref, join_ref)
            if not was_leaving:
                self._end_wants()
            if self.state.value is ChannelState.CLOSED:
                self._start_over()

        return tell

    def _start_over(self) -> None:
        push = self.join.push
        if not self.is_wanted:
            self._owner.link().release(self)
            self._owner.settle_down()
        elif push is None or push.is_settled:
            self._begin_unasked()
        else:
            self._begin()

    def _stop(self) -> None:
        self._rejoining.start_over()
        self.join.stop()
        self.joined.forget()
        self.session.forget()

    def _move(self, event: ChannelEvent) -> bool:
        arrival = CHANNEL_LIFE[self.state.value].get(event)
        if arrival is None:
            return False
        self.state.on_next(arrival)
        return True
