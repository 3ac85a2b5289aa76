"""Heartbeats, by which a dead peer is noticed."""

from collections.abc import Callable, Sequence

from reactivex import abc

from rx_phoenix._connection.router import Router
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import HEARTBEAT, PHOENIX
from rx_phoenix._streams.deadline import SerialDeadlines
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import PushTimeout
from rx_phoenix.policy import Heartbeat

__all__ = ["HeartbeatMonitor"]

PUNCTUAL = 0.1
"""Seconds by which a timer may be late on an idle loop."""


class HeartbeatMonitor:
    """Sends heartbeats while a connection is open, and reports one that is missed.

    The next heartbeat counts from the last answer, and other traffic changes
    nothing: a server closes a socket on what it *receives*. A server answers nothing
    while it handles a join, so that the deadline waits for the joins sent before.

    Args:
        policy: The interval and the timeout; None sends none by itself.
        router: Sends them.
        joins: The joins that are not answered yet.
        scheduler: Gives the scheduler, when it is needed.
        missed: Called when a heartbeat was not answered in time.
        report: Receives the exceptions of observers.

    Attributes:
        round_trip: Seconds that the last answer took; None before the first.
    """

    def __init__(
        self,
        policy: Heartbeat | None,
        router: Router,
        joins: SerialDeadlines,
        *,
        scheduler: Callable[[], LoopScheduler],
        missed: Callable[[], None],
        report: Reporter,
    ) -> None:
        self.round_trip: float | None = None
        self._policy = policy
        self._timeout = (policy or Heartbeat()).timeout
        self._router = router
        self._joins = joins
        self._scheduler = scheduler
        self._missed = missed
        self._report = report
        self._timer: abc.DisposableBase | None = None
        self._ref: str | None = None
        self._pings: dict[str, tuple[float, SingleResult[float]]] = {}

    def start(self) -> None:
        """Begin on an open connection: the first heartbeat is an interval away."""
        if self._policy is not None:
            self._after(self._policy.interval, self._beat)

    def stop(self) -> Sequence[SingleResult[float]]:
        """End with the connection.

        Returns:
            The pings in flight, which the caller must fail.
        """
        self._cancel()
        self._ref = None
        pings, self._pings = self._pings, {}
        return [answer for _, answer in pings.values()]

    def ping(self) -> SingleResult[float]:
        """Measure the round trip now; fails without an answer in time."""
        answer = SingleResult[float](self._report)
        ref = self._send(answer)

        def expire() -> None:
            if self._pings.pop(ref, None) is not None:
                text = f"no answer to a ping within {self._timeout:g} s"
                answer.fail(PushTimeout(text))

        timer = self._scheduler().call_later(self._timeout, expire)
        answer.subscribe(lambda _: timer.dispose(), lambda _: timer.dispose())
        return answer

    def receive(self, message: Message) -> bool:
        """Take a message of the topic ``phoenix``; True if it was awaited."""
        sent, answer = self._pings.pop(message.ref or "", (None, None))
        if sent is None or answer is None:
            return False
        self.round_trip = self._scheduler().monotonic() - sent
        if message.ref == self._ref:
            self._ref = None
            self.start()
        answer.succeed(self.round_trip)
        return True

    def _beat(self) -> None:
        self._timer = None
        ref = self._ref = self._send(SingleResult(self._report))

        def wait() -> None:
            if self._ref == ref:
                self._expect_within(self._timeout)

        self._joins.when_answered(wait)

    def _expect_within(self, duration: float) -> None:
        """Miss the answer unless it comes in time.

        Time in which a slow listener blocks the loop does not count: the answer may
        have arrived unread.
        """
        scheduler = self._scheduler()
        due = scheduler.monotonic() + duration

        def judge() -> None:
            self._timer = None
            late = scheduler.monotonic() - due
            if late < PUNCTUAL:
                self._missed()
            else:
                self._expect_within(late)

        self._after(duration, judge)

    def _send(self, answer: SingleResult[float]) -> str:
        ref = self._router.next_ref()
        self._pings[ref] = self._scheduler().monotonic(), answer
        self._router.send(Message(None, ref, PHOENIX, HEARTBEAT, {}))
        return ref

    def _after(self, delay: float, call: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._scheduler().call_later(delay, call)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None
