"""A hot source that isolates its observers and keeps its order.

Rule 1: an observer that raises is reported; its siblings, the emitter and the
observer itself live on.
Rule 2: what is emitted inside an emission waits its turn, so that every observer
sees the same order, without recursion.
Rule 3: subscribing and disposing cost the same with one observer or a million.

A `reactivex.subject.Subject` breaks all three, and takes a lock twice an event.
"""

from collections import deque
from collections.abc import Callable
from functools import cached_property
from inspect import iscoroutinefunction
from threading import RLock
from typing import Any, Generic, NoReturn, TypeVar, cast

from reactivex import Observable, abc

from rx_phoenix._streams.failure import ISOLATED, contained, fresh
from rx_phoenix.errors import UsageError

__all__ = ["Hot", "Hub", "Live", "Reporter", "Subscription", "Watcher", "noop"]

T = TypeVar("T")

Reporter = Callable[[Exception], None]
"""Where the exceptions of users' callbacks go; it must not raise."""

Watcher = Callable[[int], None]
"""Told +1 when a source gets its first observer, and -1 when it loses its last."""

ITERATING = (
    "what is yet to come cannot be iterated over: await what has one outcome; for a "
    "stream write `async with values(stream) as items:` and `async for item in items:`"
)


def noop(*_: object) -> None:
    """Do nothing, for an observer that left."""


class Subscription(abc.DisposableBase):
    """One observer of a `Hub`; disposing it takes it out."""

    __slots__ = ("hub", "on_completed", "on_error", "on_next")

    def __init__(
        self,
        hub: "Hub[Any]",
        on_next: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        on_completed: Callable[[], None],
    ) -> None:
        self.hub = hub
        self.on_next = on_next
        self.on_error = on_error
        self.on_completed = on_completed

    def dispose(self) -> None:
        """Leave: not even the event that is being delivered arrives any more."""
        self.on_next = self.on_error = self.on_completed = noop
        self.hub.remove(self)


class Hub(abc.SubjectBase[T], Generic[T]):
    """The inside of a hot stream; `observable` is its outside.

    Args:
        report: Where an observer's exceptions go.
        watch: Told when the first observer comes and the last one goes.

    Attributes:
        is_watched: Whether anybody is subscribed.

    >>> hub = Hub[int](report=print)
    >>> subscription = hub.observable.subscribe(lambda value: print("got", value))
    >>> hub.on_next(1)
    got 1
    >>> subscription.dispose()
    >>> hub.on_next(2)
    """

    __slots__ = (
        "_busy",
        "_end",
        "_observers",
        "_snapshot",
        "_view",
        "_waiting",
        "_watch",
        "is_watched",
        "report",
    )

    def __init__(self, report: Reporter, watch: Watcher = noop) -> None:
        self.report = report
        # Kept, not computed: each message asks several hubs.
        self.is_watched = False
        self._watch = watch
        self._observers: dict[Subscription, None] = {}
        self._snapshot: tuple[Subscription, ...] | None = ()
        self._busy = False
        # Made at the first need: most hubs never emit inside an emission.
        self._waiting: deque[Callable[[], None]] | None = None
        self._end: Callable[[Subscription], None] | None = None
        self._view: Hot[T] | None = None

    @property
    def observable(self) -> "Observable[T]":
        """The stream as users get it: no way to emit into it."""
        if self._view is None:
            self._view = Hot(self)
        return self._view

    @property
    def has_ended(self) -> bool:
        """Whether it completed or failed."""
        return self._end is not None

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Take part from the next event on; an ended source says so at once.

        Raises:
            UsageError: One of the functions is a coroutine function.
        """
        if isinstance(on_next, abc.ObserverBase) or hasattr(on_next, "on_next"):
            observer = cast("abc.ObserverBase[T]", on_next)
            on_next = observer.on_next
            on_error, on_completed = observer.on_error, observer.on_completed
        for function in (on_next, on_error, on_completed):
            if function is not None:
                _refuse_coroutines(function)
        subscription = Subscription(
            self, on_next or noop, on_error or self.report, on_completed or noop
        )
        if self._end is not None:
            self._tell(self._end, subscription)
        elif self._busy:
            self._admit(subscription)
        else:
            self._run(lambda: self._admit(subscription))
        return subscription

    def _admit(self, subscription: Subscription) -> None:
        is_first = not self._observers
        self._observers[subscription] = None
        self._snapshot = None
        self.is_watched = True
        if is_first:
            self._watch(1)
        self._greet(subscription)

    def _greet(self, subscription: Subscription) -> None:
        """What a new observer gets first: nothing, for a plain hot source."""

    def remove(self, subscription: Subscription) -> None:
        """Take an observer out; one that is not in is no matter."""
        if subscription in self._observers:
            del self._observers[subscription]
            self._snapshot = None
            if not self._observers:
                self.is_watched = False
                self._watch(-1)

    def on_next(self, value: T) -> None:
        """Emit a value to everyone who is subscribed now."""
        # As _emit(value), but this is where every frame goes: not one call more.
        if self._busy or self._waiting:
            self._emit(value)
            return
        snapshot = self._snapshot or self._take_snapshot()
        self._busy = True
        try:
            for subscription in snapshot:
                # A local is called faster than an attribute.
                on_next = subscription.on_next
                try:
                    on_next(value)
                except ISOLATED as error:
                    self.report(contained(error))
            if self._waiting:
                self._drain()
        finally:
            self._busy = False

    def on_error(self, error: Exception) -> None:
        """End with an error; everybody hears of it, whatever the others do."""
        self._finish(lambda subscription: subscription.on_error(fresh(error)))

    def on_completed(self) -> None:
        """End; everybody hears of it, whatever the others do."""
        self._finish(lambda subscription: subscription.on_completed())

    def _finish(self, end: Callable[[Subscription], None]) -> None:
        if self._busy:
            self._defer(lambda: self._finish_now(end))
        else:
            self._run(lambda: self._finish_now(end))

    def _finish_now(self, end: Callable[[Subscription], None]) -> None:
        if self._end is not None:
            return
        self._end = end
        observers = tuple(self._observers)
        self._observers.clear()
        self._snapshot = ()
        self.is_watched = False
        for subscription in observers:
            self._tell(end, subscription)
        if observers:
            self._watch(-1)

    def _emit(self, value: T) -> None:
        """Deliver a value now, or when it is its turn."""
        if self._busy:
            self._defer(lambda: self._deliver(value))
        else:
            self._run(lambda: self._deliver(value))

    def _deliver(self, value: T) -> None:
        for subscription in self._take_snapshot():
            try:
                subscription.on_next(value)
            except ISOLATED as error:
                self.report(contained(error))

    def _take_snapshot(self) -> tuple[Subscription, ...]:
        if self._snapshot is None:
            self._snapshot = tuple(self._observers)
        return self._snapshot

    def _tell(
        self, notify: Callable[[Subscription], None], subscription: Subscription
    ) -> None:
        try:
            notify(subscription)
        except ISOLATED as error:
            self.report(contained(error))

    def _run(self, emission: Callable[[], None]) -> None:
        """Be busy with one emission, and with all that it brings about."""
        self._busy = True
        try:
            # Something waits already if an interrupt ended the last emission.
            self._drain()
            emission()
            self._drain()
        finally:
            self._busy = False

    def _defer(self, emission: Callable[[], None]) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(emission)

    def _drain(self) -> None:
        while self._waiting:
            self._waiting.popleft()()


class Live(Observable[T]):
    """Events yet to come: nothing may wait for them by blocking their loop.

    An `Observable` makes a lock as soon as it is made, which would be the dearest part
    of a push. Here the first operator that asks for the lock makes it, and the
    ``__init__`` of Observable is not called.
    """

    @cached_property
    def lock(self) -> RLock:  # pyright: ignore[reportIncompatibleVariableOverride]
        """For the operators that want one."""
        return RLock()

    def run(self, scheduler: abc.SchedulerBase | None = None) -> NoReturn:
        """Refused: it would wait for the very loop that it blocks.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "run() would block the loop that these events live on: await what has one "
            "outcome, or first_value(stream)"
        )

    # Observable has __getitem__, by which iter() and `in` would spin for ever.

    def __iter__(self) -> NoReturn:
        raise UsageError(ITERATING)

    def __contains__(self, item: object) -> NoReturn:
        raise UsageError(ITERATING)

    def __aiter__(self) -> NoReturn:
        raise UsageError(ITERATING)


class Hot(Live[T]):
    """The outside of a source: it can be subscribed to, and nothing else."""

    def __init__(self, source: abc.ObservableBase[T]) -> None:
        self._source = source

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Subscribe; see the stream's own description for what it emits."""
        return self._source.subscribe(on_next, on_error, on_completed)

    def __await__(self) -> NoReturn:
        raise UsageError(
            "this stream does not end by itself, so awaiting it would wait for ever: "
            "await first_value(stream) instead"
        )


def _refuse_coroutines(function: object) -> None:
    if iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - for its kind
    ):
        raise UsageError(
            "subscribe() calls its functions synchronously and cannot await a "
            "coroutine function: pipe through map_async(), use for_each(), or "
            "register it with on()"
        )
