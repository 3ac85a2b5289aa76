"""A socket in virtual time, and its two lanes."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import Any, Self, TypeVar

from reactivex import Observable, typing

from rx_phoenix._protocol.message import Message
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Backoff, Reconnect, Rejoin
from rx_phoenix.socket import Socket
from rx_phoenix.testing._leaks.call_site import CallSite
from rx_phoenix.testing._leaks.checks import pass_time
from rx_phoenix.testing._marbles.actions import (
    Answers,
    ClientLetter,
    Connects,
    Disconnects,
    LetterValue,
    Sends,
    ServerLetter,
    meaning_of,
)
from rx_phoenix.testing._marbles.client_lane import ClientLane
from rx_phoenix.testing._marbles.parser import Mark, check_letters, parse
from rx_phoenix.testing._marbles.recording import Error, Marbles, Recording, read
from rx_phoenix.testing._marbles.server_lane import ServerLane
from rx_phoenix.testing._marbles.timeline import D, Timeline
from rx_phoenix.testing._time.scheduler import VirtualScheduler
from rx_phoenix.testing._transports.fake import FakeTransport

__all__ = ["Phx"]

__tracebackhide__ = True
"""A failure points at the test, not into the kit."""

T = TypeVar("T")

URL = "ws://phx.test/socket"

GOODBYE = 2.0
"""Seconds that a socket waits for a peer that does not answer its close."""

WITHOUT_JITTER: Mapping[str, Any] = {
    "reconnect": Reconnect(Backoff(0.25, 2.0, 30.0)),
    "rejoin": Rejoin(Backoff.steps(1, 2, 5, 10)),
    "random": lambda: 0.5,
}
"""The defaults, but for chance."""


class Phx:
    """A socket in virtual time, whose server is a lane of marbles.

    Get it as the fixture ``phx``. While a test runs, the virtual loop is the running
    one.

    Args:
        timeline: The test's clock.

    Attributes:
        scheduler: The test's clock, for sockets and operators of the test's own.
        transport: The fake transport, for sockets of the test's own.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.scheduler: VirtualScheduler = timeline.scheduler
        self._timeline = timeline
        self._client = ClientLane()
        self._server = ServerLane(self._client, timeline.scheduler)
        self.transport = FakeTransport(watch=self._server.watch)
        self._options: dict[str, Any] = {**WITHOUT_JITTER}
        self._socket: Socket | None = None

    # Time.

    @property
    def clock(self) -> float:
        """Seconds since the test began."""
        return self.scheduler.clock

    @property
    def tick(self) -> float:
        """Seconds of one character of a lane: 0.1, unless the test sets another."""
        return self._timeline.tick

    @tick.setter
    def tick(self, seconds: float) -> None:
        self._timeline.tick = self._server.tick = seconds

    def at(self, time: typing.RelativeTime, function: Callable[[], object]) -> None:
        """Do something at a time of the test's clock, before the server acts then.

        Args:
            time: Seconds since the test began.
            function: What to do; an ``async def`` runs in a task.
        """
        self._timeline.at(time, function)

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """Move the clock as far as it takes for an awaitable to end.

        Raises:
            UsageError: Nothing is armed any more that could end it.
        """
        return self.scheduler.loop.run_until_complete(awaitable)

    # The socket.

    def use(self, **options: Any) -> Self:
        """Make the socket with other options than the kit's; before its first use.

        The kit's are those of `Socket`, with delays that no jitter changes.

        Args:
            options: The arguments of `Socket`, ``url`` among them.

        Raises:
            UsageError: The socket was used already.
        """
        if self._socket is not None:
            raise UsageError("phx.use() comes too late: phx.socket was used already")
        self._options |= options
        if options.get("serializer") is not None:
            self.transport.serializer = options["serializer"]
        return self

    @property
    def socket(self) -> Socket:
        """The socket."""
        if self._socket is None:
            options: dict[str, Any] = {
                "transport": self.transport,
                "scheduler": self.scheduler,
                **self._options,
            }
            self._socket = Socket(options.pop("url", URL), **options)
        return self._socket

    # The lanes.

    def letters(
        self,
        meanings: Mapping[str, ClientLetter | ServerLetter] | None = None,
        /,
        **more: ClientLetter | ServerLetter,
    ) -> None:
        """Add letters of the test's own, or change what others mean.

        Args:
            meanings: `Sends` is a letter of the client's lane. `Says`, `Answers`,
                `Closes`, `Fails`, a whole `Message` and a raw frame are letters of
                the server's.
            more: The same, for letters that are names.

        Raises:
            UsageError: It cannot be a letter, or answers one that does not exist.
        """
        added = {**(meanings or {}), **more}
        check_letters(added)
        for letter, meaning in added.items():
            if isinstance(meaning, Sends | Connects | Disconnects):
                self._client.add_letter(letter, meaning)
            else:
                self._server.letters[letter] = meaning
        for letter, meaning in added.items():
            if isinstance(meaning, Answers) and meaning.to not in self._client.letters:
                raise UsageError(
                    f"{letter!r} answers {meaning.to!r}, which is no letter of the "
                    f"client's: those are {' '.join(self._client.letters)}"
                )

    def answers(self, letters: str, by: str = "") -> None:
        """Have the server answer letters of the client's at once, without being told.

        What waits for an answer already gets it too.

        Args:
            letters: Such as ``h``, or ``*Jh``.
            by: The server's letters that answer them, one for each, such as ``fr``;
                those that say ``ok`` if they are not named.

        Raises:
            UsageError: A letter of the server's does not answer that of the client's.
        """
        for letter, answer in zip_longest(letters, by):
            self._server.answer_unasked(letter, answer)

    def run(self, server: str) -> None:
        """Play a lane of the server's, and let everything happen meanwhile.

        A lane begins where the one before ended. What is due at the very instant of
        its end belongs to the next. At each instant the server is the last to act, so
        that it can answer what the client says then.

        Args:
            server: The lane.

        Raises:
            MarbleError: The lane cannot be read.
            LaneError: It says something that cannot happen then.
        """
        known = {
            letter: meaning_of(meaning)
            for letter, meaning in self._server.letters.items()
        }
        lane = parse(server, known, tick=self.tick, numbered=True)
        self._server.origin = CallSite.here()
        start = self.clock
        timers = [
            self.scheduler.loop.call_later(time, self._play, list(marks))
            for time, marks in groupby(lane.marks, key=attrgetter("time"))
        ]
        try:
            self.scheduler.advance_before(start + lane.end)
        finally:
            for timer in timers:
                timer.cancel()

    def _play(self, marks: list[Mark]) -> None:
        """Play the letters of an instant, each after what the one before led to."""

        def play() -> None:
            mark = marks.pop(0)
            self._server.play(mark.letter, mark.number)
            self._play(marks)

        if marks:
            self.scheduler.loop.call_idle(play)

    def expect_client(self, lane: str, *, since: float = 0.0) -> None:
        """Compare what the client did with a lane.

        Args:
            lane: The lane. It tells everything the client did until now.
            since: When the lane begins, in seconds of the test's clock; what was
                before is not looked at.

        Raises:
            AssertionError: The client did something else.
            MarbleError: The lane cannot be read.
        """
        known = {
            letter: meaning_of(meaning)
            for letter, meaning in self._client.letters.items()
        }
        expected = parse(lane, known, tick=self.tick)
        server = self._server.drawn()
        lines = self._client.compare(expected, server, since=since, tick=self.tick)
        if lines:
            raise AssertionError("\n".join(["the client did something else", *lines]))

    def sent(self, letter: str = "P") -> list[Message]:
        """The messages of the client's that a letter means."""
        done = self._client.sent(letter)
        return [did.action for did in done if isinstance(did.action, Message)]

    def times(self, letter: str) -> list[float]:
        """When the client did what a letter means, in seconds of the test's clock."""
        return [did.time for did in self._client.sent(letter)]

    # Streams.

    def record(self, stream: Observable[Any]) -> Recording:
        """Subscribe to a stream until the end of the test, and keep what it says.

        All is disposed before the socket closes, but for `Socket.unhandled` itself: a
        test that records it gets what goes wrong at the close as well.
        """
        if self._socket is not None and stream is self._socket.unhandled:
            return Recording(stream, self.scheduler, self.tick)
        return self._timeline.record(stream)

    def keep(self, thing: D) -> D:
        """Dispose something at the end of the test; returns it."""
        return self._timeline.keep(thing)

    def marbles(
        self,
        lane: str,
        values: Mapping[str, object] | None = None,
        error: Error | None = None,
    ) -> Marbles:
        """Read what a test expects of a recording.

        A letter of the server's equals its frame, its payload or its response.

        Args:
            lane: The marbles, from the beginning of the test.
            values: What other letters equal.
            error: What ``#`` is: an error, or the class of it; any error if None.

        Raises:
            MarbleError: The lane cannot be read.
        """
        letters = {
            letter: LetterValue(letter, meaning)
            for letter, meaning in self._server.letters.items()
        }
        return read(
            lane, {**letters, **(values or {})}, error or Exception, tick=self.tick
        )

    # The end.

    def close(self) -> Iterator[str]:
        """Close the socket, and tell what raises meanwhile."""
        if self._socket is not None:
            closing = self._socket.aclose()
            yield from pass_time(self.scheduler, 0)
            if not closing.is_settled:
                yield from pass_time(self.scheduler, GOODBYE)

    def untaken(self) -> Iterator[str]:
        """Tell what the server said and nobody listened to."""
        for done in self._server.untaken:
            yield f"nobody took {done} at {done.time:g} s, played {done.origin}"
