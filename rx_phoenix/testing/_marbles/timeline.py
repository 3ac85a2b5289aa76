"""Virtual time and marbles for any stream; the base of `Phx`."""

from collections.abc import Callable, Iterator, Mapping
from inspect import iscoroutine
from typing import Any, Protocol, TypeVar

from reactivex import Observable, typing

from rx_phoenix._streams.failure import ISOLATED, contained
from rx_phoenix.testing._leaks.checks import describe
from rx_phoenix.testing._marbles.parser import TICK, MarbleError, parse
from rx_phoenix.testing._marbles.recording import (
    Error,
    Marbles,
    Moments,
    Recording,
    as_marbles,
    explain,
    read,
)
from rx_phoenix.testing._marbles.sources import Source, Window, cold, hot
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["D", "Expectation", "Timeline", "window"]

__tracebackhide__ = True
"""Failures point at the test, not into the kit."""


class Disposable(Protocol):
    """An object with a ``dispose`` method."""

    def dispose(self) -> object:
        """Release its resources."""
        ...


D = TypeVar("D", bound=Disposable)

DAY = 24 * 3600.0


class Timeline:
    """A test's clock with streams as marbles on it.

    In a value lane ``|`` is the end and ``#`` an error; any other letter is a value:
    its entry in ``values``, or the letter itself if ``values`` is None.

    Attributes:
        scheduler: The clock. Operators of recorded streams take their time from it.
        tick: Seconds of one character.
        problems: The problems to report at the end of the test.
        is_strict: True if every recording must be read.
    """

    def __init__(self, tick: float = TICK) -> None:
        self.scheduler: VirtualScheduler = VirtualScheduler()
        self.tick = tick
        self.problems: list[str] = []
        self.is_strict: bool = False
        self._recordings: list[Recording] = []
        self._failed: list[Recording] | None = None
        self._kept: list[Disposable] = []
        self._sources: list[Source] = []

    @property
    def clock(self) -> float:
        """Seconds since the test began."""
        return self.scheduler.clock

    def at(self, time: typing.RelativeTime, function: Callable[[], object]) -> None:
        """Call a function at a time of the test's clock.

        Args:
            time: Seconds since the test began.
            function: The function; an ``async def`` runs in a task.
        """

        def call() -> None:
            result = function()
            if iscoroutine(result):
                self.scheduler.spawn(result, on_error=_raise)

        self.scheduler.loop.call_at(self.scheduler.to_seconds(time), call)

    def record(self, stream: Observable[Any], *, is_kept: bool = True) -> Recording:
        """Subscribe to a stream and record it.

        Args:
            stream: The stream.
            is_kept: True to dispose the recording at the end of the test; False if it
                lasts until its stream ends.
        """
        recording = Recording(stream, self.scheduler, self.tick)
        self._recordings.append(recording)
        return self.keep(recording) if is_kept else recording

    def marbles(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Marbles:
        """Parse the marbles that a recording is expected to equal.

        Args:
            lane: The marbles, from the start of the test.
            values: The values of its letters; None if they stand for themselves.
            error: The error of ``#``, or its class; None matches any error.

        Raises:
            MarbleError: The lane is invalid.
        """
        return read(lane, values, error or Exception, tick=self.tick)

    def cold(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Source:
        """Return a stream that plays a lane for each subscription.

        A lane such as ``a|b|``, which goes on after its end, misbehaves as written.
        """
        error = error or Exception("#")
        moments = read(lane, values, error, tick=self.tick, is_source=True)
        source = cold(moments, moments.end, self.scheduler)
        self._sources.append(source)
        return source

    def hot(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Source:
        """Return a stream that plays a lane once, from now on.

        A ``^`` in the lane marks now; letters before it are in the past. A lane such
        as ``a|b|``, which goes on after its end, misbehaves as written.
        """
        error = error or Exception("#")
        moments = read(lane, values, error, tick=self.tick, zero=True, is_source=True)
        source = hot(moments, moments.end, self.scheduler)
        self._sources.append(source)
        return source

    def expect(self, stream: Observable[Any], during: str = "^") -> "Expectation":
        """Return an expectation of a stream; see `Expectation.to_be`.

        Args:
            stream: The stream.
            during: The times to subscribe (``^``) and to unsubscribe (``!``).
        """
        return Expectation(self, stream, window(during, self.tick))

    def run_until(self, time: float) -> None:
        """Advance the clock to a time, and on to the end of each source's lane."""
        while (
            end := max([time, *(source.end for source in self._sources)])
        ) > self.clock:
            self.scheduler.advance_before(end)

    def keep(self, thing: D) -> D:
        """Dispose an object at the end of the test.

        Args:
            thing: A subscription, or anything with a ``dispose``.

        Returns:
            The same.
        """
        self._kept.append(thing)
        return thing

    def failures(self, *, is_all: bool = False) -> Iterator[str]:
        """Yield a line for each recording with an error that the test has not read.

        Args:
            is_all: True to include the errors that it has read.
        """
        for recording in self._recordings if self._failed is None else self._failed:
            error = recording.failure
            if error is not None and (is_all or not recording.is_end_read):
                made = f"ended a recording made {recording.call_site}"
                yield f"unhandled: {describe(error)}, {made}"

    def unread(self) -> Iterator[str]:
        """Yield a line for each recording that a strict test has not read."""
        for recording in self._recordings:
            if self.is_strict and not recording.is_read:
                yield f"a recording was never read: made {recording.call_site}"

    def end(self) -> None:
        """Ignore the errors of recordings that fail from now on: the test is over."""
        if self._failed is None:
            self._failed = [it for it in self._recordings if it.failure is not None]

    def dispose(self) -> None:
        """Dispose recordings and kept objects, the latest first; stop sources."""
        self.end()
        while self._kept:
            try:
                self._kept.pop().dispose()
            except ISOLATED as error:
                self.problems.append(f"unhandled: {describe(contained(error))}")
        for source in self._sources:
            source.playing.dispose()


class Expectation:
    """A stream whose notifications are compared with marbles.

    Args:
        timeline: The test's clock.
        stream: The stream.
        span: The span of the subscription.
    """

    def __init__(
        self, timeline: Timeline, stream: Observable[Any], span: Window
    ) -> None:
        self._timeline = timeline
        self._stream = stream
        self._span = span
        self._start = 0.0
        self._recording: Recording | None = None
        self._at(span.start, self._subscribe)
        if span.end is not None:
            self._at(span.end, self._unsubscribe)

    def _at(self, time: float, function: Callable[[], None]) -> None:
        if time <= self._timeline.clock:
            function()
        else:
            self._timeline.at(time, function)

    def _subscribe(self) -> None:
        self._start = self._timeline.clock
        self._recording = self._timeline.record(self._stream)

    def _unsubscribe(self) -> None:
        if self._recording is not None:
            self._recording.dispose()

    @property
    def _actual(self) -> Moments:
        return Moments() if self._recording is None else self._recording

    def to_be(
        self,
        lane: str | Observable[Any],
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> None:
        """Play all lanes to their ends, and assert that the stream equals one.

        Args:
            lane: The marbles, from the start of the test; or another stream, which is
                subscribed for the same span. Both play to their ends, at most a day.
            values: The values of its letters; None if they stand for themselves.
            error: The error of ``#``, or its class; None matches any error.

        Raises:
            AssertionError: The notifications differ.
            MarbleError: The lane is invalid.
        """
        if isinstance(lane, str):
            expected = self._timeline.marbles(lane, values, error)
            self._timeline.run_until(expected.end)
        else:
            expected = self._played(lane)
        if lines := explain(self._actual, expected):
            raise AssertionError("\n".join(["the notifications differ", *lines]))

    def _played(self, stream: Observable[Any]) -> Marbles:
        other, timeline = (
            Expectation(self._timeline, stream, self._span),
            self._timeline,
        )
        timeline.run_until(self._span.start)
        end = timeline.clock + DAY
        while not (self._actual.has_ended and other._actual.has_ended):
            timers = timeline.scheduler.pending
            if not timers or timers[0].when() > end:
                break
            timeline.scheduler.advance_to(timers[0].when())
        return as_marbles(other._actual, self._start - other._start)


def _raise(error: Exception) -> None:
    raise error


def window(lane: str, tick: float = TICK) -> Window:
    """Parse the span of a subscription: ``^`` is its start, ``!`` its end.

    >>> window("-^--!")
    <Window 0.1 s to 0.4 s>

    Raises:
        MarbleError: The lane is invalid, or has no start.
    """
    letters = {"^": "subscribed", "!": "unsubscribed"}
    marks = parse(lane, letters, tick=tick).marks
    if [mark.letter for mark in marks] not in (["^"], ["^", "!"]):
        raise MarbleError(
            f"a subscription is one ^ with at most one ! after it, got {lane!r}"
        )
    return Window(*(mark.time for mark in marks))
