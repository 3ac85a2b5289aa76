"""Resumption of events by a cursor, across rejoins and gaps."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import UnionType
from typing import Any, Protocol, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rx_phoenix._log import fields, log
from rx_phoenix._protocol.checks import (
    check,
    check_count,
    check_function,
    check_methods,
    check_option,
)
from rx_phoenix._protocol.names import check_name
from rx_phoenix._streams.decoding import Decoding, decoder
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._resumption import Gap, Options, Ordered, Resumption
from rx_phoenix.operators._scheduling import tasks_for
from rx_phoenix.policy import Duration, seconds

__all__ = ["Gap", "Resumable", "consecutive", "resume"]

C = TypeVar("C", bound=Ordered)
T = TypeVar("T")


class Resumable(Protocol):
    """The part of a channel that `resume` uses."""

    @property
    def state(self) -> str:
        """The state; ``joined`` while a join stands."""
        ...

    @property
    def joins(self) -> Observable[Any]:
        """A value for each join and rejoin, before the events that follow it."""
        ...

    def stream(self, event: str) -> Observable[Any]:
        """Return the payloads of an event; subscribing joins the channel."""
        ...

    def _extend_params(
        self, extra: Callable[[], Mapping[str, Any]]
    ) -> abc.DisposableBase:
        """Add the params that a function returns to every join, until disposed."""
        ...

    def _report(self, error: Exception) -> None:
        """Emit an exception on the socket's `unhandled`."""
        ...


def extend_params(
    channel: Resumable, extra: Callable[[], Mapping[str, Any]]
) -> abc.DisposableBase:
    """Merge a function's result into the params of every join, until disposed."""
    return channel._extend_params(  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        extra
    )


def report_to(channel: Resumable, error: Exception) -> None:
    """Emit an exception on the `unhandled` of a channel's socket."""
    channel._report(error)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def consecutive(last: object, first: object) -> bool | None:
    """Return True if the second integer follows the first; None for other cursors.

    >>> consecutive(3, 4), consecutive(3, 5), consecutive("3", "5")
    (True, False, None)
    """
    if isinstance(last, int) and isinstance(first, int):
        return first == last + 1
    return None


@overload
def resume(
    channel: Resumable,
    event: str,
    *,
    cursor: Callable[[T], C],
    param: str,
    as_type: type[T],
    backfill: Callable[[C, C | None], Awaitable[Iterable[Any]]] | None = None,
    since: C | None = None,
    follows: Callable[[C, C], bool | None] = consecutive,
    on_gap: Callable[[Gap[C]], object] | None = None,
    on_late: Callable[[T], object] | None = None,
    maxsize: int = 1000,
    timeout: Duration = 30.0,
    scheduler: LoopScheduler | None = None,
) -> Observable[T]: ...
@overload
def resume(
    channel: Resumable,
    event: str,
    *,
    cursor: Callable[[Any], C],
    param: str,
    as_type: None = None,
    backfill: Callable[[C, C | None], Awaitable[Iterable[Any]]] | None = None,
    since: C | None = None,
    follows: Callable[[C, C], bool | None] = consecutive,
    on_gap: Callable[[Gap[C]], object] | None = None,
    on_late: Callable[[Any], object] | None = None,
    maxsize: int = 1000,
    timeout: Duration = 30.0,
    scheduler: LoopScheduler | None = None,
) -> Observable[Any]: ...
@overload
def resume(
    channel: Resumable,
    event: str,
    *,
    cursor: Callable[[Any], C],
    param: str,
    as_type: UnionType,
    backfill: Callable[[C, C | None], Awaitable[Iterable[Any]]] | None = None,
    since: C | None = None,
    follows: Callable[[C, C], bool | None] = consecutive,
    on_gap: Callable[[Gap[C]], object] | None = None,
    on_late: Callable[[Any], object] | None = None,
    maxsize: int = 1000,
    timeout: Duration = 30.0,
    scheduler: LoopScheduler | None = None,
) -> Observable[Any]: ...
def resume(  # noqa: PLR0913 - a channel, an event, and the options of resumption
    channel: Resumable,
    event: str,
    *,
    cursor: Callable[[Any], C],
    param: str,
    as_type: Any = None,
    backfill: Callable[[C, C | None], Awaitable[Iterable[Any]]] | None = None,
    since: C | None = None,
    follows: Callable[[C, C], bool | None] = consecutive,
    on_gap: Callable[[Gap[C]], object] | None = None,
    on_late: Callable[[Any], object] | None = None,
    maxsize: int = 1000,
    timeout: Duration = 30.0,
    scheduler: LoopScheduler | None = None,
) -> Observable[Any]:
    """Emit the payloads of an event, each once and in order, or report the loss.

    Marbles, with ``resume(channel, "n", cursor=int, param="n", backfill=fetch)``,
    where ``J`` is an answered join and ``fetch`` takes a tick::

        joins   J--------    ---J---
        events  --1-2--5-    -----7-
        result  --1-2---(345)----67-

    Subscribing joins the channel, as with ``channel.stream``. The cursor of the last
    event is sent in the params of every rejoin, so that the server can send the missed
    events. Events that arrive twice are emitted once.

    ``backfill(after, before)`` is asked for the events that did not arrive:

    - of a hole between two events, wherever it opens: within a join, after a replay
      that was cut short, after a page. It is asked again until the hole is closed, or
      it returns nothing new: then the hole is a `Gap`. Only ``follows`` knows of
      holes, by default for integers.
    - after each join, and when it is subscribed to while the channel is joined,
      ``before`` being None, for what happened meanwhile, until it returns nothing new:
      a quiet topic is up to date at once. This needs the cursor of an event, or
      ``since``; before the first event nothing is asked.

    One that fails with the connection or the join is asked again after the next join.
    None is asked for more while a consumer with ``overflow="wait"`` is full.
    Meanwhile live events wait. An event that belongs into an open hole is put there.
    Any other one that comes after its successors goes to ``on_late``.

    Args:
        channel: The channel.
        event: The event's name.
        cursor: Returns the position of an event: a number, a string, a time. It must
            be unique, because of two events with the same cursor one goes to
            ``on_late``; of a time and a number, such as ``(time, id)``, tuples are.
        param: The name of the join param with the last cursor.
        as_type: The type to decode payloads into, as in `Channel.events`, those of the
            backfill too. A payload that does not fit goes to ``socket.unhandled``, and
            leaves a `Gap` with that error.
        backfill: A coroutine function of the cursors on both sides of a hole, which
            returns the payloads between them, in order: all, a page, or more.
        since: The cursor to resume from, such as one stored by an earlier run. If the
            channel was joined without it, and there is no backfill, what precedes the
            first event is a gap, unless ``follows`` knows better.
        follows: Returns True if no event lies between two cursors, False if one does,
            and None if that is unknown: then the server is trusted within a join.
        on_gap: Called for each gap that remains, because there is no backfill, or it
            failed or did not return the events. Without it gaps are logged as warnings
            to ``rx_phoenix``.
        on_late: Called with each event that arrived too late to be emitted in order.
            Without it they are logged as warnings.
        maxsize: The maximum number of live events that wait for a backfill, beyond
            which the oldest are dropped and fetched again; and the number of emitted
            events that are remembered, to tell one that comes twice from a late one.
        timeout: Seconds that one call of ``backfill`` may take.
        scheduler: Runs the backfill; by default the one given to ``subscribe``, or
            that of the running loop.

    Raises:
        UsageError: An argument is not what it takes.

    It ends when ``channel.stream`` does. If ``cursor`` raises, the event is emitted
    without a position, and the exception goes to ``socket.unhandled``, as do those of
    the other functions.
    """
    check_methods("channel", channel, "stream", "a Channel")
    check_name("an event", event)
    check_function("cursor", cursor, "a function of an event")
    check(isinstance(param, str), "param", "a name", repr(param))  # pyright: ignore[reportUnnecessaryIsInstance]
    check_function("follows", follows, "a function of two cursors")
    for name, function in (
        ("backfill", backfill),
        ("on_gap", on_gap),
        ("on_late", on_late),
    ):
        check_option(name, function)
    check_count("maxsize", maxsize)
    decoding = None if as_type is None else decoder(as_type)
    options: Options[Any, C] = Options(
        cursor=cursor,
        follows=follows,
        backfill=backfill,
        timeout=seconds(timeout, "timeout"),
        on_gap=on_gap or _log_gap,
        on_late=on_late or LateLog(cursor),
        maxsize=maxsize,
        is_joined=lambda: channel.state == "joined",
        decode=_unchanged if decoding is None else Decode(decoding),
        report=lambda error: report_to(channel, error),
    )

    def subscribe(
        observer: abc.ObserverBase[Any], subscribed: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        tasks = tasks_for(scheduler, subscribed)
        state = Resumption[Any, C](options, since, observer, tasks)

        # A join that stands already was sent without the cursor.
        is_joined = channel.state == "joined"
        # The stream comes last, because subscribing to it joins.
        subscription = CompositeDisposable(
            state,
            extend_params(channel, partial(state.params, param)),
            channel.joins.subscribe(state.rejoined),
            channel.stream(event).subscribe(state, scheduler=subscribed),
        )
        if is_joined:
            state.rejoined(None)
        return subscription

    return Observable(subscribe)


class Decode:
    """A function that decodes a payload, or raises a `PayloadError`."""

    def __init__(self, decoding: Decoding) -> None:
        self._decoding = decoding

    def __call__(self, payload: Any) -> Any:
        """Decode a payload."""
        try:
            return self._decoding.convert(payload)
        except ISOLATED as caught:
            failure = self._decoding.payload_error(payload, contained(caught))
        # Outside of the handler, because the other exception may show a secret.
        raise failure


class LateLog:
    """A function that logs the 1st, 2nd, 4th, 8th … late event."""

    def __init__(self, cursor: Callable[[Any], object]) -> None:
        self._cursor = cursor
        self._count = 0

    def __call__(self, event: object) -> None:
        """Log an event."""
        self._count += 1
        if self._count & (self._count - 1) == 0:
            cursor = self._cursor(event)
            log.warning(
                "an event arrived too late to be emitted in order: its cursor is %r, "
                "and %d were late so far",
                cursor,
                self._count,
                extra=fields(cursor=cursor, late=self._count),
            )


def _unchanged(payload: Any) -> Any:
    return payload


def _log_gap(gap: Gap[Any]) -> None:
    log.warning(
        "events may be missing between %r and %r",
        gap.last,
        gap.first,
        extra=fields(last=gap.last, first=gap.first),
    )
