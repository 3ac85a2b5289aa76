"""A message to a channel, and what became of it."""

from collections.abc import Callable, Generator
from typing import Any, Self

from reactivex import abc

from rx_phoenix._protocol.message import Reply
from rx_phoenix._protocol.names import OK, TIMEOUT
from rx_phoenix._protocol.redaction import redactor, secrets_in
from rx_phoenix._streams.callbacks import Callback, Spawn
from rx_phoenix._streams.deadline import DeadlinePool
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import (
    PushCancelled,
    PushRefused,
    PushTimeout,
    TransportError,
)

__all__ = ["Push"]


class Push(SingleResult[Any]):
    """One push, join or leave, as an Observable of its one response.

    Emits the response of an ``ok`` and completes. Any other status is a
    `PushRefused`, a deadline that passes a `PushTimeout`; once it was sent, the
    channel's or the connection's death is a `PushCancelled` or a `ConnectionLost` at
    once. The outcome is kept for whoever comes late. Subscribing, disposing and
    awaiting neither send nor cancel anything.

    ``await push`` returns the response or raises. `receive` is phoenix.js's way.

    Attributes:
        topic: The channel's topic.
        event: The event's name.
        payload: What is sent.
        within: Seconds from the call to the deadline.
        ref: The ref on the wire; None until it was sent.

    >>> push = Push("room:1", "shout", {"body": "hi"}, 10.0, report=print, spawn=None)
    >>> chained = push.receive("ok", lambda response: print("sent", response))
    >>> push.answer(Reply("ok", {"id": 7}))
    sent {'id': 7}
    >>> push.status
    'ok'
    """

    def __init__(  # noqa: PLR0913 - what a push is, and where it belongs
        self,
        topic: str,
        event: str,
        payload: Any,
        within: float,
        *,
        report: Reporter,
        spawn: Spawn,
        on_cancel: "Callable[[Push], None] | None" = None,
    ) -> None:
        super().__init__(report)
        self.topic = topic
        self.event = event
        self.payload = payload
        self.within = within
        self.ref: str | None = None
        self.deadlines: DeadlinePool | None = None
        self._spawn = spawn
        self._on_cancel = on_cancel
        self._hooks: tuple[tuple[str, Callback], ...] = ()
        self._latest: Reply | None = None
        self._outcome_stream: SingleResult[Reply] | None = None
        self._first: Reply | None = None
        self._is_seen = False

    @property
    def status(self) -> str | None:
        """How it ended: the reply's status, ``timeout``, ``cancelled``, ``lost``.

        None while it is open.
        """
        if self._first is None:
            return None
        self._is_seen = True
        return self._first.status

    @property
    def outcome(self) -> SingleResult[Reply]:
        """The outcome as a value: an Observable of one `Reply`, and awaitable.

        Never errors: what is no reply is one of status ``timeout``, ``cancelled`` or
        ``lost``, with an empty response.
        """
        self._is_seen = True
        if self._outcome_stream is None:
            self._outcome_stream = SingleResult(self._report)
            if self._first is not None:
                self._outcome_stream.succeed(self._first)
        return self._outcome_stream

    def receive(self, status: str, callback: Callable[[Any], object]) -> Self:
        """Call a function with the response, when the status is this one.

        A status that already came is answered at once. A deadline, a cancellation
        and a lost connection all count as ``timeout``, whose response is ``{}``: no
        chain hangs. On a join's push the function runs again at each rejoin.

        Args:
            status: ``ok``, ``error``, ``timeout``, or a word of the server's.
            callback: Plain or ``async def``.

        Returns:
            This push, for chaining.
        """
        hook = Callback(callback, self._spawn, self._report)
        self._hooks = (*self._hooks, (status, hook))
        if self._latest is not None and self._latest.status == status:
            self._run(hook, self._latest.response)
        return self

    def cancel(self) -> None:
        """Wait no longer: it ends with `PushCancelled`, and is not sent if it waited.

        What was sent already stays sent; its reply will count as a late one.
        """
        self.cancel_as(PushCancelled(f"{self} was cancelled by its owner"))

    def witness(self, told: Callable[[str], None]) -> abc.DisposableBase:
        """Be told the `status` at its end, by which only books are kept.

        Unlike every other way to look at the outcome it is no care for it: a refusal
        that nobody else looks at still goes to `Socket.unhandled`.
        """

        def tell(_: object) -> None:
            assert self._first is not None, "told before its end"  # noqa: S101
            told(self._first.status)

        return super().subscribe(tell, tell)

    # What the channel tells it.

    def cancel_as(self, error: Exception) -> None:
        """End it by an error, and take it from wherever it waits."""
        if not self.is_settled:
            if self._on_cancel is not None:
                self._on_cancel(self)
            self.end(error)

    def answer(self, reply: Reply) -> None:
        """End it with the server's reply."""
        self.settle(reply)
        self.run_hooks(reply)

    def end(self, error: Exception) -> None:
        """End it without a reply."""
        self.settle_with(error)
        self.run_hooks(Reply(TIMEOUT, {}))

    def expire(self) -> None:
        """End it because its deadline passed."""
        self.cancel_as(self.timed_out())

    def timed_out(self) -> PushTimeout:
        """The error of a deadline that passed."""
        return PushTimeout(f"{self} had no answer within {self.within:g} s")

    def settle(self, reply: Reply) -> None:
        """Decide the outcome by a reply, without the `receive` callbacks."""
        if self._result is not None:
            return
        self._decide(reply)
        if reply.status == OK:
            self.succeed(reply.response)
        else:
            quoted = redactor(secrets_in(self.payload))(reply.response)
            self.fail(PushRefused(reply.status, reply.response, str(self), quoted))

    def settle_with(self, error: Exception) -> None:
        """Decide the outcome by an error, without the `receive` callbacks."""
        if self.is_settled:
            return
        if isinstance(error, PushRefused):
            self._decide(Reply(error.status, error.response))
        elif isinstance(error, PushTimeout):
            self._decide(Reply(TIMEOUT, {}))
        elif isinstance(error, TransportError):
            self._decide(Reply("lost", {}))
        else:
            self._decide(Reply("cancelled", {}))
        self.fail(error)

    def run_hooks(self, reply: Reply) -> None:
        """Run the `receive` callbacks of a status, and remember it for later ones.

        One attempt has one answer: nothing runs for a second one.
        """
        if self._latest is not None:
            return
        self._latest = reply
        for status, hook in self._hooks:
            if status == reply.status:
                self._is_seen = True
                self._run(hook, reply.response)

    def begin_again(self) -> None:
        """It is asked anew, for a rejoin: `receive` waits for that reply now."""
        self._latest = None

    def mark_seen(self) -> None:
        """Somebody looks after the outcome; no need to report it when collected."""
        self._is_seen = True

    def _decide(self, outcome: Reply) -> None:
        self._first = outcome
        if self.deadlines is not None:
            self.deadlines.remove(self)
            self.deadlines = None
        if self._outcome_stream is not None:
            self._outcome_stream.succeed(outcome)

    def _run(self, hook: Callback, response: Any) -> None:
        try:
            hook(response)
        except Exception as error:  # noqa: BLE001 - a user's callback: reported
            self._report(error)

    def subscribe(
        self,
        on_next: abc.ObserverBase[Any] | abc.OnNext[Any] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Get the response, now or when it comes. Disposing stops the wait only."""
        self._is_seen = True
        return super().subscribe(on_next, on_error, on_completed, scheduler=scheduler)

    def __await__(self) -> Generator[Any, None, Any]:
        self._is_seen = True
        return super().__await__()

    def __str__(self) -> str:
        return f"the push of {self.event!r} to {self.topic!r}"

    def __repr__(self) -> str:
        status = self._first.status if self._first else "open"
        return f"<Push {self.event!r} to {self.topic!r}: {status}>"

    def __del__(self) -> None:
        # As asyncio does with a Task's exception: nobody can look at it any more.
        if getattr(self, "_first", None) is not None and not self._is_seen:
            _, error = self._outcome()
            if isinstance(error, PushRefused):
                self._report(error)
