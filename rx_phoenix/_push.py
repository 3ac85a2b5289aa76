"""A push, as its channel drives it."""

from collections.abc import Callable, Iterable
from typing import Any

from rx_phoenix._excerpt import excerpt
from rx_phoenix._protocol.message import Reply
from rx_phoenix._protocol.names import OK, TIMEOUT
from rx_phoenix._protocol.redaction import is_secret, redactor, secrets_in
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.reporter import Reporter, check_caller
from rx_phoenix.errors import (
    JoinRefused,
    PushCancelled,
    PushRefused,
    PushTimeout,
    TransportError,
)
from rx_phoenix.push import Push

__all__ = ["ChannelPush", "quoted_reply"]


class ChannelPush(Push):
    """A `Push` with the members that end it, which users do not see.

    Attributes:
        dues: The deadlines among which is its own; None if it has none.

    >>> push = ChannelPush("room:1", "shout", {}, 10.0, report=print, spawn=None)
    >>> chained = push.receive("ok", lambda response: print("sent", response))
    >>> push.answer(Reply("ok", {"id": 7}))
    sent {'id': 7}
    >>> push.status
    'ok'
    """

    __slots__ = ("_on_cancel", "dues")

    def __init__(  # noqa: PLR0913 - a push's content, and its place
        self,
        topic: str,
        event: str,
        payload: Any,
        within: float,
        *,
        report: Reporter,
        spawn: Spawn,
        on_cancel: "Callable[[ChannelPush], None] | None" = None,
    ) -> None:
        # All at once, without a call of the base's: there is one a push.
        self.topic = topic
        self.event = event
        self.payload = payload
        self.within = within
        self.ref: str | None = None
        self.dues: dict[Any, float] | None = None
        self._report = report
        self._spawn = spawn
        self._on_cancel = on_cancel
        self._hub = self._waiting = self._result = None
        self._first = self._latest = self._outcome_stream = None
        self._hooks = ()
        self._is_seen = False

    def cancel(self) -> None:
        """End it by `PushCancelled`."""
        check_caller(self._report)
        self.cancel_as(PushCancelled(f"{self} was cancelled by its owner"))

    def cancel_as(self, error: Exception) -> None:
        """End it by an error, and take it from the queue that holds it."""
        if not self.is_settled:
            if self._on_cancel is not None:
                self._on_cancel(self)
            self.end(error)

    def answer(self, reply: Reply, secrets: Iterable[str] = ()) -> None:
        """End it with the server's reply.

        Args:
            reply: The reply.
            secrets: Texts that an error must not quote.
        """
        self.settle(reply, secrets)
        self.run_hooks(reply)

    def end(self, error: Exception) -> None:
        """End it without a reply."""
        self.settle_with(error)
        self.run_hooks(Reply(TIMEOUT, {}))

    def expire(self) -> None:
        """End it because its deadline passed."""
        self.cancel_as(self.timed_out())

    def timed_out(self) -> PushTimeout:
        """Make the error of a deadline that passed."""
        return PushTimeout(f"{self} timed out after {self.within:g} s")

    def settle(self, reply: Reply, secrets: Iterable[str] = ()) -> None:
        """Decide the outcome by a reply, without the `receive` callbacks."""
        if self._result is not None:
            return
        error = None
        if reply.status != OK:
            # Before anything is decided: no outcome may depend on what is quoted.
            known = {*secrets_in(self.payload), *secrets}
            quoted = quoted_reply(reply, redactor(known))
            error = PushRefused(reply.status, reply.response, str(self), quoted)
        self._decide(reply)
        self._settle(None if error else reply.response, error)

    def settle_with(self, error: Exception) -> None:
        """Decide the outcome by an error, without the `receive` callbacks."""
        if self._result is not None:
            return
        if isinstance(error, PushRefused):
            self._decide(Reply(error.status, error.response))
        elif isinstance(error, PushTimeout):
            self._decide(Reply(TIMEOUT, {}))
        elif isinstance(error, TransportError):
            self._decide(Reply("lost", {}))
        else:
            self._decide(Reply("cancelled", {}))
        self._settle(None, error)

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
                hook(reply.response)

    @property
    def has_timed_out(self) -> bool:
        """True if its deadline passed; does not mark the outcome as observed."""
        return self._first is not None and self._first.status == TIMEOUT

    @property
    def refusal(self) -> PushRefused | None:
        """The error of a refused push; does not mark the outcome as observed.

        None for a join: its refusal is on `refusals`, and in the log.
        """
        error = None if self._first is None else self._outcome()[1]
        if isinstance(error, JoinRefused):
            return None
        return error if isinstance(error, PushRefused) else None

    def report_refusal(self, error: PushRefused) -> None:
        """Report an unobserved refusal to `Socket.unhandled`."""
        self._report(error)

    def has_shown(self, status: str, *, is_rejoin: bool) -> bool:
        """Return True if the failure of a join, or of a rejoin of it, was observed.

        A rejoin has no push of its own: only `receive` shows what comes of it.
        """
        if not is_rejoin:
            return self.is_seen
        return any(awaited == status for awaited, _ in self._hooks)

    def begin_again(self) -> None:
        """Let `receive` await the reply to a rejoin."""
        self._latest = None

    @property
    def is_seen(self) -> bool:
        """True once the outcome was observed."""
        return self._is_seen

    def mark_seen(self) -> None:
        """Mark the outcome as observed; `__del__` will not report it."""
        self._is_seen = True

    def _decide(self, outcome: Reply) -> None:
        self._first = outcome
        if self.dues is not None:
            self.dues.pop(self, None)
            self.dues = None
        if self._outcome_stream is not None:
            self._outcome_stream.succeed(outcome)

    def __dir__(self) -> list[str]:
        # What ends it is not for users: a REPL completes to what Push documents.
        return dir(Push)

    def __del__(self) -> None:
        # As asyncio does with a Task's exception: no consumer can look at it any more.
        if getattr(self, "_first", None) is not None and not self._is_seen:
            error = self.refusal
            if error is not None:
                self.report_refusal(error)


def quoted_reply(reply: Reply, hide: Callable[[str], str]) -> str:
    """Quote the status and the response of a reply, bounded and without secrets."""
    status = excerpt(reply.status, hide)
    return f"{status}: {excerpt(reply.response, hide, is_secret)}"
