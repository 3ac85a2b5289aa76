"""The position of a resumed stream: what was emitted, what waits, what is missing."""

from asyncio import timeout
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from reactivex import abc
from reactivex.disposable import SerialDisposable

from rx_phoenix._streams.delivery import Consumer, delivery
from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix._streams.hub import Reporter
from rx_phoenix._streams.reporter import CallContext
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import PayloadError, PushCancelled, TransportError

__all__ = ["Gap", "Options", "Ordered", "Resumption"]

T = TypeVar("T")

LOSSES = (TransportError, PushCancelled)
"""The errors of a backfill that was lost with its connection or join."""


class Ordered(Protocol):
    """A cursor that can be ordered: a number, a string, a time, a tuple of them."""

    def __lt__(self, other: Any, /) -> bool:
        """Return True if it precedes another one."""
        ...


C = TypeVar("C", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Gap(Generic[C]):
    """Events that may be missing, because no backfill returned them.

    Attributes:
        last: The cursor of the last event before the gap.
        first: The cursor of the first event after the gap; None if that is not known,
            because the backfill failed after a rejoin.
        error: The error of the backfill, or of a payload in the gap that does not fit
            its type; None without one.
    """

    last: C
    first: C | None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Options(Generic[T, C]):
    """The arguments of `resume`.

    Attributes:
        is_joined: Returns True while the channel is joined.
        decode: Decodes a payload; raises a `PayloadError` if it does not fit.
        report: Receives the exceptions of the other functions, and of observers.
    """

    cursor: Callable[[T], C]
    follows: Callable[[C, C], bool | None]
    backfill: Callable[[C, C | None], Awaitable[Iterable[Any]]] | None
    timeout: float
    on_gap: Callable[[Gap[C]], object]
    on_late: Callable[[T], object]
    maxsize: int
    is_joined: Callable[[], bool]
    decode: Callable[[Any], T]
    report: Reporter


@dataclass(frozen=True, slots=True)
class Entry(Generic[T, C]):
    """An event and its cursor."""

    cursor: C
    event: T


class Timeline(Generic[T, C]):
    """Events in the order of their cursors, each cursor once."""

    def __init__(self) -> None:
        self.entries: list[Entry[T, C]] = []

    def find(self, cursor: C) -> tuple[int, Entry[T, C] | None]:
        """Return the place of a cursor, and the entry with that cursor or None."""
        entries = self.entries
        if entries and entries[-1].cursor < cursor:
            return len(entries), None
        place = bisect_left(entries, cursor, key=lambda entry: entry.cursor)
        if place < len(entries) and not cursor < entries[place].cursor:
            return place, entries[place]
        return place, None


class Pages:
    """The reader of a backfill: asks for no more while a consumer is full.

    Args:
        go_on: Called when no consumer is full any more.
        tasks: Calls it, because a consumer may release from within its own call, and
            from a thread of its own.
    """

    def __init__(self, go_on: Callable[[], None], tasks: LoopScheduler) -> None:
        self._go_on = go_on
        self._tasks = tasks
        self._full: dict[Consumer, None] = {}

    @property
    def backpressure(self) -> "Pages":
        """What stops it."""
        return self

    @property
    def is_held(self) -> bool:
        """True while a consumer is full."""
        return bool(self._full)

    def hold(self, consumer: Consumer, beyond: int) -> None:
        """Ask for nothing more, until `release`."""
        self._full[consumer] = None

    def release(self, consumer: Consumer) -> None:
        """Go on, unless another consumer is full."""
        if self._full.pop(consumer, self) is None and not self._full:
            self._tasks.hop(self._go_on)

    def give_turns(self) -> None:
        """Do nothing: a page comes to a task, which is a turn of its own."""


class Backfill(Enum):
    """The states of the backfill."""

    NONE = auto()
    ASKED = auto()
    # It failed, or what it returned does not help.
    IN_VAIN = auto()
    # It was lost with the connection: it is asked again after the next join.
    LOST = auto()


class Resumption(abc.ObserverBase[Any], abc.DisposableBase, Generic[T, C]):
    """Emits the events of one subscription in order, and asks for those that miss.

    Events wait, in order, while one before them is missing. A *hole* lies between the
    last event that was emitted and the first that waits; only `Options.follows` knows
    of one. After a rejoin the stream is *behind* until the backfill, asked for what
    follows the last event, returns nothing that is new. No page is asked for while a
    consumer is full of those before.

    Args:
        options: The arguments of `resume`.
        since: The cursor to begin behind, or None.
        observer: Receives the events.
        tasks: Runs the backfill.

    Attributes:
        last: The cursor of the last event; None before the first.
    """

    def __init__(
        self,
        options: Options[T, C],
        since: C | None,
        observer: abc.ObserverBase[T],
        tasks: LoopScheduler,
    ) -> None:
        self.last = since
        self._since = since
        # Until a join tells the server the cursor, nothing but a backfill could close
        # a hole behind it.
        self._is_untold = since is not None and options.backfill is None
        self._options = options
        self._observer = observer
        self._tasks = tasks
        # The user's functions see what was set where the stream was subscribed to.
        self._context = CallContext(tasks.copy_context())
        self._emitted = Timeline[T, C]()
        self._waiting = Timeline[T, C]()
        self._is_behind = False
        # Up to here the backfill returned everything, and the newest that was dropped.
        self._reached: C | None = None
        self._dropped: C | None = None
        # Up to where it is asked, and the error of one that failed.
        self._backfill = Backfill.NONE
        self._before: C | None = None
        self._error: Exception | None = None
        self._joins = 0
        # Payloads that do not fit, by the cursor before them.
        self._unfit: list[tuple[C, Exception]] = []
        self._call = SerialDisposable()
        self._pages = Pages(self._go_on, tasks)
        self._end: Callable[[], None] | None = None
        self._is_busy = False

    def dispose(self) -> None:
        """Cancel the backfill, and drop the events that wait for it."""
        self._call.dispose()
        self._waiting.entries.clear()
        self._is_behind = False
        self._end_loss()
        self._end = None

    def params(self, name: str) -> Mapping[str, C]:
        """Return the params by which a join tells the server the last cursor."""
        self._is_untold = False
        return {} if self.last is None else {name: self.last}

    def rejoined(self, _: object) -> None:
        """Ask for what was missed before this join."""
        self._end_loss()
        self._joins += 1
        if self.last is not None and self._options.backfill is not None:
            self._is_behind = True
            self._go_on()

    def on_next(self, value: Any) -> None:
        """Put an event in its place."""
        try:
            event = self._options.decode(value)
        except PayloadError as error:
            waiting = self._waiting.entries
            self._skip(error, waiting[-1].cursor if waiting else self.last)
            return
        try:
            self._receive(self._options.cursor(event), event)
        except ISOLATED as error:
            # An event without a position passes.
            self._options.report(contained(error))
            self._observer.on_next(event)
        self._go_on()

    def on_error(self, error: Exception) -> None:
        """Fail, after the events that wait."""
        self._end_by(partial(self._observer.on_error, error))

    def on_completed(self) -> None:
        """Complete, after the events that wait."""
        self._end_by(self._observer.on_completed)

    def _end_by(self, end: Callable[[], None]) -> None:
        self._end = end
        if self._backfill is Backfill.LOST:
            # No join will follow.
            self._backfill = Backfill.IN_VAIN
            self._is_behind = False
        self._go_on()

    def _receive(self, cursor: C, event: T) -> None:
        """Take an event from the server."""
        if self.last is None or self.last < cursor:
            known = self._insert(cursor, event)
            waiting = self._waiting.entries
            if len(waiting) > self._options.maxsize and self._is_asking:
                # Another backfill will bring it.
                self._dropped = waiting.pop(0).cursor
                self._is_behind = True
        else:
            _, known = self._emitted.find(cursor)
            if known is None and self._since is not None:
                is_since = not (cursor < self._since or self._since < cursor)
                known = Entry(cursor, event) if is_since else None
            if known is None:
                self._call_back(self._options.on_late, event)
        if known is not None and known.event != event:
            self._call_back(self._options.on_late, event)

    def _insert(self, cursor: C, event: T) -> Entry[T, C] | None:
        """Have an event wait, unless one with its cursor does; return that one."""
        place, known = self._waiting.find(cursor)
        if known is None:
            self._waiting.entries.insert(place, Entry(cursor, event))
        return known

    # Emitting in order.

    def _go_on(self) -> None:
        if self._is_busy:
            return
        self._is_busy = True
        outer = delivery.reader
        if outer is None:
            delivery.reader = self._pages
        try:
            while self._waiting.entries and self._emit_first():
                pass
            if not self._waiting.entries:
                self._catch_up()
        finally:
            delivery.reader = outer
            self._is_busy = False
        if self._end is not None and self._is_done:
            end, self._end = self._end, None
            end()

    @property
    def _is_done(self) -> bool:
        is_asked = self._backfill is Backfill.ASKED
        return not (is_asked or self._waiting.entries or self._is_behind)

    def _emit_first(self) -> bool:
        """Emit the first event that waits; return False if it has to wait."""
        first, last = self._waiting.entries[0], self.last
        follows = True if last is None else self._follows(last, first.cursor)
        if last is not None and follows is not True:
            if self._backfill is Backfill.ASKED:
                return False
            is_in_vain = self._backfill is Backfill.IN_VAIN
            if not is_in_vain:
                if follows is None and self._is_behind and self._is_beyond(first):
                    self._ask(last, None)
                    return False
                if follows is False and self._options.backfill is not None:
                    self._ask(last, first.cursor)
                    return False
            failure = self._take_failure()
            error = failure or self._unfit_after(last)
            if follows is False or is_in_vain or error is not None:
                # If the server's word is all there is, more may be missing behind it.
                is_known = follows is False or failure is None
                gap = Gap(last, first.cursor if is_known else None, error)
                self._call_back(self._options.on_gap, gap)
        # The functions of a user may have disposed of it.
        if self._waiting.entries[:1] == [first]:
            del self._waiting.entries[0]
            self._emit(first)
        return True

    def _emit(self, entry: Entry[T, C]) -> None:
        self.last = entry.cursor
        self._is_untold = False
        emitted = self._emitted.entries
        emitted.append(entry)
        if len(emitted) >= 2 * self._options.maxsize:
            del emitted[: -self._options.maxsize]
        if self._unfit:
            self._unfit = [each for each in self._unfit if not each[0] < entry.cursor]
        before = self._before
        if before is not None and not entry.cursor < before:
            # The server itself has closed the hole.
            self._backfill, self._before = Backfill.NONE, None
            self._call.disposable = None
        self._call_back(self._observer.on_next, entry.event)

    def _catch_up(self) -> None:
        if self._backfill is Backfill.NONE and not self._is_behind:
            return
        failure = self._take_failure()
        if self.last is None or self._backfill is Backfill.ASKED:
            return
        if failure is not None:
            self._call_back(self._options.on_gap, Gap(self.last, None, failure))
        if self._is_behind:
            self._ask(self.last, None)

    def _follows(self, last: C, cursor: C) -> bool | None:
        follows: bool | None = None
        try:
            follows = self._options.follows(last, cursor)
        except ISOLATED as error:
            self._options.report(contained(error))
        return False if follows is None and self._is_untold else follows

    def _is_beyond(self, entry: Entry[T, C]) -> bool:
        return self._reached is None or self._reached < entry.cursor

    # Asking for what misses.

    @property
    def _is_asking(self) -> bool:
        return self._backfill is Backfill.ASKED or not self._may_ask

    @property
    def _may_ask(self) -> bool:
        return self._backfill is not Backfill.LOST and not self._pages.is_held

    def _ask(self, after: C, before: C | None) -> None:
        if not self._may_ask:
            return
        backfill = self._options.backfill
        assert backfill is not None, "nothing to ask"  # noqa: S101

        async def fetch() -> list[Any]:
            limit = self._options.timeout
            deadline = timeout(limit)
            try:
                async with deadline:
                    return list(await backfill(after, before))
            except TimeoutError as error:
                if not deadline.expired():
                    raise
                text = f"the backfill did not return within {limit:g} s"
                raise TimeoutError(text) from error

        if before is None:
            self._is_behind = False
        self._backfill, self._before = Backfill.ASKED, before
        answered = partial(self._answered, after, before)
        failed = partial(self._failed, self._joins)
        # Its task runs in a copy of the context of this call.
        self._call.disposable = self._context.run(
            self._tasks.spawn, fetch(), answered, failed
        )

    def _answered(self, after: C, before: C | None, payloads: list[Any]) -> None:
        self._backfill, self._before = Backfill.NONE, None
        reached = self._insert_all(payloads, after)
        if before is not None:
            if self._is_open(after, before):
                self._backfill = Backfill.IN_VAIN
        elif after < reached:
            self._is_behind = True
            self._reached = reached
        elif self._dropped is not None:
            if self.last is None or self.last < self._dropped:
                self._backfill = Backfill.IN_VAIN
            self._dropped = None
        self._go_on()

    def _insert_all(self, payloads: list[Any], reached: C) -> C:
        """Have the events of a page wait; return the newest cursor."""
        for payload in payloads:
            try:
                event = self._options.decode(payload)
                cursor = self._options.cursor(event)
                if self.last is None or self.last < cursor:
                    self._insert(cursor, event)
                reached = max(reached, cursor)
            except ISOLATED as error:
                self._skip(contained(error), reached)
        return reached

    def _is_open(self, after: C, before: C) -> bool:
        """True if a hole is as wide as it was."""
        first = self._waiting.entries[:1]
        is_behind = self.last is not None and not after < self.last
        return is_behind and all(not each.cursor < before for each in first)

    def _failed(self, joins: int, error: Exception) -> None:
        self._backfill, self._before = Backfill.NONE, None
        is_lost = isinstance(error, LOSSES) and self._end is None
        if is_lost and not self._options.is_joined():
            self._backfill, self._error = Backfill.LOST, error
            self._is_behind = True
        elif not is_lost or joins == self._joins:  # else a join has followed
            self._backfill, self._error = Backfill.IN_VAIN, error
        self._go_on()

    def _end_loss(self) -> None:
        if self._backfill is Backfill.LOST:
            self._backfill, self._error = Backfill.NONE, None

    def _take_failure(self) -> Exception | None:
        """End a backfill that was in vain; return its error, if it has one."""
        if self._backfill is not Backfill.IN_VAIN:
            return None
        failure, self._error = self._error, None
        self._backfill = Backfill.NONE
        return failure

    def _skip(self, error: Exception, after: C | None) -> None:
        """Leave out a payload without an event or a cursor."""
        if after is None:
            self._options.report(error)
        elif all(each < after or after < each for each, _ in self._unfit):
            self._unfit.append((after, error))
            self._options.report(error)

    def _unfit_after(self, cursor: C) -> Exception | None:
        for each, error in self._unfit:
            if not (each < cursor or cursor < each):
                return error
        return None

    def _call_back(self, function: Callable[[Any], object], value: object) -> None:
        try:
            self._context.run(function, value)
        except ISOLATED as error:
            self._options.report(contained(error))
