"""A state that starts with a snapshot and is updated by events."""

from collections.abc import Callable
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._protocol.checks import check_function, check_methods
from rx_phoenix._streams.failure import ISOLATED, contained

__all__ = ["snapshot_then"]

E = TypeVar("E")
S = TypeVar("S")


def snapshot_then(
    events: Observable[E], fold: Callable[[S, E], S]
) -> Callable[[Observable[S]], Observable[S]]:
    """Emit each snapshot, and the state after each event that follows it.

    Marbles, with ``snapshot_then(events, count)``, where ``count`` adds one::

        snapshots  --1------5---|
        events     -+--+-+----+--
        result     --1-2-3--5-6-|

    Made for the replies of joins: ``channel.joined`` emits a new snapshot at each
    rejoin, and ``channel.events("…")`` the changes since.

    It subscribes to the events first, so that none is missed; those before the first
    snapshot are ignored, because the snapshot includes them.

    Pipe it through `share_latest` if it has several observers: each subscription folds
    its own state, and a later one would start with an outdated reply.

    Args:
        events: The changes since the snapshot.
        fold: Returns the next state of a state and an event. It must return a new
            value, because the old one was emitted.

    Raises:
        UsageError: An argument is not what it takes.

    It completes when the snapshots do; it fails with an error of either stream, or
    with an exception of ``fold``.

    >>> from rx_phoenix._streams.hub import Hub
    >>> replies, deltas = Hub[int](print), Hub[int](print)
    >>> totals = replies.observable.pipe(
    ...     snapshot_then(deltas.observable, lambda total, delta: total + delta)
    ... )
    >>> subscription = totals.subscribe(print)
    >>> replies.on_next(10)
    10
    >>> deltas.on_next(5)
    15
    """
    check_methods("events", events, "subscribe", "an Observable")
    check_function("fold", fold, "a function of a state and an event")

    def operator(source: Observable[S]) -> Observable[S]:
        def subscribe(
            observer: abc.ObserverBase[S], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            state: list[S] = []

            def begin(snapshot: S) -> None:
                state[:] = [snapshot]
                observer.on_next(snapshot)

            def advance(event: E) -> None:
                if not state:
                    return
                try:
                    state[:] = [fold(state[0], event)]
                except ISOLATED as error:
                    observer.on_error(contained(error))
                else:
                    observer.on_next(state[0])

            listening = events.subscribe(
                advance, observer.on_error, scheduler=scheduler
            )
            following = source.subscribe(
                begin, observer.on_error, observer.on_completed, scheduler=scheduler
            )
            return CompositeDisposable(listening, following)

        return Observable(subscribe)

    return operator
