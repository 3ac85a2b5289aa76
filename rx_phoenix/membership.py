"""Whether we are in a channel: who wants it, joins, rejoins, leaves."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from reactivex import abc
from reactivex.disposable import Disposable, SerialDisposable

from rx_phoenix.connection import LiveConnection
from rx_phoenix.errors import (
    ChannelCrashed,
    EncodeError,
    JoinRefused,
    PushCancelled,
)
from rx_phoenix.policy import Rejoin, delay_of
from rx_phoenix.protocol.life import CHANNEL_LIFE, ChannelEvent
from rx_phoenix.protocol.message import Message, Reply
from rx_phoenix.protocol.names import (
    CLOSE,
    ERROR,
    JOIN,
    LEAVE,
    OK,
    TIMEOUT,
    ChannelState,
)
from rx_phoenix.push import Push
from rx_phoenix.streams.deadline import Deadline
from rx_phoenix.streams.failure import fresh
from rx_phoenix.streams.hub import Hub, Reporter, Watcher
from rx_phoenix.streams.lease import Lease
from rx_phoenix.streams.provider import Provider, ask
from rx_phoenix.streams.state import State

__all__ = ["Membership", "Params"]

Params = Provider[Mapping[str, Any] | None]
"""What a channel is joined with: a mapping, or who is asked for one."""

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

    Rule 1: after a change of state come the outcomes, then the listeners, and each
    of them may have changed everything: look again before going on.

    Attributes:
        state: Where it stands.
        join_ref: The ref of the join that is or was in force.
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
        self.topic = topic
        self.params = params
        self.join_ref: str | None = None
        self.state = State(ChannelState.CLOSED, report, watch)
        self.joins = Hub[Any](report, watch)
        self.session = Lease[Any](self._session_wanted, self._unwanted, report)
        self.joined = Lease[Any](self._joined_wanted, self._unwanted, report)
        self._owner = owner
        self._report = report
        self._extras: dict[object, Callable[[], Mapping[str, Any]]] = {}
        self._is_standing = False
        self._push: Push | None = None
        self._leave: Push | None = None
        self._response: Any = None
        self._deadline: Deadline | None = None
        self._is_sent = False
        self._tries = 0
        self._asking = SerialDisposable()
        self._rejoining = SerialDisposable()
        self._is_rejoin_due = False

    @property
    def is_wanted(self) -> bool:
        """Whether anybody wants to be in the channel."""
        return self._is_standing or self.joined.is_held or self.session.is_held

    def extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Merge what a function returns into the params of each join."""
        key = object()
        self._extras[key] = extra

        def withdraw() -> None:
            self._extras.pop(key, None)

        return Disposable(withdraw)

    # What a caller may wish.

    def join(self, timeout: float | None) -> Push:
        """Want to be in the channel, until `leave`."""
        state, push = self.state.value, self._push
        is_on_its_way = state in {ChannelState.JOINING, ChannelState.JOINED}
        if push is not None and (
            is_on_its_way or (state is ChannelState.LEAVING and self._is_standing)
        ):
            self._is_standing = True
            return push
        self._check_params()
        link = self._owner.link()
        self._owner.claim()
        link.hold(self)
        push = self._new_join(timeout)
        self._is_standing = True
        if state is not ChannelState.LEAVING:
            self._begin()
        return push

    def leave(self, timeout: float | None = None) -> Push:
        """Want it no longer, whoever did."""
        if self.state.value is ChannelState.LEAVING and self._leave is not None:
            leave = self._leave
            self._end_wants()
            return leave
        leave = self._leave = self._new_push(LEAVE, timeout)
        if self._is_sent and self._owner.link().is_open:
            self._send_leave(leave)
        else:
            self._left(Reply(OK, {}))
        return leave

    def _send_leave(self, leave: Push) -> None:
        link = self._owner.link()
        leave.ref = link.next_ref()
        join_ref = self.join_ref
        self._stop()
        self._move(ChannelEvent.LEAVE_SENT)
        leave.deadline = link.scheduler.call_later(leave.within, self._leave_expired)
        link.send(Message(join_ref, leave.ref, self.topic, LEAVE, {}))
        why = PushCancelled(f"the channel {self.topic!r} was left")
        self._cancel_join(why)
        self._owner.fail_pushes(why, waiting=True)
        self._end_wants()

    def _leave_expired(self) -> None:
        leave = self._leave
        if leave is not None:
            self._close(ChannelEvent.LEFT, LEFT_BY_US, error=leave.timed_out())

    def _left(self, reply: Reply) -> None:
        self._close(ChannelEvent.LEFT, LEFT_BY_US, reply=reply)

    # What the leases wish.

    def _session_wanted(self) -> None:
        if self.state.value is ChannelState.ERRORED:
            self._begin_unasked()
        else:
            self._joined_wanted()

    def _joined_wanted(self) -> None:
        state = self.state.value
        if state is ChannelState.JOINED:
            for lease in (self.session, self.joined):
                lease.emit(self._response) if lease.is_held else None
        elif state is ChannelState.CLOSED:
            self._begin_unasked()
        elif state is ChannelState.ERRORED and not self._is_rejoin_due:
            self._begin_unasked()

    def _begin_unasked(self) -> None:
        self._check_params()
        link = self._owner.link()
        self._owner.claim()
        link.hold(self)
        self._new_join(None).mark_seen()
        self._begin()

    def _unwanted(self) -> None:
        if not self.is_wanted and self.state.value is not ChannelState.LEAVING:
            self.leave().mark_seen()

    def _end_wants(self) -> None:
        self._is_standing = False
        self._cancel_join(PushCancelled(f"the channel {self.topic!r} was left"))
        self.joined.complete()
        self.session.complete()

    # A join.

    def _new_push(self, event: str, timeout: float | None) -> Push:
        within = self._owner.default_timeout() if timeout is None else timeout
        return Push(
            self.topic, event, {}, within, report=self._report, spawn=self._spawn
        )

    def _spawn(
        self,
        awaitable: Awaitable[Any],
        on_value: Callable[[Any], None],
        on_error: Callable[[Exception], None],
    ) -> abc.DisposableBase:
        return self._owner.link().spawn(awaitable, on_value, on_error)

    def _new_join(self, timeout: float | None) -> Push:
        self._cancel_join(
            PushCancelled(f"a newer join of {self.topic!r} took its place")
        )
        self._drop_deadline()
        self._push = push = self._new_push(JOIN, timeout)
        self._start_deadline()
        return push

    def _start_deadline(self) -> None:
        assert self._push is not None  # noqa: S101
        scheduler = self._owner.link().scheduler
        self._deadline = Deadline(scheduler, self._push.within, self._timed_out)
        self._deadline.run()

    def _begin(self) -> None:
        self._stop_rejoining()
        self._move(ChannelEvent.JOIN_BEGUN)
        if self._owner.link().is_open:
            self._ask()

    def _check_params(self) -> None:
        if not callable(self.params):
            message = Message(None, None, self.topic, JOIN, self.params or {})
            self._owner.link().encode(message)

    def _ask(self) -> None:
        if self._deadline is None:
            self._start_deadline()
        providers: list[Provider[Any]] = [self.params, *self._extras.values()]
        self._asking.disposable = ask(
            providers, self._spawn, self._send, self._params_failed
        )

    def _send(self, answers: list[Mapping[str, Any] | None]) -> None:
        link = self._owner.link()
        push, deadline = self._push, self._deadline
        if not link.is_open or push is None or deadline is None:
            return
        try:
            payload: dict[str, Any] = {}
            for answer in answers:
                payload |= answer or {}
            ref = link.next_ref()
            message = Message(ref, ref, self.topic, JOIN, payload)
            link.encode(message)
        except (EncodeError, TypeError, ValueError) as error:
            self._params_failed(error)
            return
        self.join_ref = push.ref = ref
        self._is_sent = True
        push.payload = payload
        push.begin_again()
        link.joins.add(deadline)
        link.send(message)

    def _params_failed(self, error: Exception) -> None:
        failure = PushCancelled(
            f"the join of {self.topic!r} was not sent: its params raised {error!r}"
        )
        failure.__cause__ = error
        self._report(error)
        self._move(ChannelEvent.JOIN_REFUSED)
        self._fail_attempt(failure, Reply(TIMEOUT, {}))

    def answer(self, ref: str, reply: Reply) -> bool:
        """Take a reply; says whether it was awaited here."""
        leave = self._leave
        if leave is not None and ref == leave.ref and not leave.is_settled:
            self._left(reply)
            return True
        if self._is_sent and ref == self.join_ref and self._deadline is not None:
            self._drop_deadline()
            self._owner.link().join_answered()
            if reply.status == OK:
                self._accepted(reply)
            else:
                self._refused(reply)
            return True
        return False

    def _accepted(self, reply: Reply) -> None:
        push = self._push
        self._tries = 0
        self._response = reply.response
        self._move(ChannelEvent.JOIN_ACCEPTED)
        if push is not None:
            push.settle(reply)
        if self.session.is_held:
            self.session.emit(reply.response)
        if self.joined.is_held:
            self.joined.emit(reply.response)
        self.joins.on_next(reply.response)
        self._owner.flush()
        if push is not None:
            push.run_hooks(reply)

    def _refused(self, reply: Reply) -> None:
        what = f"the join of {self.topic!r}"
        error = JoinRefused(reply.status, reply.response, what)
        self._move(ChannelEvent.JOIN_REFUSED)
        self.join_ref = None
        if self._is_final(error):
            self._is_standing = False
            self.joined.fail(error)
        self._fail_attempt(error, reply)

    def _is_final(self, error: JoinRefused) -> bool:
        try:
            return self._owner.rejoin().is_final(error)
        except Exception as failure:  # noqa: BLE001 - a user's give_up: reported
            self._report(failure)
            return False

    def _timed_out(self) -> None:
        link, push, join_ref = self._owner.link(), self._push, self.join_ref
        self._drop_deadline()
        was_sent, self._is_sent = self._is_sent, False
        self._move(ChannelEvent.JOIN_TIMED_OUT)
        self._asking.disposable = None
        if was_sent:
            # The join may still be accepted; the server must not think we stay.
            self.join_ref = None
            link.send(Message(join_ref, link.next_ref(), self.topic, LEAVE, {}))
        if push is not None:
            self._fail_attempt(push.timed_out(), Reply(TIMEOUT, {}))

    def _fail_attempt(self, error: Exception, reply: Reply) -> None:
        """A join came to nothing, and the state says so already."""
        push = self._push
        self._is_sent = False
        self._drop_deadline()
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
            self._close(ChannelEvent.LEFT, LEFT_BY_US)
        elif self._owner.link().is_open:
            self._schedule_rejoin()

    def _schedule_rejoin(self) -> None:
        link, policy = self._owner.link(), self._owner.rejoin()
        chance = link.chance()
        try:
            delay = delay_of(policy.delays, self._tries + 1, chance)
        except Exception as failure:  # noqa: BLE001 - a user's delays: reported
            self._report(failure)
            delay = delay_of(Rejoin().delays, self._tries + 1, chance)
        self._is_rejoin_due = True
        self._rejoining.disposable = link.scheduler.call_later(delay, self._rejoin)

    def _rejoin(self) -> None:
        self._tries += 1
        self._stop_rejoining()
        if self.state.value is ChannelState.ERRORED and self._owner.link().is_open:
            self._begin()

    def _stop_rejoining(self) -> None:
        self._is_rejoin_due = False
        self._rejoining.disposable = None

    # What the connection tells.

    def opened(self) -> None:
        """The connection opened: whoever is wanted joins now."""
        self._tries = 0
        self._stop_rejoining()
        if self.state.value is ChannelState.ERRORED and self.is_wanted:
            self._owner.link().hold(self)
            self._begin()
        elif self.state.value is ChannelState.JOINING:
            self._ask()

    def lost(self, reason: str, error: Exception) -> None:
        """The connection is gone, or did not come."""
        join_ref, was_sent = self.join_ref, self._is_sent
        if self.state.value is ChannelState.LEAVING:
            self._close(ChannelEvent.CONNECTION_LOST, LEFT_BY_US, reply=Reply(OK, {}))
            return
        if not self._move(ChannelEvent.CONNECTION_LOST):
            self._stop_rejoining()
            return
        self.join_ref = None
        self._fall(error, was_sent)
        payload = {"source": "transport", "reason": reason}
        self._owner.dispatch(ERROR, payload, None, join_ref)
        self.go_on()

    def gave_up(self, error: Exception) -> None:
        """There will be no connection until somebody asks for one."""
        link = self._owner.link()
        self._drop_deadline()
        push = self._push
        if push is not None and not push.is_settled:
            push.end(fresh(error))
        self._owner.fail_pushes(error, waiting=True)
        self.joined.fail(error)
        self.session.fail(error)
        link.release(self)
        self.go_on()

    def crashed(self, reason: Any) -> None:
        """The server's side of the channel is gone (``phx_error``).

        The owner tells its listeners, and then calls `go_on`.
        """
        was_joining = self.state.value is ChannelState.JOINING
        was_sent = self._is_sent
        if self.state.value is ChannelState.LEAVING:
            self._close(ChannelEvent.CRASHED, LEFT_BY_US, reply=Reply(OK, {}))
            return
        if not self._move(ChannelEvent.CRASHED):
            return
        if was_joining:
            self.join_ref = None
        text = f"the channel {self.topic!r} crashed on the server: {reason!r}"
        self._fall(ChannelCrashed(text, reason), was_sent)

    def _fall(self, error: Exception, was_sent: bool) -> None:
        """The membership died, and with it what was sent."""
        push = self._push
        self._stop_rejoining()
        self._asking.disposable = None
        self._is_sent = False
        self.joined.forget()
        self._owner.fail_pushes(error, waiting=False)
        if was_sent:
            self._drop_deadline()
            if push is not None and not push.is_settled:
                push.settle_with(fresh(error))
                push.run_hooks(Reply(TIMEOUT, {}))
            self.session.fail(error)

    def closed_by_server(self, message: Message) -> None:
        """The server ended the channel in peace (``phx_close``)."""
        if self.state.value is ChannelState.LEAVING:
            self._close(ChannelEvent.CLOSED, LEFT_BY_US, reply=Reply(OK, {}))
        else:
            self._close(ChannelEvent.CLOSED, message.payload, ref=message.ref)

    def end(self) -> None:
        """The socket was ended for good."""
        self._close(ChannelEvent.LEFT, LEFT_BY_US, reply=Reply(OK, {}))
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
        reply: Reply | None = None,
        error: Exception | None = None,
    ) -> None:
        """Closed: outcomes first, then who listens, then whoever wants it anew."""
        leave, join_ref = self._leave, self.join_ref
        was_leaving = self.state.value is ChannelState.LEAVING
        self._stop()
        self.join_ref = None
        has_changed = self._move(event)
        why = PushCancelled(f"the channel {self.topic!r} was closed")
        if leave is not None and reply is not None and not leave.is_settled:
            leave.answer(reply)
        elif leave is not None and error is not None:
            leave.end(error)
        if not was_leaving:
            # While it was leaving, everything there was had ended already.
            self._cancel_join(why)
            self._owner.fail_pushes(why, waiting=True)
        if has_changed:
            self._owner.dispatch(CLOSE, payload, ref, join_ref)
        if not was_leaving:
            self._end_wants()
        if self.state.value is ChannelState.CLOSED:
            self._start_over()

    def _start_over(self) -> None:
        if not self.is_wanted:
            self._owner.link().release(self)
            self._owner.settle_down()
        elif self._push is None or self._push.is_settled:
            self._begin_unasked()
        else:
            self._begin()

    def _stop(self) -> None:
        self._stop_rejoining()
        self._asking.disposable = None
        self._is_sent = False
        self._tries = 0
        self.joined.forget()
        self.session.forget()
        if self.state.value is not ChannelState.LEAVING:
            self._drop_deadline()

    def _cancel_join(self, why: PushCancelled) -> None:
        push = self._push
        if push is not None and not push.is_settled:
            push.end(why)

    def _drop_deadline(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            self._owner.link().joins.remove(deadline)
            deadline.dispose()

    def _move(self, event: ChannelEvent) -> bool:
        arrival = CHANNEL_LIFE[self.state.value].get(event)
        if arrival is None:
            return False
        self.state.on_next(arrival)
        return True
