"""A message to a channel, and its outcome."""

from collections.abc import Callable, Generator
from typing import Any, NoReturn, Self

from reactivex import abc

from rx_phoenix._protocol.message import Reply
from rx_phoenix._protocol.names import check_name
from rx_phoenix._protocol.sent_secrets import hidden
from rx_phoenix._streams.callbacks import Callback, Spawn
from rx_phoenix._streams.reporter import check_caller
from rx_phoenix._streams.single_result import Result, SingleResult
from rx_phoenix.errors import UsageError

__all__ = ["Push"]


class Push(Result[Any]):
    """One push, join or leave, as an Observable of its one response.

    Emits the response of an ``ok`` and completes. Any other status is a
    `PushRefused`, a deadline that passes a `PushTimeout`; once it was sent, the
    channel's or the connection's death is a `PushCancelled` or a `ConnectionLost` at
    once. The outcome is kept for late subscribers. Subscribing, disposing and
    awaiting neither send nor cancel anything.

    ``await push`` returns the response or raises. `receive` is phoenix.js's way.

    Only a channel makes one: see `Channel.push`, `Channel.join`, `Channel.leave`.

    Attributes:
        topic: The channel's topic.
        event: The event's name.
        payload: What is sent.
        within: Seconds from the call to the deadline.
        ref: The ref on the wire; None until it was sent.

    Raises:
        UsageError: It was constructed, and not made by a channel.
    """

    __slots__ = (
        "_first",
        "_hooks",
        "_hub",
        "_is_seen",
        "_latest",
        "_outcome_stream",
        "_report",
        "_result",
        "_spawn",
        "_waiting",
        "event",
        "payload",
        "ref",
        "topic",
        "within",
    )

    topic: str
    event: str
    payload: Any
    within: float
    ref: str | None
    _spawn: Spawn
    _hooks: tuple[tuple[str, Callback], ...]
    _first: Reply | None
    _latest: Reply | None
    _outcome_stream: SingleResult[Reply] | None
    _is_seen: bool

    def __init__(self, *_: object, **__: object) -> NoReturn:
        raise UsageError(
            "only a channel makes a Push: call channel.push(event, payload) instead"
        )

    @property
    def status(self) -> str | None:
        """The status that ended it: the reply's, ``timeout``, ``cancelled``, ``lost``.

        None while it is open.
        """
        if self._first is None:
            return None
        self._is_seen = True
        return self._first.status

    @property
    def outcome(self) -> SingleResult[Reply]:
        """The outcome as a value: an Observable of one `Reply`, and awaitable.

        It never errors: without a reply the status is ``timeout``, ``cancelled`` or
        ``lost``, and the response is empty.
        """
        self._is_seen = True
        if self._outcome_stream is None:
            self._outcome_stream = SingleResult(self._report)
            if self._first is not None:
                self._outcome_stream.succeed(self._first)
        return self._outcome_stream

    def receive(self, status: str, callback: Callable[[Any], object]) -> Self:
        """Call a function with the response, when the status is this one.

        If the status came already, the function is called at once. A deadline, a
        cancellation and a lost connection all count as ``timeout``, whose response is
        ``{}``, so that no chain hangs. On a join's push the function runs again at
        each rejoin.

        Args:
            status: ``ok``, ``error``, ``timeout``, or one of the server's own.
            callback: Plain or ``async def``.

        Returns:
            This push, for chaining.
        """
        check_name("a status", status)
        check_caller(self._report)
        hook = Callback(callback, self._spawn, self._report)
        self._hooks = (*self._hooks, (status, hook))
        if self._latest is not None and self._latest.status == status:
            self._is_seen = True
            hook(self._latest.response)
        return self

    def cancel(self) -> None:
        """Stop waiting: end with `PushCancelled`; a push that still waits is not sent.

        A push that was sent stays sent; its reply will count as a late one.
        """

    def on_settled(self, observer: Callable[[str], None]) -> abc.DisposableBase:
        """Call a function with the `status` at the end, for metrics and the like.

        Unlike every other access to the outcome it does not handle it: a refusal that
        has no other observer is still reported to `Socket.unhandled`.
        """

        def notify(_: object) -> None:
            assert self._first is not None, "notified before its end"  # noqa: S101
            observer(self._first.status)

        return super().subscribe(notify, notify)

    def subscribe(
        self,
        on_next: abc.ObserverBase[Any] | abc.OnNext[Any] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Get the response, now or when it comes. Disposing ends this wait only."""
        self._is_seen = True
        return super().subscribe(on_next, on_error, on_completed, scheduler=scheduler)

    def __await__(self) -> Generator[Any, None, Any]:
        self._is_seen = True
        return super().__await__()

    def __str__(self) -> str:
        return f"push {self.event!r} to {self.topic!r}"

    def __repr__(self) -> str:
        status = hidden(self._first.status) if self._first else "open"
        return f"<Push {self.event!r} to {self.topic!r}: {status}>"
