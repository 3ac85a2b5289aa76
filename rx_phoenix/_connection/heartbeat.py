"""Heartbeats, by which a dead peer is noticed."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from math import inf

from reactivex import abc

from rx_phoenix._connection.router import Router
from rx_phoenix._connection.sleep_detector import SleepDetector
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import HEARTBEAT, PHOENIX
from rx_phoenix._streams.deadline import SerialDeadlines
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix._streams.single_result import SingleResult
from rx_phoenix.errors import PushTimeout
from rx_phoenix.policy import Heartbeat

__all__ = ["HeartbeatMonitor"]

LOOKS = 4
"""The number of looks for received bytes within a timeout."""

TURNS = 8
"""Turns of the loop before the verdict, in which it reads what lies there unread."""

PROBE = 3.0
"""Seconds of a probe that starts by itself."""

CLOCK_RESOLUTION = 1e-9
"""Seconds that rounding may leave over."""


class Phase(Enum):
    """The phases of a heartbeat that was not answered yet."""

    # It was due, and nothing has arrived since.
    AWAITING = auto()
    # It is a probe, and nothing has arrived since.
    PROBING = auto()
    # Something has arrived since, but not the answer.
    ALIVE = auto()


class Beat:
    """A heartbeat that was not answered yet, and the time that its peer has left.

    Args:
        phase: Its first phase.
        ref: Its ref.
        router: Sends it, and counts what arrives.
        now: The time.
        within: Seconds for a sign of life.
        excuse: Seconds that joins add.

    Attributes:
        phase: Its phase.
        ref: Its ref.
        sent: The time at which it was sent.
        excuse: Seconds that joins still add.
        within: Seconds for a sign of life, without those of joins.
        left: Seconds that are left for one after the next look.
        next_look: The time of that look.
        turns: Turns of the loop that are left after the last second.
        seen: What had arrived at the last look.
        is_queued: True while it waits behind what the network has not taken.
    """

    def __init__(
        self,
        phase: Phase,
        ref: str,
        router: Router,
        *,
        now: float,
        within: float,
        excuse: float,
    ) -> None:
        self.phase = phase
        self.ref = ref
        self.sent = self.next_look = now
        self.excuse = excuse
        self.seen = router.received
        waiting = router.waiting
        self.is_queued = bool(waiting)
        # The frames that the network has taken once this one has left.
        self._leaves_at = router.taken + waiting + 1
        self._bytes_taken = router.bytes_taken
        self.renew(within)

    def renew(self, within: float) -> None:
        """Let the time for a sign of life begin again."""
        self.within = within
        self.left = within + self.excuse
        self.turns = TURNS

    def has_moved(self, router: Router) -> bool:
        """Return True if the network took bytes up to its own since last asked."""
        before, self._bytes_taken = self._bytes_taken, router.bytes_taken
        self.is_queued = router.taken < self._leaves_at
        return self._bytes_taken != before


class HeartbeatMonitor:
    """Sends heartbeats while a connection is open, and reports one that is missed.

    The next heartbeat counts from the last answer, and other traffic changes
    nothing: a server closes a socket on what it *receives*. The peer is dead if
    nothing at all arrives within the timeout: half a frame shows that it lives, and
    the answer may be behind a large one. Then the next heartbeat counts from the last
    one. A server answers nothing while it handles a join, so that joins sent before
    add the timeout of one of them, each time something arrives. A heartbeat behind a
    large frame has not left yet: its timeout begins again for as long as the network
    takes bytes of what is before it.

    A machine that slept for more than an interval probes its connection by itself.

    The timeout is spent in several looks, none of which counts for more than its
    share: while a busy loop holds one up, the answer may lie there unread.

    Args:
        policy: The interval and the timeout; None sends none by itself.
        router: Sends them, and counts what arrives.
        joins: The joins that are not answered yet.
        scheduler: Gives the scheduler, when it is needed.
        answered: Called with the round trip of each heartbeat that was answered.
        missed: Called when nothing arrived in time after a heartbeat.
        report: Receives the exceptions of observers.

    Attributes:
        round_trip: Seconds that the last answer took; None before the first.
    """

    def __init__(  # noqa: PLR0913 - callbacks, all by name
        self,
        policy: Heartbeat | None,
        router: Router,
        joins: SerialDeadlines,
        *,
        scheduler: Callable[[], LoopScheduler],
        answered: Callable[[float], None],
        missed: Callable[[], None],
        report: Reporter,
    ) -> None:
        self.round_trip: float | None = None
        self._policy = policy
        rhythm = policy or Heartbeat()
        self._timeout = rhythm.timeout
        self._router = router
        self._joins = joins
        self._scheduler = scheduler
        self._answered = answered
        self._missed = missed
        self._report = report
        self._timer: abc.DisposableBase | None = None
        # The newest heartbeat, until it is answered.
        self._newest: Beat | None = None
        # By their refs; a heartbeat is one that only we wait for.
        self._pings: dict[str, tuple[float, SingleResult[float] | None]] = {}
        self._sleep_detector = SleepDetector(
            rhythm.interval, scheduler, self._probe_by_itself
        )

    def start(self) -> None:
        """Begin on an open connection: the first heartbeat is an interval away."""
        self._sleep_detector.start()
        self._rest()

    def _rest(self) -> None:
        """Wait an interval for the next heartbeat."""
        self._newest = None
        if self._policy is None:
            self._cancel()
        else:
            self._after(self._policy.interval, self._beat_next)

    def stop(self) -> Sequence[SingleResult[float]]:
        """End with the connection.

        Returns:
            The pings in flight, which the caller must fail.
        """
        self._sleep_detector.stop()
        self._newest = None
        self._cancel()
        pings, self._pings = self._pings, {}
        return [answer for _, answer in pings.values() if answer is not None]

    def probe(self, within: float, *, waits_for_joins: bool = False) -> None:
        """Send a heartbeat now, after which something must arrive soon.

        While a probe is under way, another one has no effect.

        Args:
            within: Seconds within which something must arrive.
            waits_for_joins: True if joins that were sent before add their timeout.
        """
        last = self._newest
        if last is not None and last.phase is Phase.PROBING:
            return
        left = inf if last is None else self._left_of(last)
        excuse = self._joins.longest if waits_for_joins else 0.0
        beat = self._beat(Phase.PROBING, within, excuse)
        # A heartbeat that was sent before keeps its deadline.
        beat.left = min(beat.left, left)

    def ping(self) -> SingleResult[float]:
        """Measure the round trip now; one without an answer in time starts a probe."""
        answer = SingleResult[float](self._report)
        ref = self._router.next_ref()
        self._send(ref, answer)

        def expire() -> None:
            if self._pings.pop(ref, None) is not None:
                self._probe_by_itself()
                text = f"no answer to a ping within {self._timeout:g} s"
                answer.fail(PushTimeout(text))

        timer = self._scheduler().call_later(self._timeout, expire)
        answer.subscribe(lambda _: timer.dispose(), lambda _: timer.dispose())
        return answer

    def receive(self, message: Message) -> bool:
        """Take a message of the topic ``phoenix``; True if it was awaited."""
        sent, answer = self._pings.pop(message.ref or "", (None, None))
        if sent is None:
            return False
        round_trip = self.round_trip = self._scheduler().monotonic() - sent
        if self._newest is not None and message.ref == self._newest.ref:
            self._rest()
        if answer is None:
            self._answered(round_trip)
        else:
            answer.succeed(round_trip)
        return True

    def _probe_by_itself(self) -> None:
        self.probe(PROBE, waits_for_joins=True)

    def _beat_next(self) -> None:
        self._beat(Phase.AWAITING, self._timeout, self._joins.longest)

    def _beat(self, phase: Phase, within: float, excuse: float) -> Beat:
        if self._newest is not None:
            self._pings.pop(self._newest.ref, None)
        beat = self._newest = Beat(
            phase,
            self._router.next_ref(),
            self._router,
            now=self._scheduler().monotonic(),
            within=within,
            excuse=excuse,
        )
        try:
            self._send(beat.ref, None)
        except ISOLATED as error:  # a serializer may be the user's
            self._report(contained(error))
        if self._newest is not beat:
            return beat  # an observer of what is sent ended the connection

        def forget_joins() -> None:
            if self._newest is not beat:
                return
            beat.excuse = 0.0
            if beat.left > beat.within:
                beat.left = beat.within
                self._look_in(beat.within / LOOKS, beat)

        # It leaves at the end of this turn, which may be a long one.
        self._look_in(0.0, beat)
        # An observer of what is sent may have ended them all by now.
        self._joins.when_answered(forget_joins)
        return beat

    def _left_of(self, beat: Beat) -> float:
        """Return the seconds that a heartbeat has for a sign of life."""
        if self._has_received_since(beat):
            return self._timeout
        # The look that is cancelled has been paid for, and may lie ahead.
        return beat.left + max(beat.next_look - self._scheduler().monotonic(), 0.0)

    def _has_received_since(self, beat: Beat) -> bool:
        """Return True if there was a sign of life since the last look."""
        return self._router.received != beat.seen or self._router.is_paused

    def _look_in(self, delay: float, beat: Beat) -> None:
        beat.next_look = self._scheduler().monotonic() + delay
        beat.left -= delay
        self._after(delay, lambda: self._look(beat))

    def _look(self, beat: Beat) -> None:
        """Look for a sign of life since the last look."""
        if self._has_received_since(beat):
            beat.seen = self._router.received
            beat.phase = Phase.ALIVE
            beat.renew(self._timeout)
        elif beat.is_queued and beat.has_moved(self._router):
            beat.renew(beat.within)
        is_alive = beat.phase is Phase.ALIVE
        if is_alive and self._policy is None:
            self._rest()  # the probe is over, and was the only heartbeat
        elif is_alive and self._is_due(beat):
            self._beat_next()
        elif beat.left > CLOCK_RESOLUTION:
            self._look_in(min(beat.within / LOOKS, beat.left), beat)
        elif beat.turns:
            beat.turns -= 1
            self._look_in(0.0, beat)
        else:
            self._missed()

    def _is_due(self, beat: Beat) -> bool:
        """True if the look nearest to the next heartbeat's time is the present one."""
        elapsed = self._scheduler().monotonic() - beat.sent
        interval = inf if self._policy is None else self._policy.interval
        return elapsed > interval - beat.within / LOOKS / 2

    def _send(self, ref: str, answer: SingleResult[float] | None) -> None:
        self._pings[ref] = self._scheduler().monotonic(), answer
        self._router.send(Message(None, ref, PHOENIX, HEARTBEAT, {}))

    def _after(self, delay: float, call: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._scheduler().call_later(delay, call)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None
