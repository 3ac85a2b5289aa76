"""The wait between two joins of a channel."""

from rx_phoenix._channel.context import ChannelContext
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.scheduler import Timer
from rx_phoenix.errors import JoinRefused
from rx_phoenix.policy import Rejoin, delay_of

__all__ = ["RejoinTimer"]


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

    __slots__ = ("_context", "_timer", "_tries", "is_due")

    def __init__(self, context: ChannelContext) -> None:
        self.is_due = False
        self._context = context
        self._tries = 0
        self._timer: Timer | None = None

    def is_final(self, error: JoinRefused) -> bool:
        """Return whether the policy gives up after a refused join."""
        try:
            return self._context.rejoin.is_final(error)
        except ISOLATED as failure:
            self._context.report(contained(failure))
            return False

    def schedule(self) -> None:
        """Begin a wait, or begin it again."""
        attempt, random = self._tries + 1, self._context.connection.random()
        try:
            delay = delay_of(self._context.rejoin.delays, attempt, random)
        except ISOLATED as failure:
            self._wait(delay_of(Rejoin().delays, attempt, random))
            # Last of all, because an observer may end the wait.
            self._context.report(contained(failure))
        else:
            self._wait(delay)

    def stop(self) -> None:
        """End the wait."""
        self.is_due = False
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.dispose()

    def reset(self) -> None:
        """End the wait, and begin with the first delay next time."""
        self.stop()
        self._tries = 0

    def _fire(self) -> None:
        self._tries += 1
        self.stop()
        self._context.rejoin_due()

    def _wait(self, delay: float) -> None:
        self.stop()
        self.is_due = True
        self._timer = self._context.connection.scheduler.call_later(delay, self._fire)
