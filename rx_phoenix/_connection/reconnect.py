"""What comes after a failure: a wait, other credentials, or the end."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from reactivex.disposable import SerialDisposable

from rx_phoenix._protocol.lifecycle import GaveUp, Retrying
from rx_phoenix._streams.callbacks import Spawn
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.provider import Provider, ask
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import ConnectionLost
from rx_phoenix.policy import Reconnect, RetryDecision

__all__ = ["Reconnector", "Verdict"]

Verdict = Retrying | GaveUp
"""What was decided."""


class Reconnector:
    """Waits between attempts, as the policy says.

    What raises in a user's policy is reported, and nothing ends for it: a failure
    that `give_up` cannot judge may heal, and for missing delays the default ones count.

    Args:
        policy: The rules.
        scheduler: Gives the scheduler, when it is needed.
        spawn: How to await a provider.
        random: A number from 0 up to 1, for the jitter.
        report: Where the exceptions of users' functions go.
        begin: Called when the wait is over, with credentials if there are fresh ones.

    Attributes:
        is_waiting: Whether an attempt is due, or a verdict is awaited.
        due: When the next attempt is due, by the scheduler; None while unknown.
    """

    def __init__(
        self,
        policy: Reconnect,
        *,
        scheduler: Callable[[], LoopScheduler],
        spawn: Spawn,
        random: Callable[[], float],
        report: Reporter,
        begin: Callable[[Sequence[Any] | None], None],
    ) -> None:
        self.is_waiting = False
        self.due: float | None = None
        self._policy = policy
        self._scheduler = scheduler
        self._spawn = spawn
        self._random = random
        self._report = report
        self._begin = begin
        self._tries = 0
        self._loss: Exception | None = None
        self._had_second_chance = False
        self._waiting = SerialDisposable()

    def opened(self) -> None:
        """The credentials were good."""
        self._had_second_chance = False

    def settled(self) -> None:
        """The connection proved good: delays start over."""
        self._tries = 0

    def start_afresh(self) -> None:
        """Somebody may wish for a connection anew: nothing counts that was before."""
        self._tries = 0
        self._loss = None
        self._had_second_chance = False

    def stop(self) -> None:
        """Wait no longer."""
        self.is_waiting = False
        self.due = None
        self._waiting.disposable = None

    def decide(
        self,
        error: Exception,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        later: Callable[[Verdict], None],
    ) -> Verdict | None:
        """Decide about a failure, and start the wait if there is to be one.

        Args:
            error: The failure.
            credentials: What that attempt had from the providers.
            providers: Asked once more when the credentials were refused: the same
                answers end it, others get one attempt.
            later: Gets the verdict if it took an ``await``.

        Returns:
            The verdict; None if `later` will get it.
        """
        if isinstance(error, ConnectionLost):
            self._loss = error
        try:
            outlook = self._policy.outlook(error)
        except Exception as failure:  # noqa: BLE001 - a user's give_up: reported
            return self._wait_and_report(error, failure)
        if outlook is RetryDecision.REFRESH and not self._had_second_chance:
            return self._ask_again(error, credentials, providers, later)
        return self._wait(error) if outlook is RetryDecision.RETRY else GaveUp(error)

    def _ask_again(
        self,
        error: Exception,
        credentials: Sequence[Any],
        providers: Sequence[Provider[Any]],
        later: Callable[[Verdict], None],
    ) -> Verdict | None:
        verdicts: list[Verdict] = []
        is_late = False

        def reach(verdict: Verdict) -> None:
            verdicts.append(verdict)
            if isinstance(verdict, GaveUp):
                self.stop()
            if is_late:
                later(verdict)

        def compare(answers: list[Any]) -> None:
            if answers == list(credentials):
                reach(GaveUp(error))
            else:
                self._had_second_chance = True
                reach(self._wait(error, answers))

        def excuse(failure: Exception) -> None:
            reach(self._wait_and_report(error, failure))

        self.is_waiting = True
        asking = ask(providers, self._spawn, compare, excuse)
        is_late = True
        if verdicts:
            return verdicts[0]
        self._waiting.disposable = asking
        return None

    def _wait(
        self, error: Exception, credentials: Sequence[Any] | None = None
    ) -> Retrying:
        self._tries += 1
        tries, chance, now = self._tries, self._random(), aware(self._scheduler().now)
        try:
            delay = self._policy.delay(tries, error, chance, now, self._loss)
        except Exception as failure:  # noqa: BLE001 - a user's delays: reported
            delay = Reconnect().delay(tries, error, chance, now, self._loss)
            self._begin_to_wait(delay, credentials)
            self._report(failure)
        else:
            self._begin_to_wait(delay, credentials)
        return Retrying(tries, delay)

    def _wait_and_report(self, error: Exception, failure: Exception) -> Retrying:
        """Wait, whatever a user's function made of it.

        It is reported last, for whoever is told may put an end to the wait.
        """
        verdict = self._wait(error)
        self._report(failure)
        return verdict

    def _begin_to_wait(self, delay: float, credentials: Sequence[Any] | None) -> None:
        def resume() -> None:
            self.stop()
            self._begin(credentials)

        scheduler = self._scheduler()
        self.is_waiting = True
        self.due = scheduler.monotonic() + delay
        self._waiting.disposable = scheduler.call_later(delay, resume)


def aware(time: datetime) -> datetime:
    """A time of day that says it is UTC's, as schedulers before reactivex 5 do not."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
