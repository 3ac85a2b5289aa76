"""A sink: pushes for the values of a stream, in batches."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SingleAssignmentDisposable

from rx_phoenix._log import fields, log
from rx_phoenix._protocol.checks import check, check_methods, is_whole
from rx_phoenix._protocol.lifecycle import HeartbeatAnswered
from rx_phoenix._protocol.message import sendable
from rx_phoenix._protocol.names import check_event
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import (
    PushError,
    PushRefused,
    QueueOverflow,
    TransportError,
    UsageError,
)
from rx_phoenix.operators._batches import Batches, Every, Size, Window
from rx_phoenix.operators._bounded_queue import BoundedQueue, OnLoss, Overflow
from rx_phoenix.operators._scheduling import tasks_for
from rx_phoenix.operators._unconfirmed import Unconfirmed
from rx_phoenix.policy import Duration, seconds

__all__ = ["Pushable", "push_each"]

PAUSE = 1.0
"""Seconds before a batch goes out again that was lost within the call of `push`."""


class Pushable(Protocol):
    """The part of a channel that `push_each` uses."""

    def push(
        self, event: str, payload: Any = None, timeout: Duration | None = None
    ) -> Observable[Any]:
        """Push a payload; the Observable is of its answer."""
        ...

    def _push(self, event: str, payload: Any, within: float | None) -> Observable[Any]:
        """Push a payload as it is, even one that is falsy."""
        ...

    def _cast(self, event: str, payload: Any, ended: Callable[[bool], object]) -> None:
        """Push a payload that has no answer; report that it was sent, or dropped."""
        ...

    @property
    def errors(self) -> Observable[Any]:
        """A value for each crash of the channel and loss of the connection."""
        ...

    @property
    def _lifecycle(self) -> Observable[Any]:
        """Everything that happens to the connection."""
        ...

    def _report(self, error: Exception) -> None:
        """Emit an exception on the socket's `unhandled`."""
        ...


def push_each(  # noqa: PLR0913 - a channel, an event, and how to batch
    channel: Pushable,
    event: str,
    *,
    size: Size = 1,
    every: Every = None,
    in_flight: int | None = 1,
    maxsize: int = 1000,
    overflow: Overflow = "error",
    on_loss: OnLoss | None = None,
    timeout: Duration | None = None,
    again: bool = False,
    scheduler: LoopScheduler | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Push each payload of a stream, in batches, and emit the answers.

    A batch is pushed as the list of its payloads; with ``size=1`` each payload is
    pushed as itself, 0 and False too, and None as ``{}``. A batch goes out when it has
    ``size`` payloads, or ``every`` seconds after its first one, or at the end of the
    stream. Payloads wait while ``in_flight`` batches are unanswered. A change of the
    window, an outage or the end loses nothing.

    Marbles, with ``push_each(channel, "row", size=2, every=0.3)``, where the server
    answers with the last payload of a batch, after a tick::

        source   ab-c---d-|
        answers  --b----c--(d|)

    Args:
        channel: The channel; it must be joined, or to be joined.
        event: The event's name.
        size: Payloads of a batch, or a function that is asked at each batch.
        every: Seconds a batch may wait for more, or a function that is asked at each
            batch; None for no limit.
        in_flight: Batches that may be unanswered; None casts them, for servers that
            answer nothing. Then nothing is emitted, and after a loss the payloads cast
            since the last answered heartbeat are reported to ``on_loss``, as possibly
            lost, also after the end of the stream; so are those that were dropped
            before they were sent.
        maxsize: The maximum number of payloads that wait.
        overflow: The policy for one more, as in `map_async`.
        on_loss: Called with the number of lost payloads, at each loss; without it they
            are logged as warnings.
        timeout: As of `Channel.push`.
        again: Whether unanswered batches go out again after a loss, in their first
            order and before newer ones: at least once. With ``in_flight`` over 1, a
            batch that timed out may arrive behind its successors. Without it a loss is
            the stream's error.
        scheduler: The source of time; by default the one given to ``subscribe``, or
            that of the running loop.

    Raises:
        UsageError: An argument is not what it takes; ``again`` without answers.

    It completes or fails as the source does, after all answers. A refusal is never sent
    again: it is the stream's error, as are a `NotJoinedError` and the loss of a batch
    that is too large for the server. A window function that
    raises, or returns nonsense, goes to ``socket.unhandled``, and its last good value
    stays.

    >>> from rx_phoenix.operators import push_each
    >>> import reactivex
    >>> measurements = reactivex.of({"t": 20.5}, {"t": 20.7})
    >>> def send(channel):
    ...     return measurements.pipe(push_each(channel, "measured", size=100, every=1))
    """
    check_methods("channel", channel, "push", "a Channel")
    check_event(topic="", event=event)
    window = Window(size, every)
    check_in_flight(in_flight, again=again)
    BoundedQueue[Any](maxsize, overflow, on_loss)
    within = None if timeout is None else seconds(timeout, "timeout")
    # A timedelta, so that only this call warns of milliseconds.
    allowed = None if within is None else timedelta(seconds=within)

    report = partial(report_to, channel)
    lost = partial(_report_loss, on_loss or partial(_log_loss, event), channel)

    def operator(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any],
            subscribed: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            tasks = tasks_for(scheduler, subscribed)
            name = f"push_each({event!r})"
            waiting = BoundedQueue[Any](maxsize, overflow, on_loss, name)
            batches = Batches(waiting, window, maxsize, tasks, report)
            sink: Sink
            if in_flight is None:
                unconfirmed = Unconfirmed(tasks.monotonic, lost)
                sink = Casts(batches, observer, cast, unconfirmed)
                sink.watch(channel.errors, lifecycle_of(channel))
            else:
                sink = Pushes(batches, observer, push, tasks, in_flight, again=again)
            sink.begin(source, subscribed)
            return sink

        return Observable(subscribe)

    def push(payload: Any) -> Observable[Any]:
        if sendable(payload) is payload:
            return channel.push(event, payload, allowed)
        return channel._push(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            event, payload, within
        )

    def cast(payload: Any, ended: Callable[[bool], object]) -> None:
        channel._cast(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            event, payload, ended
        )

    return operator


def _report_loss(on_loss: OnLoss, channel: Pushable, count: int) -> None:
    try:
        on_loss(count)
    except ISOLATED as error:  # a user's function: reported
        report_to(channel, contained(error))


def _log_loss(event: str, count: int) -> None:
    log.warning(
        "payloads that were cast as %r may be lost, because no heartbeat confirmed "
        "them: %d",
        event,
        count,
        extra=fields(event=event, lost=count),
    )


def report_to(channel: Pushable, error: Exception) -> None:
    """Emit an exception on the `unhandled` of a channel's socket."""
    channel._report(error)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def lifecycle_of(channel: Pushable) -> Observable[Any]:
    """Return everything that happens to a channel's connection."""
    return channel._lifecycle  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def check_in_flight(in_flight: object, *, again: object) -> None:
    """Check the number of unanswered batches, and whether they can be sent again.

    Raises:
        UsageError: They are not what they have to be.
    """
    is_count = in_flight is None or (is_whole(in_flight) and in_flight > 0)  # pyright: ignore[reportOperatorIssue]
    check(is_count, "in_flight", "a whole number from 1, or None", repr(in_flight))
    check(isinstance(again, bool), "again", "True or False", repr(again))
    if again and in_flight is None:
        raise UsageError(
            "again=True needs answers, and in_flight=None casts: use a number, or "
            "on_loss for what may be lost"
        )


class Sink(abc.ObserverBase[Any], abc.DisposableBase):
    """One subscription: takes payloads, and sends batches of them.

    Args:
        batches: The payloads that wait.
        observer: Receives answers, and the end.
    """

    def __init__(self, batches: Batches, observer: abc.ObserverBase[Any]) -> None:
        self._batches = batches
        self._observer = observer
        self._source = SingleAssignmentDisposable()
        self._end: Callable[[], None] | None = None
        self._is_busy = False
        self._is_over = False

    def begin(
        self, source: Observable[Any], scheduler: abc.SchedulerBase | None
    ) -> None:
        """Subscribe to the source."""
        self._source.disposable = source.subscribe(self, scheduler=scheduler)

    def dispose(self) -> None:
        """Unsubscribe, and drop the payloads that wait."""
        self._is_over = True
        self._source.dispose()
        self._batches.close()
        self._batches.waiting.clear()

    def on_next(self, value: Any) -> None:
        """Queue a payload."""
        try:
            self._batches.waiting.put(value)
        except (QueueOverflow, UsageError) as error:
            self._source.dispose()
            self.on_error(error)
        except ISOLATED as error:  # Rx's rule: to on_error
            self.fail(contained(error))
        else:
            self.go_on()

    def on_error(self, error: Exception) -> None:
        """Fail, after what waits was sent."""
        self._end = partial(self._observer.on_error, error)
        self.go_on()

    def on_completed(self) -> None:
        """Complete, after what waits was sent."""
        self._end = self._observer.on_completed
        self.go_on()

    def fail(self, error: Exception) -> None:
        """Fail at once."""
        if not self._is_over:
            self.dispose()
            self._observer.on_error(error)

    def go_on(self) -> None:
        """Send the batches that are due, and end after the last one."""
        if self._is_busy:
            return
        self._is_busy = True
        try:
            while not self._is_over:
                self._batches.begin(self.go_on)
                is_last = self._end is not None
                batch = self._batches.take(is_last=is_last) if self.is_ready else None
                if batch is None:
                    break
                try:
                    self.send(*batch)
                except ISOLATED as error:  # of push: the stream's
                    self.fail(contained(error))
        finally:
            self._is_busy = False
        is_done = self.is_idle and not self._batches.waiting
        if self._end is not None and is_done and not self._is_over:
            self._is_over = True
            self._end()

    @property
    def is_ready(self) -> bool:
        """True if a batch may be sent now."""
        return True

    @property
    def is_idle(self) -> bool:
        """True if no batch is unanswered."""
        return True

    @abstractmethod
    def send(self, count: int, payload: Any) -> None:
        """Send a batch."""


class Casts(Sink):
    """A sink for a server that answers nothing.

    It counts what may be lost beyond its completion, until a heartbeat confirms it.

    Args:
        batches: The payloads that wait.
        observer: Receives the end.
        cast: Casts a payload, and reports that it was sent or dropped.
        unconfirmed: Counts what may be lost.
    """

    def __init__(
        self,
        batches: Batches,
        observer: abc.ObserverBase[Any],
        cast: Callable[[Any, Callable[[bool], object]], None],
        unconfirmed: Unconfirmed,
    ) -> None:
        super().__init__(batches, observer)
        self._cast = cast
        self._unconfirmed = unconfirmed
        self._waiting = 0
        self._watching = CompositeDisposable()

    def watch(self, losses: Observable[Any], lifecycle: Observable[Any]) -> None:
        """Count with each loss and each answered heartbeat."""
        self._watching.add(losses.subscribe(self._lose))
        self._watching.add(lifecycle.subscribe(self._confirm))

    def dispose(self) -> None:
        """Unsubscribe; count on if it completed or failed as its source did."""
        has_ended = self._is_over
        super().dispose()
        if not has_ended:
            self._watching.dispose()
        self._stop_if_done()

    def send(self, count: int, payload: Any) -> None:
        """Cast a batch."""
        # Once it is written: what waits for a join is sent after heartbeats.
        self._waiting += 1
        self._cast(payload, partial(self._ended, count))

    def _ended(self, count: int, is_sent: bool) -> None:  # noqa: FBT001 - a callback
        self._waiting -= 1
        if not self._watching.is_disposed:
            self._unconfirmed.add(count, is_sent=is_sent)
            self._stop_if_done()

    def _lose(self, _: object) -> None:
        self._unconfirmed.lose()
        self._stop_if_done()

    def _confirm(self, event: object) -> None:
        if isinstance(event, HeartbeatAnswered):
            self._unconfirmed.confirm(event.round_trip)
            self._stop_if_done()

    def _stop_if_done(self) -> None:
        if self._is_over and not self._waiting and not self._unconfirmed:
            self._watching.dispose()


class Batch:
    """A batch that is unanswered.

    Attributes:
        payload: What is pushed.
        is_lost: True while it has to go out again.
    """

    __slots__ = ("is_lost", "payload")

    def __init__(self, payload: Any) -> None:
        self.payload = payload
        self.is_lost = False


class Pushes(Sink):
    """A sink that awaits answers.

    Args:
        batches: The payloads that wait.
        observer: Receives the answers, and the end.
        push: Pushes a payload.
        tasks: The source of time.
        in_flight: Batches that may be unanswered.
        again: True if a batch that was lost goes out again.
    """

    def __init__(
        self,
        batches: Batches,
        observer: abc.ObserverBase[Any],
        push: Callable[[Any], Observable[Any]],
        tasks: LoopScheduler,
        in_flight: int,
        *,
        again: bool,
    ) -> None:
        super().__init__(batches, observer)
        self._push = push
        self._tasks = tasks
        self._in_flight = in_flight
        self._again = again
        self._unanswered: dict[Batch, None] = {}
        self._answers = CompositeDisposable()
        self._resending: abc.DisposableBase | None = None

    def dispose(self) -> None:
        """Unsubscribe, and await no more answers."""
        super().dispose()
        self._answers.dispose()
        if self._resending is not None:
            self._resending.dispose()

    @property
    def is_ready(self) -> bool:
        """True if no batch has to go out again, and one more may be unanswered."""
        return self._resending is None and len(self._unanswered) < self._in_flight

    @property
    def is_idle(self) -> bool:
        """True if no batch is unanswered."""
        return not self._unanswered

    def send(self, count: int, payload: Any) -> None:
        """Push a batch."""
        batch = Batch(payload)
        self._unanswered[batch] = None
        self._push_batch(batch)

    def _push_batch(self, batch: Batch) -> None:
        batch.is_lost = False
        is_within_call = True
        answer = SingleAssignmentDisposable()
        self._answers.add(answer)

        def succeed(response: Any) -> None:
            self._answers.remove(answer)
            del self._unanswered[batch]
            try:
                self._observer.on_next(response)
            finally:
                self.go_on()

        def fail(error: Exception) -> None:
            self._answers.remove(answer)
            if self._again and is_loss(error):
                batch.is_lost = True
                self._resend_in(PAUSE if is_within_call else 0.0)
            else:
                self.fail(error)

        answer.disposable = self._push(batch.payload).subscribe(succeed, fail)
        is_within_call = False

    def _resend_in(self, delay: float) -> None:
        # Not at once: an outage ends all of them, one after another.
        if self._resending is None and not self._is_over:
            self._resending = self._tasks.call_later(delay, self._resend)

    def _resend(self) -> None:
        self._resending = None
        lost: Sequence[Batch] = [each for each in self._unanswered if each.is_lost]
        for batch in lost:
            try:
                self._push_batch(batch)
            except ISOLATED as error:  # of push: the stream's
                self.fail(contained(error))
            if self._is_over:
                return
        self.go_on()


def is_loss(error: Exception) -> bool:
    """Return True if a push may have got lost; a refusal was not.

    A loss that is a `UsageError` too, such as that of a push that is too large for the
    server, would repeat itself.
    """
    is_lost = isinstance(error, PushError | TransportError)
    return is_lost and not isinstance(error, PushRefused | UsageError)
