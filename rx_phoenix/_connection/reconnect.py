"""Reconnecting: after a failure, a wait, a refresh of the credentials, or the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._protocol.lifecycle import AttemptFailed, GaveUp, Retrying
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.deadline import Deadline
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.provider import Provider, ask
from rx_phoenix._streams.reporter import PRESENT, CallContext
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import ConnectError, ConnectionLost
from rx_phoenix.policy import Reconnect, RetryDecision

__all__ = ["NextStep", "Reconnector"]


@dataclass(frozen=True, slots=True)
class NextStep:
    """The decision on a failure, to be announced once it has taken effect.

    Attributes:
        outcome: A retry after a delay, which has begun, or the end.
        problems: The exceptions of users' functions, to be reported.
        failure: The attempt that failed meanwhile, before it could begin.
    """

    outcome: Retrying | GaveUp
    problems: Sequence[Exception] = ()
    failure: AttemptFailed | None = None


class Reconnector:
    """Waits between attempts, as the policy says.

    An exception in a user's policy ends nothing by itself: the default decision and the
    default delays stand in for missing ones.

    Args:
        policy: The rules.
        scheduler: Gives the scheduler, when it is needed.
        spawn: How to await a provider.
        random: A number from 0 up to 1, for the jitter.
        begin: Called when the wait is over, with credentials if there are fresh ones.
        expired: Called when `Reconnect.within` has passed without a connection.
        context: The context in which the functions of the policy and providers run.

    Attributes:
        attempts: The number of attempts since a connection was last open.
        due: The scheduler's time of the next attempt; None unless one is scheduled.
    """

    def __init__(  # noqa: PLR0913 - a policy, and what it takes from the socket
        self,
        policy: Reconnect,
        *,
        scheduler: Callable[[], LoopScheduler],
        spawn: Spawn,
        random: Callable[[], float],
        begin: Callable[[Sequence[Any] | None], None],
        expired: Callable[[], None],
        context: CallContext = PRESENT,
    ) -> None:
        self.attempts = 0
        self.due: float | None = None
        self._policy = policy
        self._scheduler = scheduler
        self._spawn = spawn
        self._random = random
        self._context = context
        self._begin = begin
        self._expired = expired
        self._retries = 0
        self._loss: Exception | None = None
        self._has_refreshed = False
        self._was_open = False
        self._is_settled = False
        # What `Reconnect.attempts` and `Reconnect.within` limit.
        self._failures = 0
        self._last_failure: Exception | None = None
        self._outage: Deadline | None = None
        self._timer = SerialDisposable()

    def begun(self) -> None:
        """Count an attempt, which begins now."""
        self.attempts += 1
        self._count_outage()

    def opened(self) -> None:
        """Note that a connection is open: its credentials were good."""
        self.attempts = 0
        self._has_refreshed = False
        self._was_open = True
        if self._outage is not None:
            self._outage.pause()

    def settled(self) -> None:
        """Let the delays start over: the connection proved stable."""
        self._retries = 0
        self._is_settled = True
        self.lift_limits()

    def start_afresh(self) -> None:
        """Forget what was before: nothing of it counts."""
        self.attempts = self._retries = 0
        self._loss = None
        self._has_refreshed = self._is_settled = False
        self.lift_limits()

    def lift_limits(self) -> None:
        """Let the limits on attempts and on an outage start over."""
        self._failures = 0
        self._last_failure = None
        outage, self._outage = self._outage, None
        if outage is not None:
            outage.dispose()

    def restart_limits(self) -> None:
        """Let them start over, now in the midst of an outage."""
        is_out = self._outage is not None
        self.lift_limits()
        if is_out:
            self._count_outage()

    def _count_outage(self) -> None:
        if self._policy.within is not None:
            if self._outage is None:
                self._outage = Deadline(
                    self._scheduler(), self._policy.within, self._expired
                )
            self._outage.run()

    def time_is_up(self, error: Exception) -> NextStep:
        """End the outage: its last failure is final, or this error without one."""
        self.stop()
        return NextStep(GaveUp(self._last_failure or error))

    def stop(self) -> None:
        """Cancel the wait, or the refresh of the credentials."""
        self.due = None
        self._timer.disposable = None

    def decide(
        self,
        error: Exception,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        later: Callable[[NextStep], None],
    ) -> NextStep | None:
        """Decide on a failure, and start the wait if there is to be one.

        Args:
            error: The failure.
            credentials: The answers of the providers for that attempt.
            providers: Asked once more when the credentials were refused: the same
                answers end it, others get one attempt.
            later: Gets the next step if it took an ``await``.

        Returns:
            The next step; None if `later` will get it.
        """
        if isinstance(error, ConnectionLost):
            self._loss = error
        if self._outage is not None and self._outage.is_over:
            return self.time_is_up(error)
        self._last_failure = error
        # The loss of a connection that had proved stable is the first of an outage.
        self._failures += not self._is_settled
        self._is_settled = False
        self._count_outage()
        problems: list[Exception] = []
        decision = self._decision(error, problems)
        limit = self._policy.attempts
        if limit is not None and self._failures >= limit:
            return NextStep(GaveUp(error), problems)
        if decision is RetryDecision.REFRESH and not self._has_refreshed:
            return self._refresh(error, credentials, providers, problems, later)
        if decision is RetryDecision.RETRY:
            return self._wait(error, problems=problems)
        return NextStep(GaveUp(error), problems)

    def _decision(self, error: Exception, problems: list[Exception]) -> RetryDecision:
        try:
            return self._context.run(
                partial(self._policy.decision, error, was_open=self._was_open)
            )
        except ISOLATED as problem:
            problems.append(contained(problem))
            return Reconnect().decision(error, was_open=self._was_open)

    def _refresh(
        self,
        error: Exception,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        problems: Sequence[Exception],
        later: Callable[[NextStep], None],
    ) -> NextStep | None:
        """Ask the providers once more."""
        steps: list[NextStep] = []
        is_late = False

        def take(step: NextStep) -> None:
            step = replace(step, problems=[*problems, *step.problems])
            steps.append(step)
            if is_late:
                later(step)

        def compare(answers: list[Any]) -> None:
            if answers == list(credentials):
                self.stop()
                take(NextStep(GaveUp(error)))
            else:
                self._has_refreshed = True
                take(self._wait(error, answers))

        def fail(problem: Exception) -> None:
            take(self._wait(error, problems=[problem]))

        def expire() -> None:
            self._fail_refresh(credentials, providers, take)

        asking = ask(providers, self._spawn, compare, fail, self._context)
        is_late = True
        if steps:
            return steps[0]
        timer = self._scheduler().call_later(self._policy.timeout, expire)
        self._timer.disposable = CompositeDisposable(asking, timer)
        return None

    def _fail_refresh(
        self,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        later: Callable[[NextStep], None],
    ) -> None:
        """Count providers that did not answer in time as a failed attempt."""
        self.stop()
        self.begun()
        late = ConnectError(f"no credentials within {self._policy.timeout:g} s")
        failure = AttemptFailed(late, self.attempts)
        step = self.decide(late, credentials, providers, later)
        if step is not None:
            later(replace(step, failure=failure))

    def _wait(
        self,
        error: Exception,
        credentials: Sequence[Any] | None = None,
        problems: Sequence[Exception] = (),
    ) -> NextStep:
        self._retries += 1
        number, random = self._retries, self._random()
        scheduler = self._scheduler()
        now = aware(scheduler.now)
        try:
            delay = self._context.run(
                self._policy.delay, number, error, random, now, self._loss
            )
        except ISOLATED as problem:
            problems = [*problems, contained(problem)]
            delay = Reconnect().delay(number, error, random, now, self._loss)

        def resume() -> None:
            self.stop()
            self._begin(credentials)

        self.due = scheduler.monotonic() + delay
        self._timer.disposable = scheduler.call_later(delay, resume)
        return NextStep(Retrying(number, delay), problems)


def aware(time: datetime) -> datetime:
    """Mark a time of day as UTC's, which schedulers before reactivex 5 do not."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
