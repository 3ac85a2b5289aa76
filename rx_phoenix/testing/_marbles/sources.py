"""Streams that play marbles."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rx_phoenix._streams.hub import Hub, noop
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
        *,
        misbehaves: bool = False,
    ) -> None:
        self.subscriptions: list[Window] = []
        self.end: float = scheduler.clock
        self.playing: abc.DisposableBase = Disposable()
        self._play = play
        self._scheduler = scheduler
        self._misbehaves = misbehaves
        super().__init__(self._note)

    def subscribe(
        self,
        on_next: abc.ObserverBase[Any] | abc.OnNext[Any] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe; one that misbehaves is not silenced after its end."""
        if not self._misbehaves:
            return super().subscribe(
                on_next, on_error, on_completed, scheduler=scheduler
            )
        if isinstance(on_next, abc.ObserverBase):
            return self._note(cast("abc.ObserverBase[Any]", on_next))
        return self._note(Functions(on_next, on_error, on_completed))

    def _note(
        self, observer: abc.ObserverBase[Any], _: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        window = Window(self._scheduler.clock)
        self.subscriptions.append(window)

        def end() -> None:
            window.end = self._scheduler.clock

        return CompositeDisposable(self._play(observer), Disposable(end))


class Functions(abc.ObserverBase[Any]):
    """An observer that goes on after its end."""

    def __init__(
        self,
        on_next: abc.OnNext[Any] | None,
        on_error: abc.OnError | None,
        on_completed: abc.OnCompleted | None,
    ) -> None:
        self._next = on_next or noop
        self._fail = on_error or noop
        self._complete = on_completed or noop

    def on_next(self, value: Any) -> None:
        """Call the function for a value."""
        self._next(value)

    def on_error(self, error: Exception) -> None:
        """Call the function for an error."""
        self._fail(error)

    def on_completed(self) -> None:
        """Call the function for the end."""
        self._complete()


class Audience(abc.ObserverBase[Any]):
    """The observers of a hot source that misbehaves."""

    def __init__(self) -> None:
        self._observers: list[abc.ObserverBase[Any]] = []

    def subscribe(self, observer: abc.ObserverBase[Any]) -> abc.DisposableBase:
        """Add an observer."""
        self._observers.append(observer)
        return Disposable(lambda: self._observers.remove(observer))

    def on_next(self, value: Any) -> None:
        """Emit a value to all."""
        self._deliver(Next(value))

    def on_error(self, error: Exception) -> None:
        """Fail for all, and stay."""
        self._deliver(Failed(error))

    def on_completed(self) -> None:
        """Complete for all, and stay."""
        self._deliver(Completed())

    def _deliver(self, event: Next | Failed | Completed) -> None:
        for observer in [*self._observers]:
            deliver(observer, event)


def does_misbehave(recorded: Sequence[Recorded]) -> bool:
    """Return True if notifications follow an end."""
    return any(isinstance(event, Failed | Completed) for _, event in recorded[:-1])


def cold(
    recorded: Sequence[Recorded], length: float, scheduler: VirtualScheduler
) -> Source:
    """Return a stream that plays its lane for each subscription."""

    def play(observer: abc.ObserverBase[Any]) -> abc.DisposableBase:
        source.end = round(scheduler.clock + length, 9)
        return _play(recorded, observer, scheduler)

    source = Source(play, scheduler, misbehaves=does_misbehave(recorded))
    return source


def hot(
    recorded: Sequence[Recorded], length: float, scheduler: VirtualScheduler
) -> Source:
    """Return a stream that plays its lane once, from now on."""

    def report(error: Exception) -> None:
        scheduler.loop.call_exception_handler(
            {"message": "a subscriber raised", "exception": error}
        )

    misbehaves = does_misbehave(recorded)
    hub = Audience() if misbehaves else Hub[Any](report)
    source = Source(hub.subscribe, scheduler, misbehaves=misbehaves)
    source.playing = _play(recorded, hub, scheduler)
    source.end = round(scheduler.clock + length, 9)
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
