"""A join: its push, its deadline, and the message that asks for it."""

from collections.abc import Callable, Mapping
from typing import Any

from reactivex import abc
from reactivex.disposable import Disposable

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN
from rx_phoenix._protocol.redaction import redactor, secrets_in
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.deadline import Deadline
from rx_phoenix._streams.provider import Provider, ask
from rx_phoenix.errors import EncodeError, PushCancelled

__all__ = ["Join", "Params"]

Params = Provider[Mapping[str, Any] | None]
"""What a channel is joined with: a mapping, or who is asked for one."""


class Join:
    """The join of one channel, over all its attempts.

    A push is one wish to join, however often it takes to ask; each time it is asked
    the params are evaluated anew, and the message has a ref of its own.

    Args:
        context: The channel's.
        params: What to join with.
        failed: Called when an attempt could not be sent.
        timed_out: Called when an attempt was not answered in time.

    Attributes:
        params: What to join with.
        push: The newest wish.
        ref: The ref of the newest attempt; None while there is none in force.
        is_sent: Whether an attempt of this connection was sent, and has not failed.
    """

    __slots__ = (
        "_asking",
        "_attempt",
        "_context",
        "_deadline",
        "_extras",
        "_failed",
        "_timed_out",
        "is_sent",
        "params",
        "push",
        "ref",
    )

    def __init__(
        self,
        context: ChannelContext,
        params: Params,
        *,
        failed: Callable[[PushCancelled], None],
        timed_out: Callable[[], None],
    ) -> None:
        self.params = params
        self.push: ChannelPush | None = None
        self.ref: str | None = None
        self.is_sent = False
        self._attempt: object | None = None
        self._context = context
        self._failed = failed
        self._timed_out = timed_out
        self._extras: dict[object, Callable[[], Mapping[str, Any]]] = {}
        self._deadline: Deadline | None = None
        self._asking: abc.DisposableBase | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether an attempt has begun, and has not failed."""
        return self._attempt is not None

    @property
    def is_waiting(self) -> bool:
        """Whether the newest wish waits for its outcome, or for that of a rejoin."""
        return self._deadline is not None

    @property
    def is_unanswered(self) -> bool:
        """Whether an answer is awaited."""
        return self.is_sent and self.is_waiting

    def extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Merge what a function returns into the params of each attempt."""
        key = object()
        self._extras[key] = extra

        def withdraw() -> None:
            self._extras.pop(key, None)

        return Disposable(withdraw)

    def check(self) -> None:
        """See that the params can be said, as far as they are known.

        Raises:
            EncodeError: They cannot.
        """
        if not callable(self.params):
            message = Message(None, None, self._context.topic, JOIN, self.params or {})
            self._context.connection.router.encode(message)

    def wish(self, within: float) -> ChannelPush:
        """A new wish to join, in the place of an older one."""
        self.drop_deadline()
        spawn, report = self._context.connection.spawn, self._context.report
        self.push = ChannelPush(
            self._context.topic, JOIN, {}, within, report=report, spawn=spawn
        )
        self._start_deadline(within)
        return self.push

    def attempt(self) -> None:
        """Ask for the params, and send the message when they are there."""
        push = self.push
        assert push is not None, "nobody wished to join"  # noqa: S101
        attempt = self._attempt = object()
        push.begin_again()
        if self._deadline is None:
            self._start_deadline(push.within)
        providers: list[Provider[Any]] = [self.params, *self._extras.values()]

        def send(answers: list[Mapping[str, Any] | None]) -> None:
            # Whoever was asked may have put an end to it, or begun another.
            if attempt is self._attempt:
                self._send(push, answers)

        def give_up(error: Exception) -> None:
            if attempt is self._attempt:
                self._could_not_send(error)

        asking = ask(providers, self._context.connection.spawn, send, give_up)
        if attempt is self._attempt and not self.is_sent:
            self._asking = asking

    def stop(self) -> None:
        """The newest attempt is void: nothing of it is awaited any more."""
        self.is_sent = False
        self._attempt = None
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.dispose()

    def drop_deadline(self) -> None:
        """Nothing is awaited, or it came."""
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            self._context.connection.joins.remove(deadline)
            deadline.dispose()

    def quoted(self, response: Any) -> Any:
        """A response without what the join or the connection said in secret."""
        said: object = self.push and self.push.payload
        return redactor({*secrets_in(said), *self._context.connection.secrets})(
            response
        )

    def _start_deadline(self, within: float) -> None:
        self._deadline = Deadline(
            self._context.connection.scheduler, within, self._timed_out
        )
        self._deadline.run()

    def _send(self, push: ChannelPush, answers: list[Mapping[str, Any] | None]) -> None:
        connection, deadline = self._context.connection, self._deadline
        assert deadline is not None, "nobody waits for an answer"  # noqa: S101
        try:
            payload: dict[str, Any] = {}
            for answer in answers:
                payload |= answer or {}
            ref = connection.router.next_ref()
            message = Message(ref, ref, self._context.topic, JOIN, payload)
            connection.router.encode(message)
        except (EncodeError, TypeError, ValueError) as error:
            self._could_not_send(error)
            return
        self.ref = push.ref = ref
        self.is_sent = True
        self._asking = None
        push.payload = payload
        connection.joins.add(deadline)
        connection.router.send(message)

    def _could_not_send(self, error: Exception) -> None:
        topic = self._context.topic
        failure = PushCancelled(
            f"the join of {topic!r} was not sent: its params raised {error!r}"
        )
        failure.__cause__ = error
        self._context.report(error)
        self._failed(failure)
