"""Pauses of a connection whose consumers are full."""

from collections.abc import Callable
from functools import partial

from reactivex.disposable import CompositeDisposable, SerialDisposable

from rx_phoenix._connection.attempt import Attempt
from rx_phoenix._log import fields, log
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.names import JOIN, LEAVE
from rx_phoenix._push import ChannelPush
from rx_phoenix._streams.delivery import Consumer
from rx_phoenix._streams.hub import Hub
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import UsageError
from rx_phoenix.stats import Counters

__all__ = ["LONG_PAUSE", "Backpressure"]

LONG_PAUSE = 30.0
"""Seconds of a pause after which it is a warning, and again at each doubling."""


class Backpressure:
    """Stops reading while a consumer is full, so that the server has to wait.

    While a push, a join or a leave awaits its answer, reading goes on: a consumer that
    awaits one would wait for ever.

    Args:
        pushes: All pushes, as they are made.
        sent: All messages that leave.
        counters: The figures.
        awaits_answer: Returns True while an answer is awaited.
        scheduler: Returns the scheduler, when it is needed.
        go_on: Called at the end of a pause, before the connection reads again.

    Attributes:
        pauses: A count that grows with every pause and end of one.
    """

    def __init__(
        self,
        pushes: Hub[ChannelPush],
        sent: Hub[Message],
        counters: Counters,
        awaits_answer: Callable[[], bool],
        scheduler: Callable[[], LoopScheduler],
        go_on: Callable[[], None],
    ) -> None:
        self.pauses = 0
        self._pushes = pushes
        self._sent = sent
        self._counters = counters
        self._awaits_answer = awaits_answer
        self._scheduler = scheduler
        self._go_on = go_on
        self._attempt: Attempt | None = None
        self._full: dict[Consumer, None] = {}
        # While reading is paused: since when it is, and what ends the pause.
        self._since: float | None = None
        self._watching = SerialDisposable()

    @property
    def is_paused(self) -> bool:
        """True while nothing is read."""
        return self._since is not None

    @property
    def is_needed(self) -> bool:
        """True while a consumer is full."""
        return bool(self._full)

    def carry(self, attempt: Attempt) -> None:
        """Pause this connection from now on."""
        self._attempt = attempt

    def cut(self) -> None:
        """Forget the connection, and the consumers that it has filled."""
        self._full.clear()
        self._attempt = None
        self._stop_watching()

    def hold(self, consumer: Consumer, beyond: int) -> None:
        """Read nothing more from the end of this read on, until `release`.

        It is called within a read, at whose end the reader calls `check`.

        Args:
            consumer: The consumer.
            beyond: The number of values that it has beyond its limit.

        Raises:
            UsageError: The connection cannot pause.
        """
        if self._attempt is None:
            return
        if not self._attempt.can_pause:
            raise UsageError(
                f"{consumer.name} is full, and overflow='wait' needs a transport that "
                "can stop reading: use WebSocketTransport, or another overflow"
            )
        counters = self._counters
        counters.beyond_maxsize = max(counters.beyond_maxsize, beyond)
        self._full[consumer] = None

    def release(self, consumer: Consumer) -> None:
        """Deliver to a consumer again."""
        self._full.pop(consumer, None)
        if not self._full and self.is_paused:
            # Not within the consumer's own call, which may not have ended, and which a
            # thread of its own may make.
            self._scheduler().hop(self.check)

    def check(self) -> None:
        """Pause or go on, whichever is right by now."""
        attempt = self._attempt
        if attempt is None:
            return
        is_right = bool(self._full) and not self._awaits_answer()
        if is_right and not self.is_paused:
            self._watch()
            attempt.pause()
        elif self.is_paused and not is_right:
            self._stop_watching()
            self._go_on()
            if attempt is self._attempt and not self.is_paused:
                attempt.resume()

    def describe(self) -> str | None:
        """Describe the pause in a sentence; None if there is none."""
        if self._since is None:
            return None
        seconds = self._scheduler().monotonic() - self._since
        names = ", ".join(consumer.name for consumer in self._full)
        return (
            f"Nothing was read for {seconds:.1f} s: {names} is slower than its stream."
        )

    def _watch(self) -> None:
        scheduler = self._scheduler()
        self.pauses += 1
        self._counters.pauses += 1
        self._since = scheduler.monotonic()
        warning = SerialDisposable()
        self._warn_in(LONG_PAUSE, LONG_PAUSE, warning)
        self._watching.disposable = CompositeDisposable(
            warning,
            self._pushes.subscribe(lambda _: self.check()),
            self._sent.subscribe(self._note_sent),
        )

    def _note_sent(self, message: Message) -> None:
        if message.event in {JOIN, LEAVE}:
            self.check()

    def _stop_watching(self) -> None:
        if self.is_paused:
            self._since = None
            self.pauses += 1
            self._watching.disposable = None

    def _warn_in(self, delay: float, paused: float, timer: SerialDisposable) -> None:
        timer.disposable = self._scheduler().call_later(
            delay, partial(self._warn, paused, timer)
        )

    def _warn(self, paused: float, timer: SerialDisposable) -> None:
        log.warning(
            "%s",
            self.describe(),
            extra=fields(
                paused=paused, consumers=[consumer.name for consumer in self._full]
            ),
        )
        self._warn_in(paused, 2 * paused, timer)
