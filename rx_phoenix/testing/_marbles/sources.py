"""Streams that play marbles."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._streams.hub import Hub
from rx_phoenix.testing._marbles.notification import Completed, Failed, Next, Recorded
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["Source", "Window", "cold", "hot"]


class Window:
    """The span of one subscription.

    Two are equal if they began and ended at the same times.

    Attributes:
        start: Its start, in seconds of the test's clock.
        end: Its end; None while it lasts.
    """

    def __init__(self, start: float, end: float | None = None) -> None:
        self.start = start
        self.end = end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Window):
            return NotImplemented
        return (self.start, self.end) == (other.start, other.end)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        end = "…" if self.end is None else f"{self.end:g} s"
        return f"<Window {self.start:g} s to {end}>"


class Source(Observable[Any]):
    """A stream that records its subscriptions.

    Args:
        play: Subscribes an observer.
        scheduler: The test's clock.

    Attributes:
        subscriptions: The span of each subscription, in order.
        end: The end of its lane, in seconds of the test's clock; for a cold source
            that of the latest subscription.
        playing: The disposable that stops a hot source.
    """

    def __init__(
        self,
        play: Callable[[abc.ObserverBase[Any]], abc.DisposableBase],
        scheduler: VirtualScheduler,
    ) -> None:
        self.subscriptions: list[Window] = []
        self.end: float = scheduler.clock
        self.playing: abc.DisposableBase = Disposable()
        self._play = play
        self._scheduler = scheduler
        super().__init__(self._note)

    def _note(
        self, observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        window = Window(self._scheduler.clock)
        self.subscriptions.append(window)

        def end() -> None:
            window.end = self._scheduler.clock

        return CompositeDisposable(self._play(observer), Disposable(end))


def cold(
    recorded: Sequence[Recorded], length: float, scheduler: VirtualScheduler
) -> Source:
    """Return a stream that plays its lane for each subscription."""

    def play(observer: abc.ObserverBase[Any]) -> abc.DisposableBase:
        source.end = scheduler.clock + length
        return _play(recorded, observer, scheduler)

    source = Source(play, scheduler)
    return source


def hot(
    recorded: Sequence[Recorded], length: float, scheduler: VirtualScheduler
) -> Source:
    """Return a stream that plays its lane once, from now on."""

    def report(error: Exception) -> None:
        scheduler.loop.call_exception_handler(
            {"message": "a subscriber raised", "exception": error}
        )

    hub = Hub[Any](report)
    source = Source(hub.subscribe, scheduler)
    source.playing = _play(recorded, hub, scheduler)
    source.end = scheduler.clock + length
    return source


def _play(
    recorded: Sequence[Recorded],
    observer: abc.ObserverBase[Any],
    scheduler: VirtualScheduler,
) -> abc.DisposableBase:
    """Deliver each notification at its time from now."""
    timers = (
        scheduler.call_later(time, lambda event=event: deliver(observer, event))
        for time, event in recorded
        if time >= 0  # earlier notifications precede every subscription
    )
    return CompositeDisposable(list(timers))


def deliver(observer: abc.ObserverBase[Any], event: Next | Failed | Completed) -> None:
    """Deliver a notification to an observer."""
    match event:
        case Next(value):
            observer.on_next(value)
        case Failed(error):
            observer.on_error(error() if isinstance(error, type) else error)
        case Completed():
            observer.on_completed()
