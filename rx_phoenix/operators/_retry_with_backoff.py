"""Retrying with delays, which ``reactivex``'s ``retry`` does not support."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random as draw
from typing import Literal, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable

from rx_phoenix._protocol.checks import (
    check_count,
    check_function,
    check_option,
)
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix.errors import JoinRefused, UsageError
from rx_phoenix.operators._scheduling import scheduler_for
from rx_phoenix.operators._share_latest import forget_shared
from rx_phoenix.policy import (
    Delays,
    Duration,
    Reconnect,
    Rejoin,
    delay_of,
    seconds,
)

__all__ = ["Retry", "retry_with_backoff"]

T = TypeVar("T")

Reset = Literal["value", "never"] | Duration


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed attempt, and the retry that will follow it.

    Attributes:
        attempt: The number of the retry, from 1, since the delays were last reset.
        delay: Seconds until the retry.
        error: The error of the failed attempt.
    """

    attempt: int
    delay: float
    error: Exception


def retry_with_backoff(  # noqa: PLR0913 - a policy, and six keywords that adjust it
    policy: Delays | Reconnect | Rejoin,
    *,
    give_up: Callable[[Exception], bool | None] | None = None,
    reset: Reset | None = None,
    attempts: int | None = None,
    on_retry: Callable[[Retry], None] | None = None,
    scheduler: abc.SchedulerBase | None = None,
    random: Callable[[], float] = draw,
) -> Callable[[Observable[T]], Observable[T]]:
    """Subscribe again after an error, with a delay by a policy.

    Marbles, with ``retry_with_backoff(Backoff(0.2))``::

        source  -a#
        result  -a---a---a---a---a--

    Errors of the source are hidden until one is final. A `UsageError` is final,
    because a retry cannot fix it.

    Args:
        policy: Seconds before each retry, by its number from 1: a `Backoff` or any
            function. A `Reconnect` or `Rejoin` decides as it does inside a socket.
        give_up: Returns True if an error is final, False if it can be retried, and
            None to leave the decision to the policy.
        reset: The event that resets the delays: ``"value"`` for the first value of an
            attempt, a duration for an attempt that lasts that long after it,
            ``"never"`` for none. None means the ``stable`` of a `Reconnect`, and
            otherwise ``"value"``.
        attempts: The number of consecutive attempts that may fail, the first included,
            before the error is final; None for no limit.
        on_retry: Called for each retry, before its delay begins.
        scheduler: Times the delays; by default the one given to ``subscribe``, or that
            of the running loop.
        random: Returns a number from 0 up to 1, for the jitter.

    It completes when the source completes, and fails with an error that is final, or
    with an exception of one of these functions.

    >>> from rx_phoenix import Backoff
    >>> from rx_phoenix.testing import VirtualScheduler
    >>> import reactivex
    >>> time = VirtualScheduler()
    >>> source = reactivex.throw(OSError("no route"))
    >>> persistent = source.pipe(
    ...     retry_with_backoff(Backoff(1), attempts=3, on_retry=print, scheduler=time)
    ... )
    >>> subscription = persistent.subscribe(print, lambda error: print("gave up"))
    Retry(attempt=1, delay=1.0, error=OSError('no route'))
    >>> time.advance_by(10)
    Retry(attempt=2, delay=2.0, error=OSError('no route'))
    gave up
    """
    if not isinstance(policy, Reconnect | Rejoin):
        takes = "a Backoff, a Reconnect, a Rejoin, or a function of the attempt"
        check_function("policy", policy, takes)
    if attempts is not None:
        check_count("attempts", attempts)
    check_option("give_up", give_up)
    check_option("on_retry", on_retry)
    options = RetryOptions(
        policy, give_up, _stability(policy, reset), attempts, on_retry, random
    )

    def operator(source: Observable[T]) -> Observable[T]:
        def subscribe(
            observer: abc.ObserverBase[T], subscribed: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            def clock() -> abc.SchedulerBase:
                return scheduler_for(scheduler, subscribed)

            def begin(attempt: Attempts[T]) -> abc.DisposableBase:
                return source.subscribe(attempt, scheduler=subscribed)

            return Attempts(options, begin, observer, clock)

        return Observable(subscribe)

    return operator


def _stability(
    policy: Delays | Reconnect | Rejoin, reset: Reset | None
) -> float | None:
    """Return the seconds after its first value that make an attempt stable, or None."""
    if reset is None:
        return policy.stable if isinstance(policy, Reconnect) else 0.0
    if reset == "never":
        return None
    return 0.0 if reset == "value" else seconds(reset, "reset")


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """The arguments of the operator, and their decisions on errors."""

    policy: Delays | Reconnect | Rejoin
    give_up: Callable[[Exception], bool | None] | None
    stability: float | None
    attempts: int | None
    on_retry: Callable[[Retry], None] | None
    random: Callable[[], float]

    def is_final(self, error: Exception, failures: int) -> bool:
        """Return True if an error is final, given the number of failures in a row."""
        if failures == self.attempts:
            return True
        decided = None if self.give_up is None else self.give_up(error)
        if decided is not None:
            return decided
        match self.policy, error:
            case (_, UsageError()):
                return True
            case (Reconnect() as policy, _):
                return policy.is_final(error)
            case (Rejoin() as policy, JoinRefused()):
                return policy.is_final(error)
            case _:
                return False

    def delay(self, attempt: int, error: Exception, now: datetime) -> float:
        """Return the seconds before a retry."""
        random = self.random()
        if isinstance(self.policy, Reconnect):
            # The times of reactivex 4 have no time zone.
            now = now if now.tzinfo else now.replace(tzinfo=UTC)
            return self.policy.delay(attempt, error, random, now)
        delays = self.policy.delays if isinstance(self.policy, Rejoin) else self.policy
        return delay_of(delays, attempt, random)


class Attempts(abc.ObserverBase[T], abc.DisposableBase):
    """The consecutive attempts of one subscription, and their common observer.

    Args:
        options: The decisions on errors.
        begin: Subscribes to the source.
        observer: Gets the values, and the final error.
        clock: Returns the scheduler of the delays.
    """

    def __init__(
        self,
        options: RetryOptions,
        begin: Callable[["Attempts[T]"], abc.DisposableBase],
        observer: abc.ObserverBase[T],
        clock: Callable[[], abc.SchedulerBase],
    ) -> None:
        self._options = options
        self._begin = begin
        self._observer = observer
        self._clock = clock
        self._forget_shared = forget_shared.get()
        # The user's functions see what was set where the stream was subscribed to.
        self._context = CallContext(copy_context())
        self._current = SerialDisposable()
        self._failures = 0
        self._has_value = False
        self._alive_since: datetime | None = None
        if options.stability:
            clock()  # raise for a missing scheduler now, not at the first value
        self._attempt()

    def dispose(self) -> None:
        """Cancel the current attempt or delay."""
        self._current.dispose()

    def on_next(self, value: T) -> None:
        """Emit a value; the first one marks the attempt as successful."""
        if not self._has_value:
            self._has_value = True
            if self._options.stability:
                self._alive_since = self._clock().now
            elif self._options.stability is not None:
                self._failures = 0
        self._observer.on_next(value)

    def on_error(self, error: Exception) -> None:
        """Schedule the next attempt, or fail with a final error."""
        try:
            delay = self._context.run(self._delay_after, error)
        except ISOLATED as raised:
            reason = contained(raised)
            reason.add_note(f"Raised while retrying after {error!r}")
            self._observer.on_error(reason)
            return
        if delay is None:
            self._observer.on_error(error)
        else:
            self._current.disposable = self._clock().schedule_relative(
                delay, self._attempt
            )

    def on_completed(self) -> None:
        """Complete."""
        self._observer.on_completed()

    def _delay_after(self, error: Exception) -> float | None:
        """Return the seconds until the next attempt; None if the error is final."""
        self._failures = 1 if self._was_stable() else self._failures + 1
        if self._options.is_final(error, self._failures):
            return None
        delay = self._options.delay(self._failures, error, self._clock().now)
        self._forget_shared()
        if self._options.on_retry is not None:
            self._options.on_retry(Retry(self._failures, delay, error))
        return delay

    def _was_stable(self) -> bool:
        since, self._alive_since = self._alive_since, None
        if since is None:
            return False
        lifetime = (self._clock().now - since).total_seconds()
        return lifetime >= (self._options.stability or 0.0)

    def _attempt(self, *_: object) -> None:
        self._has_value = False
        # The attempt may fail, and a timer replace it, before subscribe() returns.
        attempt = SingleAssignmentDisposable()
        self._current.disposable = attempt
        attempt.disposable = self._begin(self)
