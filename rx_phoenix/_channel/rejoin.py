"""The wait between two joins of a channel."""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeVar, cast

from reactivex import abc

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._log import fields, log
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.errors import JoinRefused, PushCancelled, PushRefused, PushTimeout
from rx_phoenix.policy import Rejoin, delay_of

__all__ = ["RejoinTimer", "reason_of"]

R = TypeVar("R")

SHORTEST_AFTER_CLOSE = 1.0
"""The least seconds from a close by the server to the next join."""

STABLE = 30.0
"""Seconds joined after which closes by the server no longer count."""


def reason_of(error: Exception, quote: Callable[[object], str]) -> str:
    """Return the reason of a failed join in a few words.

    >>> reason_of(JoinRefused("error", {"reason": "full"}), repr)
    'full'
    """
    if isinstance(error, PushTimeout):
        return "no answer in time"
    if not isinstance(error, PushRefused):
        return str(error)
    reason: object = None
    response = error.response
    if isinstance(response, Mapping):
        reason = cast("Mapping[str, object]", response).get("reason")
    words = error.status if reason is None else reason
    return quote(words).strip("'") if isinstance(words, str) else quote(words)


class Failures:
    """The failures since a channel was joined; most channels have none.

    Attributes:
        in_a_row: The number of refusals and timeouts.
        reason: The reason of the last failure.
        earliest: The time before which no rejoin may begin.
        closes: The number of closes by the server, each soon after a join.
        joined_at: The time of the last join.
    """

    __slots__ = ("closes", "earliest", "in_a_row", "joined_at", "reason")

    def __init__(self) -> None:
        self.in_a_row = 0
        self.reason = ""
        self.earliest = -inf
        self.closes = 0
        self.joined_at = inf


class RejoinTimer:
    """Waits as the policy says; a policy that raises is reported and does not decide.

    As in phoenix.js, a try counts when its wait is over: to be put off twice makes no
    wait longer.

    Args:
        context: The channel's: gives the policy, the clock and the randomness, and
            reacts when a wait is over.

    Attributes:
        is_due: True while it waits.
    """

    __slots__ = ("_context", "_failures", "_timer", "_tries", "is_due")

    def __init__(self, context: ChannelContext) -> None:
        self.is_due = False
        self._context = context
        self._tries = 0
        self._timer: abc.DisposableBase | None = None
        # Made at the first need, and dropped when the channel is joined.
        self._failures: Failures | None = None

    # Failures.

    def is_final(self, error: JoinRefused | PushTimeout) -> bool:
        """Count a refusal or a timeout, and return whether the policy gives up."""
        policy, failures = self._context.rejoin, self._record()
        failures.in_a_row += 1
        is_final = failures.in_a_row == policy.attempts
        if isinstance(error, JoinRefused):
            is_final = self._decides(policy, error) or is_final
            if not is_final:
                self._take_hint(policy, error)
        if is_final:
            self._failures = None
        return is_final

    @property
    def reason(self) -> str:
        """The reason of the last failure; empty if there is none."""
        return "" if self._failures is None else self._failures.reason

    def note(self, error: Exception, reason: str, *, is_warning: bool) -> None:
        """Remember the reason of a failure, and log it where it is a new one."""
        if isinstance(error, PushCancelled) or not is_warning:
            self._record().reason = reason
        elif reason != self.reason:
            self._record().reason = reason
            self.warn(error, reason, "retried")

    def warn(self, error: Exception, reason: str, sequel: str) -> None:
        """Log a failure and what follows from it."""
        topic, url = self._context.topic, self._context.connection.url
        does = "does not answer" if isinstance(error, PushTimeout) else "refuses"
        text = "The server %s the join of %r over %s: %s. The join is %s."
        extra = fields(topic=topic, url=url, error=type(error).__name__, reason=reason)
        try:
            log.warning(text, does, topic, url, reason, sequel, extra=extra)
        except ISOLATED as problem:  # of a handler of logging
            self._context.report(contained(problem))

    def count_close(self) -> None:
        """Count a close by the server: the more there are, the longer is the wait."""
        failures, now = self._record(), self._now()
        if now - failures.joined_at >= STABLE:
            failures.closes = 0
        failures.joined_at = inf
        self._tries = max(self._tries, failures.closes)
        failures.closes += 1
        failures.earliest = now + SHORTEST_AFTER_CLOSE

    def forget_failures(self) -> None:
        """Begin with the first delay next time, because the channel was joined."""
        self.restart()
        closes = 0 if self._failures is None else self._failures.closes
        self._failures = None
        if closes:
            failures = self._record()
            failures.closes, failures.joined_at = closes, self._now()

    def _record(self) -> Failures:
        failures = self._failures = self._failures or Failures()
        return failures

    def _decides(self, policy: Rejoin, error: JoinRefused) -> bool:
        try:
            return self._run(policy.is_final, error)
        except ISOLATED as failure:
            self._context.report(contained(failure))
            return False

    def _take_hint(self, policy: Rejoin, error: JoinRefused) -> None:
        if policy.hint is None:
            return
        try:
            hint = self._run(policy.least_delay, error)
        except ISOLATED as failure:
            self._context.report(contained(failure))
        else:
            if hint is not None:
                self._record().earliest = self._now() + hint

    # Waits.

    def schedule(self) -> None:
        """Begin a wait, or begin it again."""
        attempt, random = self._tries + 1, self._context.connection.random()
        try:
            delay = self._run(delay_of, self._context.rejoin.delays, attempt, random)
        except ISOLATED as failure:
            self._wait(delay_of(Rejoin().delays, attempt, random))
            # Last of all, because an observer may end the wait.
            self._context.report(contained(failure))
        else:
            self._wait(delay)

    def resume(self) -> None:
        """Rejoin on a new connection: now, unless a wait outlives the old one."""
        left = -inf if self._failures is None else self._failures.earliest - self._now()
        if left > 0:
            self._wait(left)
        else:
            self.await_turn()

    def await_turn(self) -> None:
        """Wait until the pace of the socket's joins allows for one more."""
        policy = self._context.rejoin
        self.stop()
        if policy.at_once is None:
            self._context.rejoin_due()
            return
        self.is_due = True
        place = self._context.connection.pace.enter(self._turn_came, policy)
        if self.is_due:
            self._timer = place

    def stop(self) -> None:
        """End the wait."""
        self.is_due = False
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.dispose()

    def restart(self) -> None:
        """End the wait, and begin with the first delay next time."""
        self.stop()
        self._tries = 0

    def reset(self) -> None:
        """End the wait, and forget all failures, because the membership ended."""
        self.restart()
        self._failures = None

    def _now(self) -> float:
        return self._context.connection.scheduler.monotonic()

    def _run(self, function: Callable[..., R], *arguments: Any) -> R:
        """Call a function of the policy, in the context of the socket's making."""
        return self._context.connection.context.run(function, *arguments)

    def _fire(self) -> None:
        self._tries += 1
        self.await_turn()

    def _turn_came(self) -> None:
        self.stop()
        self._context.rejoin_due()

    def _wait(self, delay: float) -> None:
        self.stop()
        failures, now = self._failures, self._now()
        if failures is not None and failures.earliest > now:
            delay = max(delay, failures.earliest - now)
            # A wait that may not be cut short outlives a reconnect as a whole.
            failures.earliest = now + delay
        self.is_due = True
        self._timer = self._context.connection.scheduler.call_later(delay, self._fire)
