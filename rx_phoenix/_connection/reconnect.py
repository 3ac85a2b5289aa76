"""Reconnecting: after a failure, a wait, a refresh of the credentials, or the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reactivex.disposable import SerialDisposable

from rx_phoenix._protocol.lifecycle import GaveUp, Retrying
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.provider import Provider, ask
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.policy import Reconnect, RetryDecision

__all__ = ["NextStep", "Reconnector"]


@dataclass(frozen=True, slots=True)
class NextStep:
    """The decision on a failure, to be announced once it has taken effect.

    Attributes:
        outcome: A retry after a delay, which has begun, or the end.
        problems: The exceptions of users' functions, to be reported.
    """

    outcome: Retrying | GaveUp
    problems: Sequence[Exception] = ()


class Reconnector:
    """Waits between attempts, as the policy says.

    An exception in a user's policy ends nothing: a failure that `give_up` cannot judge
    may heal, and the default delays stand in for missing ones.

    Args:
        policy: The rules.
        scheduler: Gives the scheduler, when it is needed.
        spawn: How to await a provider.
        random: A number from 0 up to 1, for the jitter.
        begin: Called when the wait is over, with credentials if there are fresh ones.

    Attributes:
        attempts: The number of attempts since a connection was last open.
        due: The scheduler's time of the next attempt; None unless one is scheduled.
    """

    def __init__(
        self,
        policy: Reconnect,
        *,
        scheduler: Callable[[], LoopScheduler],
        spawn: Spawn,
        random: Callable[[], float],
        begin: Callable[[Sequence[Any] | None], None],
    ) -> None:
        self.attempts = 0
        self.due: float | None = None
        self.stable = policy.stable
        self._policy = policy
        self._scheduler = scheduler
        self._spawn = spawn
        self._random = random
        self._begin = begin
        self._retries = 0
        self._loss: Exception | None = None
        self._has_refreshed = False
        self._timer = SerialDisposable()

    def opened(self) -> None:
        """Note that a connection is open: its credentials were good."""
        self.attempts = 0
        self._has_refreshed = False

    def settled(self) -> None:
        """Let the delays start over: the connection proved good."""
        self._retries = 0

    def start_afresh(self) -> None:
        """Forget what was before: nothing of it counts."""
        self.attempts = self._retries = 0
        self._loss = None
        self._has_refreshed = False

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
        try:
            decision = self._policy.decision(error)
        except Exception as problem:  # noqa: BLE001 - a user's give_up: reported
            return self._wait(error, problems=[problem])
        if decision is RetryDecision.REFRESH and not self._has_refreshed:
            return self._refresh(error, credentials, providers, later)
        if decision is RetryDecision.RETRY:
            return self._wait(error)
        return NextStep(GaveUp(error))

    def _refresh(
        self,
        error: Exception,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        later: Callable[[NextStep], None],
    ) -> NextStep | None:
        """Ask the providers once more."""
        steps: list[NextStep] = []
        is_late = False

        def take(step: NextStep) -> None:
            steps.append(step)
            if is_late:
                later(step)

        def compare(answers: list[Any]) -> None:
            if answers == list(credentials):
                take(NextStep(GaveUp(error)))
            else:
                self._has_refreshed = True
                take(self._wait(error, answers))

        def fail(problem: Exception) -> None:
            take(self._wait(error, problems=[problem]))

        asking = ask(providers, self._spawn, compare, fail)
        is_late = True
        if steps:
            return steps[0]
        self._timer.disposable = asking
        return None

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
            delay = self._policy.delay(number, error, random, now, self._loss)
        except Exception as problem:  # noqa: BLE001 - a user's delays: reported
            problems = [*problems, problem]
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
