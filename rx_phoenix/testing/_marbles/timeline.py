"""Virtual time and marbles for any stream: what `Phx` is built on."""

from collections.abc import Callable, Mapping
from inspect import iscoroutine
from typing import Any, Protocol, TypeVar

from reactivex import Observable, typing

from rx_phoenix.testing._marbles.parser import TICK, MarbleError, parse
from rx_phoenix.testing._marbles.recording import (
    Error,
    Marbles,
    Moments,
    Recording,
    explain,
    read,
)
from rx_phoenix.testing._marbles.sources import Source, Window, cold, hot
from rx_phoenix.testing._time.scheduler import VirtualScheduler

__all__ = ["D", "Expectation", "Timeline", "window"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""


class Disposable(Protocol):
    """Anything that can be told to end."""

    def dispose(self) -> object:
        """End."""
        ...


D = TypeVar("D", bound=Disposable)


class Timeline:
    """A test's clock, and streams as marbles on it.

    In a value lane ``|`` is the end and ``#`` an error; any other letter is a value:
    the one that ``values`` says, or the letter itself where there are none.

    Attributes:
        scheduler: The clock. Operators of recorded streams take their time from it.
        tick: Seconds of one character.
        problems: What is to be told at the end of the test.
    """

    def __init__(self, tick: float = TICK) -> None:
        self.scheduler = VirtualScheduler()
        self.tick = tick
        self.problems: list[str] = []
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

    def record(self, stream: Observable[Any]) -> Recording:
        """Subscribe to a stream until the end of the test, and keep what it says."""
        recording = Recording(stream, self.scheduler, self.tick)
        return self.keep(recording)

    def marbles(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Marbles:
        """Read what a test expects of a recording.

        Args:
            lane: The marbles, from the beginning of the test.
            values: The values of its letters; None if they stand for themselves.
            error: What ``#`` is: an error, or the class of it; any error if None.

        Raises:
            MarbleError: The lane cannot be read.
        """
        return read(lane, values, error or Exception, tick=self.tick)

    def cold(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Source:
        """A stream that plays a lane anew for each subscription."""
        moments = read(lane, values, error or Exception("#"), tick=self.tick)
        source = cold(moments, moments.end, self.scheduler)
        self._sources.append(source)
        return source

    def hot(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Source:
        """A stream that plays a lane from now on, whoever listens.

        A ``^`` in the lane is now; what stands before it has been.
        """
        moments = read(lane, values, error or Exception("#"), tick=self.tick, zero=True)
        source = hot(moments, moments.end, self.scheduler)
        self._sources.append(source)
        return source

    def expect(self, stream: Observable[Any], during: str = "^") -> "Expectation":
        """Expect something of a stream; see `Expectation.to_be`.

        Args:
            stream: The stream.
            during: When to subscribe (``^``) and when to unsubscribe (``!``).
        """
        return Expectation(self, stream, window(during, self.tick))

    def run_until(self, time: float) -> None:
        """Move the clock to a time, and on to the end of every lane of a source."""
        while (
            end := max([time, *(source.end for source in self._sources)])
        ) > self.clock:
            self.scheduler.advance_before(end)

    def keep(self, thing: D) -> D:
        """Dispose something at the end of the test.

        Args:
            thing: A subscription, or anything with a ``dispose``.

        Returns:
            The same.
        """
        self._kept.append(thing)
        return thing

    def dispose(self) -> None:
        """Dispose what was recorded and kept, the latest first, and stop sources."""
        while self._kept:
            self._kept.pop().dispose()
        for source in self._sources:
            source.playing.dispose()


class Expectation:
    """What a test expects of a stream.

    Args:
        timeline: The test's clock.
        stream: The stream.
        span: When to be subscribed.
    """

    def __init__(
        self, timeline: Timeline, stream: Observable[Any], span: Window
    ) -> None:
        self._timeline = timeline
        self._stream = stream
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
        self._recording = self._timeline.record(self._stream)

    def _unsubscribe(self) -> None:
        if self._recording is not None:
            self._recording.dispose()

    def to_be(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> None:
        """Play everything to the end of its lane, and compare.

        Args:
            lane: The marbles, from the beginning of the test.
            values: The values of its letters; None if they stand for themselves.
            error: What ``#`` is: an error, or the class of it; any error if None.

        Raises:
            AssertionError: The stream said something else.
            MarbleError: The lane cannot be read.
        """
        expected = self._timeline.marbles(lane, values, error)
        self._timeline.run_until(expected.end)
        actual = Moments() if self._recording is None else self._recording
        if lines := explain(actual, expected):
            raise AssertionError("\n".join(["the stream says something else", *lines]))


def _raise(error: Exception) -> None:
    raise error


def window(lane: str, tick: float = TICK) -> Window:
    """Read the span of a subscription: ``^`` is its start, ``!`` its end.

    >>> window("-^--!")
    <Window 0.1 s to 0.4 s>

    Raises:
        MarbleError: The lane cannot be read, or does not say when it starts.
    """
    letters = {"^": "subscribed", "!": "unsubscribed"}
    marks = parse(lane, letters, tick=tick).marks
    if [mark.letter for mark in marks] not in (["^"], ["^", "!"]):
        raise MarbleError(
            f"a subscription is one ^, and at most one ! behind it, not {lane!r}"
        )
    return Window(*(mark.time for mark in marks))
