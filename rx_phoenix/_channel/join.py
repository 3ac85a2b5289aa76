"""A join: its push, its deadline, and the message that asks for it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reactivex import abc
from reactivex.disposable import Disposable

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._protocol.checks import check, kind_of
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN
from rx_phoenix._protocol.redaction import values_in
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.deadline import Deadline
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.provider import Provider, ask, is_asked
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix.errors import PushCancelled

__all__ = ["Join", "Params", "check_params"]

Params = Provider[Mapping[str, Any] | None]
"""The params of a join: a mapping, or a function that returns one."""

SENT = object()
"""The attempt whose message was sent."""


def check_params(params: object) -> None:
    """Check the params of a join that are known before it.

    Raises:
        UsageError: They are neither a mapping nor a function.
    """
    takes, got = "a mapping, a function that returns one, or None", kind_of(params)
    is_valid = params is None or isinstance(params, Mapping) or is_asked(params)
    check(is_valid, "params", takes, got)


class Join:
    """The join of one channel, over all its attempts.

    One push stands for all attempts, however many it takes. Each attempt evaluates the
    params again, and has a message and a ref of its own.

    Args:
        context: The channel's; it reacts when an attempt is sent or fails.
        params: The params to join with.

    Attributes:
        push: The newest push.
        ref: The ref of the newest attempt; None while none is in force.
    """

    __slots__ = (
        "_asking",
        "_attempt",
        "_context",
        "_deadline",
        "_extras",
        "_params",
        "_params_context",
        "push",
        "ref",
    )

    def __init__(self, context: ChannelContext, params: Params) -> None:
        self._context = context
        self.params = params
        self.push: ChannelPush | None = None
        self.ref: str | None = None
        self._attempt: object | None = None
        # Made at the first need: most joins have no extra params.
        self._extras: dict[object, Callable[[], Mapping[str, Any]]] | None = None
        self._deadline: Deadline | None = None
        self._asking: abc.DisposableBase | None = None

    @property
    def is_under_way(self) -> bool:
        """True if an attempt has begun, and was neither answered in vain nor voided."""
        return self._attempt is not None

    @property
    def has_time(self) -> bool:
        """True if the attempt goes on when the caller's time is over."""
        return self._deadline is not None and not self._deadline.is_over

    @property
    def is_waiting(self) -> bool:
        """True while the push, or a rejoin, awaits its answer."""
        return self._deadline is not None

    @property
    def params(self) -> Params:
        """The params to join with; a function runs in the context of this call."""
        return self._params

    @params.setter
    def params(self, params: Params) -> None:
        self._params = params
        self._params_context = (
            CallContext.of(self._context) if callable(params) else None
        )

    def extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Merge what a function returns into the params of each attempt."""
        key = object()
        extras = self._extras = self._extras or {}
        extras[key] = extra

        def withdraw() -> None:
            extras.pop(key, None)

        return Disposable(withdraw)

    def validate(self) -> None:
        """Check that the params can be encoded, unless a function provides them.

        Raises:
            EncodeError: They cannot.
        """
        if not callable(self.params):
            message = Message(None, None, self._context.topic, JOIN, self.params or {})
            self._context.connection.router.encode(message)

    def new_push(self, within: float) -> ChannelPush:
        """Replace the push by a new one, whose deadline `start_clock` starts.

        If an attempt is under way, the push is for its answer, and in its time.
        """
        older, topic = self.push, self._context.topic
        spawn, report = self._context.connection.spawn, self._context
        push = ChannelPush(topic, JOIN, {}, within, report=report, spawn=spawn)
        if not self.is_under_way:
            self.cancel_deadline()
        elif older is not None:
            push.ref, push.payload = older.ref, older.payload
        self.push = push
        return push

    def start_clock(self) -> None:
        """Start the deadline of the push, unless it runs or the push has ended."""
        push = self.push
        if push is not None and self._deadline is None and not push.is_settled:
            self._start_deadline(push.within)

    def send(self) -> None:
        """Begin an attempt: evaluate the params, then send the message."""
        push = self.push
        assert push is not None, "a join without a push"  # noqa: S101
        attempt = self._attempt = object()
        push.begin_again()
        if self._deadline is None:
            self._start_deadline(push.within)
        else:
            self._extend(self._deadline, push)
            self._deadline.run()
        providers: list[Provider[Any]] = [self.params, *(self._extras or {}).values()]

        def send(answers: list[Mapping[str, Any] | None]) -> None:
            # A provider may have voided this attempt, or begun another.
            if attempt is self._attempt:
                self._send(answers)

        def fail(error: Exception) -> None:
            if attempt is self._attempt:
                self._fail(error)

        connection = self._context.connection
        # Of the channel, if the params were given to it as a function.
        context = self._params_context or connection.context
        asking = ask(providers, connection.spawn, send, fail, context)
        if attempt is self._attempt:
            self._asking = asking

    def abort(self) -> None:
        """Void the newest attempt, and cancel the evaluation of its params."""
        self._attempt = None
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.dispose()

    def answered(self) -> None:
        """Cancel the deadline, and let hooks run even if the answer is a late one."""
        self.cancel_deadline()
        if self.push is not None:
            self.push.begin_again()

    def cancel_deadline(self) -> None:
        """Cancel the deadline."""
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            self._context.connection.joins.remove(deadline)
            deadline.dispose()

    @property
    def sent_values(self) -> Iterator[str]:
        """The secrets among the params."""
        static: object = None if callable(self.params) else self.params
        sent: object = self.push and self.push.payload
        return values_in([static, sent], self._context.topic)

    def _extend(self, deadline: Deadline, push: ChannelPush) -> None:
        """Give an attempt its own time; the caller's ends when it would have ended."""
        deadline.extend(push.within, is_staged=not push.is_settled)

    def _start_deadline(self, within: float) -> None:
        self._deadline = Deadline(
            self._context.connection.scheduler, within, self._context.join_timed_out
        )
        self._deadline.run()

    def _send(self, answers: list[Mapping[str, Any] | None]) -> None:
        connection, deadline = self._context.connection, self._deadline
        # Not the one that it began with, if another has taken its place meanwhile.
        push = self.push
        assert push is not None, "a join without a push"  # noqa: S101
        assert deadline is not None, "an attempt without a deadline"  # noqa: S101
        try:
            payload: dict[str, Any] = {}
            for answer in answers:
                if answer:
                    check_params(answer)
                    payload |= answer
            ref = connection.router.next_ref()
            message = Message(ref, ref, self._context.topic, JOIN, payload)
            connection.router.encode(message)
        except ISOLATED as error:  # a serializer may be the user's
            self._fail(contained(error))
            return
        self.ref = push.ref = ref
        self._attempt = SENT
        self._asking = None
        push.payload = payload
        if callable(self.params) or self._extras:
            # The next attempt may have others, and the server may repeat these.
            connection.sent_secrets.remember(self.sent_values)
        self._context.join_sent()
        self._extend(deadline, push)
        connection.joins.add(deadline)
        connection.router.send(message)

    def _fail(self, error: Exception) -> None:
        topic = self._context.topic
        raised = self._context.shown(repr(error))
        failure = PushCancelled(
            f"the join of {topic!r} was not sent: its params raised {raised}"
        )
        failure.__cause__ = error
        self._context.report(error)
        self._context.join_failed(failure)
