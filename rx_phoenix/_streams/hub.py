"""A hot source that isolates its observers and keeps its order.

Rule 1: an observer's exception is reported; its siblings, the emitter and the
observer itself continue.
Rule 2: an event emitted inside an emission is queued, so that every observer sees
the same order, without recursion.
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
from rx_phoenix._streams.reporter import Reporter, check_caller, run_on_loop
from rx_phoenix._streams.scheduler import noop
from rx_phoenix.errors import UsageError

__all__ = [
    "Hot",
    "Hub",
    "Live",
    "Reporter",
    "Subscription",
    "Watcher",
    "noop",
    "refuse_coroutines",
]

T = TypeVar("T")

Watcher = Callable[[int], None]
"""Called with +1 at a source's first observer, and with -1 after its last."""

ITERATING = (
    "a hot stream cannot be iterated over: await what has one outcome; for a stream "
    "write `async with values(stream) as items:` and `async for item in items:`"
)


class Subscription(abc.DisposableBase):
    """One observer of a `Hub`; disposing removes it."""

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
        """Remove the observer, which does not get the event being delivered either.

        From another thread it is removed by the loop.
        """
        self.on_next = self.on_error = self.on_completed = noop
        run_on_loop(self.hub.report, self._remove)

    def _remove(self) -> None:
        self.hub.remove(self)


class Hub(abc.SubjectBase[T], Generic[T]):
    """The emitting end of a hot stream; `observable` is the end for subscribers.

    Args:
        report: Receives the observers' exceptions.
        watch: Called at the first observer and after the last one.

    Attributes:
        is_watched: True if it has observers.

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
        "_pending",
        "_snapshot",
        "_sole",
        "_view",
        "_watch",
        "is_watched",
        "report",
    )

    def __init__(self, report: Reporter, watch: Watcher = noop) -> None:
        self.report = report
        # Stored, not computed: it is read several times for each message.
        self.is_watched = False
        self._watch = watch
        self._observers: dict[Subscription, None] = {}
        self._snapshot: tuple[Subscription, ...] | None = ()
        # The function of the only observer, called without a loop: most hubs have one.
        self._sole: Callable[[Any], None] | None = None
        self._busy = False
        # Created when first needed: most hubs never emit inside an emission.
        self._pending: deque[Callable[[], None]] | None = None
        self._end: Callable[[Subscription], None] | None = None
        self._view: Hot[T] | None = None

    @property
    def observable(self) -> "Observable[T]":
        """The stream for users, who cannot emit into it."""
        if self._view is None:
            self._view = Hot(self)
        return self._view

    @property
    def has_ended(self) -> bool:
        """True if it completed or failed."""
        return self._end is not None

    def subscribe(
        self,
        on_next: abc.ObserverBase[T] | abc.OnNext[T] | None = None,
        on_error: abc.OnError | None = None,
        on_completed: abc.OnCompleted | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Observe from the next event on; an ended source ends the observer at once.

        Raises:
            UsageError: One of the functions is a coroutine function, or the caller is
                not on the source's loop.
        """
        check_caller(self.report)
        if isinstance(on_next, abc.ObserverBase) or hasattr(on_next, "on_next"):
            observer = cast("abc.ObserverBase[T]", on_next)
            on_next = observer.on_next
            on_error, on_completed = observer.on_error, observer.on_completed
        for function in (on_next, on_error, on_completed):
            if function is not None:
                refuse_coroutines(function)
        subscription = Subscription(
            self, on_next or noop, on_error or self.report, on_completed or noop
        )
        if self._end is not None:
            self._notify(self._end, subscription)
        elif self._busy:
            self._admit(subscription)
        else:
            self._run(lambda: self._admit(subscription))
        return subscription

    def _admit(self, subscription: Subscription) -> None:
        is_first = not self._observers
        self._observers[subscription] = None
        self._snapshot = self._sole = None
        self.is_watched = True
        if is_first:
            self._watch(1)
        self._greet(subscription)

    def _greet(self, subscription: Subscription) -> None:
        """Deliver the first event of a new observer: none, for a plain hot source."""

    def remove(self, subscription: Subscription) -> None:
        """Remove an observer; do nothing if it is absent."""
        if subscription in self._observers:
            del self._observers[subscription]
            self._snapshot = self._sole = None
            if not self._observers:
                self.is_watched = False
                self._watch(-1)

    def on_next(self, value: T) -> None:
        """Emit a value to the present observers."""
        # As _emit(value), but without its calls: every event passes here.
        if self._busy or self._pending:
            self._emit(value)
            return
        self._busy = True
        try:
            on_next = self._sole
            if on_next is None:
                self._deliver(value)
            else:
                try:
                    on_next(value)
                except ISOLATED as error:
                    self.report(contained(error))
            if self._pending:
                self._drain()
        finally:
            self._busy = False

    def on_error(self, error: Exception) -> None:
        """End with an error, for every observer."""
        self._finish(lambda subscription: subscription.on_error(fresh(error)))

    def on_completed(self) -> None:
        """Complete, for every observer."""
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
        self._snapshot, self._sole = (), None
        self.is_watched = False
        for subscription in observers:
            self._notify(end, subscription)
        if observers:
            self._watch(-1)

    def _emit(self, value: T) -> None:
        """Deliver a value now, or after those queued before it."""
        if self._busy:
            self._defer(lambda: self._deliver(value))
        else:
            self._run(lambda: self._deliver(value))

    def _deliver(self, value: T) -> None:
        for subscription in self._snapshot or self._take_snapshot():
            # A local is called faster than an attribute.
            on_next = subscription.on_next
            try:
                on_next(value)
            except ISOLATED as error:
                self.report(contained(error))

    def _take_snapshot(self) -> tuple[Subscription, ...]:
        if self._snapshot is None:
            self._snapshot = tuple(self._observers)
            if len(self._snapshot) == 1:
                self._sole = self._snapshot[0].on_next
        return self._snapshot

    def _notify(
        self, notify: Callable[[Subscription], None], subscription: Subscription
    ) -> None:
        try:
            notify(subscription)
        except ISOLATED as error:
            self.report(contained(error))

    def _run(self, emission: Callable[[], None]) -> None:
        """Run an emission, and all those that it causes."""
        self._busy = True
        try:
            # Some are queued already if an interrupt ended the last emission.
            self._drain()
            emission()
            self._drain()
        finally:
            self._busy = False

    def _defer(self, emission: Callable[[], None]) -> None:
        if self._pending is None:
            self._pending = deque()
        self._pending.append(emission)

    def _drain(self) -> None:
        while self._pending:
            self._pending.popleft()()


class Live(Observable[T]):
    """A stream of the running loop, which must not be waited for by blocking it.

    An `Observable` creates a lock with itself, which would be the most expensive part
    of a push. Here the first operator that needs the lock creates it, and the
    ``__init__`` of Observable is not called.
    """

    @cached_property
    def lock(self) -> RLock:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The lock of the operators that need one."""
        return RLock()

    def run(self, scheduler: abc.SchedulerBase | None = None) -> NoReturn:
        """Refuse: it would wait for the loop that it blocks.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "run() would block the event loop that emits this stream: await what has "
            "one outcome, or first_value(stream)"
        )

    # Observable has __getitem__, by which iter() and `in` would spin for ever.

    def __iter__(self) -> NoReturn:
        raise UsageError(ITERATING)

    def __contains__(self, item: object) -> NoReturn:
        raise UsageError(ITERATING)

    def __aiter__(self) -> NoReturn:
        raise UsageError(ITERATING)


class Hot(Live[T]):
    """The subscribers' end of a source: it can only be subscribed to."""

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
        """Subscribe; the stream's own description names its values."""
        return self._source.subscribe(on_next, on_error, on_completed)

    def __await__(self) -> NoReturn:
        raise UsageError(
            "this stream never ends by itself, so it cannot be awaited: await "
            "first_value(stream)"
        )


def refuse_coroutines(function: object) -> None:
    """Check that a function can be called synchronously.

    Raises:
        UsageError: It is a coroutine function.
    """
    if iscoroutinefunction(function) or iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - for its kind
    ):
        raise UsageError(
            "subscribe() calls its functions synchronously and cannot await a "
            "coroutine function: pipe through map_async(), use for_each(), or "
            "register it with on()"
        )
