"""Trying again after a pause, which ``reactivex``'s ``retry`` does not take."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random as draw
from typing import Literal, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable

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
    """An attempt that failed, and the one that will follow it.

    Attributes:
        attempt: Which retry it will be, from 1, since the delays last started over.
        delay: Seconds from now.
        error: Why the attempt before failed.
    """

    attempt: int
    delay: float
    error: Exception


def retry_with_backoff(  # noqa: PLR0913 - a policy, and six keywords to bend it
    policy: Delays | Reconnect | Rejoin,
    *,
    give_up: Callable[[Exception], bool | None] | None = None,
    reset: Reset | None = None,
    attempts: int | None = None,
    on_retry: Callable[[Retry], None] | None = None,
    scheduler: abc.SchedulerBase | None = None,
    random: Callable[[], float] = draw,
) -> Callable[[Observable[T]], Observable[T]]:
    """Subscribe again after an error, with a pause that the policy chooses.

    Marbles, with ``retry_with_backoff(Backoff(0.2))``::

        source  -a#
        result  -a---a---a---a---a--

    The errors of the source stay inside until one is final. A `UsageError` is final,
    for no pause mends a mistake.

    Args:
        policy: Seconds before each retry, by its number from 1: a `Backoff` or any
            function. A `Reconnect` or `Rejoin` decides as it does inside a socket.
        give_up: Says of an error whether it is final (True), worth a retry (False),
            or left to the policy (None).
        reset: When the delays start over: ``"value"`` at the first value of an
            attempt, seconds if the attempt lives on that long after it, ``"never"``
            not at all. None asks a `Reconnect` for its ``stable``, and otherwise
            means ``"value"``.
        attempts: How many attempts in a row may fail, the first included, until the
            error is final; None for any number.
        on_retry: Told of each retry, before its delay begins.
        scheduler: Where delays come from; else the one given to ``subscribe``, else
            that of the running loop.
        random: Draws a number from 0 up to 1, for the jitter.

    It completes as the source completes, and ends with an error that is final, or
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
    if attempts is not None and attempts < 1:
        raise UsageError(f"attempts={attempts} would never subscribe: give 1 or more")
    persistence = RetryOptions(
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

            return Attempts(persistence, begin, observer, clock)

        return Observable(subscribe)

    return operator


def _stability(
    policy: Delays | Reconnect | Rejoin, reset: Reset | None
) -> float | None:
    """Seconds that an attempt has to live on after its first value; None for never."""
    if reset is None:
        return policy.stable if isinstance(policy, Reconnect) else 0.0
    if reset == "never":
        return None
    return 0.0 if reset == "value" else seconds(reset)


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Decides whether and when to try again, by the arguments of the operator."""

    policy: Delays | Reconnect | Rejoin
    give_up: Callable[[Exception], bool | None] | None
    stability: float | None
    attempts: int | None
    on_retry: Callable[[Retry], None] | None
    random: Callable[[], float]

    def is_final(self, error: Exception, failures: int) -> bool:
        """Whether an error ends it, after so many failures in a row."""
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
        """Seconds before a retry."""
        chance = self.random()
        if isinstance(self.policy, Reconnect):
            # reactivex 4 has times without a zone.
            now = now if now.tzinfo else now.replace(tzinfo=UTC)
            return self.policy.delay(attempt, error, chance, now)
        delays = self.policy.delays if isinstance(self.policy, Rejoin) else self.policy
        return delay_of(delays, attempt, chance)


class Attempts(abc.ObserverBase[T], abc.DisposableBase):
    """The attempts of one subscription, one after another; it observes them all.

    Args:
        persistence: When to try again.
        begin: Subscribes to the source.
        observer: Who gets the values, and the error that is final.
        clock: Where delays come from; asked at the first need.
    """

    def __init__(
        self,
        persistence: RetryOptions,
        begin: Callable[["Attempts[T]"], abc.DisposableBase],
        observer: abc.ObserverBase[T],
        clock: Callable[[], abc.SchedulerBase],
    ) -> None:
        self._persistence = persistence
        self._begin = begin
        self._observer = observer
        self._clock = clock
        self._forget_shared = forget_shared.get()
        self._current = SerialDisposable()
        self._failures = 0
        self._has_value = False
        self._alive_since: datetime | None = None
        if persistence.stability:
            clock()  # the lack of one is better told now than at the first value
        self._attempt()

    def dispose(self) -> None:
        """End the attempt or the delay that is on."""
        self._current.dispose()

    def on_next(self, value: T) -> None:
        """Pass a value on; the first of an attempt says that it works."""
        if not self._has_value:
            self._has_value = True
            if self._persistence.stability:
                self._alive_since = self._clock().now
            elif self._persistence.stability is not None:
                self._failures = 0
        self._observer.on_next(value)

    def on_error(self, error: Exception) -> None:
        """Arm the next attempt, or pass on an error that is final."""
        try:
            delay = self._delay_after(error)
        except Exception as reason:  # noqa: BLE001 - Rx's rule: to on_error
            reason.add_note(f"This came up while retrying after {error!r}")
            self._observer.on_error(reason)
            return
        if delay is None:
            self._observer.on_error(error)
        else:
            self._current.disposable = self._clock().schedule_relative(
                delay, self._attempt
            )

    def on_completed(self) -> None:
        """Pass the end on."""
        self._observer.on_completed()

    def _delay_after(self, error: Exception) -> float | None:
        """Seconds until the next attempt; None if there will be none."""
        self._failures = 1 if self._was_stable() else self._failures + 1
        if self._persistence.is_final(error, self._failures):
            return None
        delay = self._persistence.delay(self._failures, error, self._clock().now)
        self._forget_shared()
        if self._persistence.on_retry is not None:
            self._persistence.on_retry(Retry(self._failures, delay, error))
        return delay

    def _was_stable(self) -> bool:
        since, self._alive_since = self._alive_since, None
        if since is None:
            return False
        lifetime = (self._clock().now - since).total_seconds()
        return lifetime >= (self._persistence.stability or 0.0)

    def _attempt(self, *_: object) -> None:
        self._has_value = False
        # It may fail, and be replaced by a timer, before subscribe() returns.
        attempt = SingleAssignmentDisposable()
        self._current.disposable = attempt
        attempt.disposable = self._begin(self)
